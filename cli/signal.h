/*
 * signal.h - SIGINT and SIGTERM: the first asks the library to stop, the second ends the process at
 * once. One thread waits for them; no handler is installed. SIGPIPE is ignored.
 *
 * Threads: signal_begin before any other thread starts (they inherit the blocked signals),
 * signal_end from the same thread.
 */
#ifndef PGZM_CLI_SIGNAL_H
#define PGZM_CLI_SIGNAL_H

#include "base/mem.h"
#include "engine/pgzm.h"

typedef struct Signal Signal;

/* What the thread calls; both run in it. */
typedef struct SignalHooks {
    void (*stop)(void *context, int number); /* the first signal */
    void (*tick)(void *context);             /* a few times a second */
    void *context;
} SignalHooks;

Signal *signal_begin(const SignalHooks *hooks);
/* Ends the thread; signals stay blocked. */
void signal_end(Signal *signals);

/* The signal that came, or 0. */
int signal_number(const Signal *signals);

#endif
