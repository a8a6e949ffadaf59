/*
 * cancel.h - the one way to stop work early: a token that every wait watches.
 *
 * A token is set once, by a signal thread, by another worker's failure or by a deadline. Whoever
 * waits on a socket polls the token's descriptor too and cancels its own query (base/conn.c), so no
 * thread ever touches another thread's connection.
 *
 * Threads: all functions may be called from any thread; cancel_trigger also from a signal handler.
 */
#ifndef PGZM_BASE_CANCEL_H
#define PGZM_BASE_CANCEL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

typedef struct Cancel Cancel;

typedef enum CancelReason {
    CANCEL_NONE,
    CANCEL_REQUESTED, /* a person or a program asked for it */
    CANCEL_TIMEOUT,   /* the deadline passed */
    CANCEL_FAILURE    /* another worker failed; its error is the one to report */
} CancelReason;

/* A token of its own, or one below `parent`: it is set when the parent is, not the other way. The
 * parent (NULL for none) must live longer. */
Cancel *cancel_new(Cancel *parent);
void cancel_free(Cancel *cancel); /* NULL is fine */

void cancel_trigger(Cancel *cancel, CancelReason reason); /* the first reason stays */
/* clock_monotonic_ms() at which the token sets itself; 0 takes the deadline away. */
void cancel_set_deadline(Cancel *cancel, int64_t monotonic_ms);

CancelReason cancel_reason(Cancel *cancel); /* looks at parent and deadline too; NULL gives NONE */
/* Records an ERROR_INTERRUPTED (ERROR_LOCK's neighbour for a deadline is ERROR_OTHER with a hint at
 * --timeout) and returns false when the token is set; true otherwise. */
bool cancel_check(Cancel *cancel, Error *err) MUST_CHECK;

/* Waits until the token is set or `ms` have passed. True when the time passed undisturbed. */
bool cancel_sleep(Cancel *cancel, int64_t ms);

/* Waits for poll(2) `events` on up to two descriptors (fd < 0 is left out), for at most `ms`
 * (-1: for ever), or until the token is set (`cancel` may be NULL). What happened is in `revents`.
 * Returns the number of descriptors ready, 0 on timeout or when the token is set, -1 with errno on
 * error. */
int cancel_poll(Cancel *cancel, const int fds[2], const short events[2], short revents[2],
                int64_t ms);

AUTO_DEFINE(Cancel *, cancel_free)

#endif
