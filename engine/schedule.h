/*
 * schedule.h - inside engine/ only: a graph of tasks and the threads that take them. Knows order,
 * weight and which tasks must not run at the same time; not what a task does.
 *
 * Threads: made and read by one thread; schedule_take, schedule_finish, schedule_stop and
 * schedule_wait by any.
 */
#ifndef PGZM_ENGINE_SCHEDULE_H
#define PGZM_ENGINE_SCHEDULE_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"

typedef struct Schedule Schedule;

/* No relation. */
#define SCHEDULE_FREE ((Oid)0)

Schedule *schedule_new(void);
void schedule_free(Schedule *schedule);

/* Adds a task; returns its number (from 0, in order). `payload` is the caller's; NULL makes a mere
 * meeting point that is finished as soon as its needs are. Among tasks that are ready one of the
 * relation whose tasks weigh most together is taken first, and of these the heaviest: what waits
 * for all rows of a large table takes long, and is done while the rows of others come. While a task
 * runs that is `exclusive` on a relation, no other task of that relation is taken. */
size_t schedule_add(Schedule *schedule, void *payload, int64_t weight, Oid relation,
                    bool exclusive);
/* `task` waits until `earlier` is finished. No loops. */
void schedule_need(Schedule *schedule, size_t task, size_t earlier);

/* Calls for each task that has a payload; and for each such that needs another such. */
void schedule_each(const Schedule *schedule,
                   void (*see)(void *context, void *payload, int64_t weight, bool exclusive),
                   void *context);
void schedule_each_need(const Schedule *schedule,
                        void (*see)(void *context, void *payload, void *earlier), void *context);

/* The task builds an index: no writer of rows. */
void schedule_build(Schedule *schedule, size_t task);
/* How `takers` share the work. While other tasks are ready, builds have at most half of the takers;
 * whatever waits, one relation has at most SCHEDULE_CROWD. */
void schedule_share(Schedule *schedule, size_t takers);
/* More than 8 to 16 writers on one heap spend their time on its extension lock. */
enum { SCHEDULE_CROWD = 8 };

/* Tasks of the same class (above 0) may be taken several at once: schedule_take_some. */
void schedule_class(Schedule *schedule, size_t task, int class);

/* Call once, after all tasks are added. */
void schedule_open(Schedule *schedule);

/* Waits for a task that is ready. False when all are finished or it was stopped. */
bool schedule_take(Schedule *schedule, size_t *task, void **payload);
/* The same; along with a task that has a class come others of that class that are ready and next in
 * line, up to `most` in all, but not more than a fair part of them for each of so many `takers`.
 * Tasks of one relation may be among them though they are exclusive: they are one taker's. */
bool schedule_take_some(Schedule *schedule, size_t most, size_t takers, size_t *tasks,
                        void **payloads, size_t *count);
void schedule_finish(Schedule *schedule, size_t task);
/* The task is not done: it is ready again. */
void schedule_put_back(Schedule *schedule, size_t task);
/* Nobody takes anything any more. */
void schedule_stop(Schedule *schedule);
/* Waits at most `ms` for the end; true when all is finished or it was stopped. */
bool schedule_wait(Schedule *schedule, int64_t ms);

AUTO_DEFINE(Schedule *, schedule_free)

#endif
