/*
 * elsewhere.h - inside engine/ only: tasks that another process has claimed: a worker on another
 * host, or what is left of a command that died. They count as running here until they are free;
 * then they are ready again, and whoever takes them finds in the journal whether they are done.
 *
 * Threads: elsewhere_add from any; elsewhere_look from one.
 */
#ifndef PGZM_ENGINE_ELSEWHERE_H
#define PGZM_ENGINE_ELSEWHERE_H

#include "engine/run.h"
#include "engine/schedule.h"
#include "engine/task.h"

typedef struct Elsewhere Elsewhere;

Elsewhere *elsewhere_new(Run *run, Schedule *schedule);
void elsewhere_free(Elsewhere *elsewhere); /* NULL is fine */

/* The task was taken from the schedule under this number and is locked by another process. */
void elsewhere_add(Elsewhere *elsewhere, const LoadTask *task, size_t number);

/* Gives back to the schedule what is free by now; asks the journal over run->dest. */
bool elsewhere_look(Elsewhere *elsewhere, Error *err) MUST_CHECK;

AUTO_DEFINE(Elsewhere *, elsewhere_free)

#endif
