/*
 * fire.h - a command under fire: it runs again and again on copies of one database, and each time
 * at another statement the client, its backend, its connection or the server dies (proxy.h). After
 * that what is live must be as it was or as it is to be, never between; status must know; and what
 * status names must bring it to a good end that leaves nothing over. An application writes all the
 * while, and no acknowledged row may be missing.
 *
 * The databases are those of tests/fixture/kill_*.sql. First the command runs undisturbed: that
 * counts its statements and shows what is to be live in the end.
 *
 * TEST_KILL_POINTS=all strikes at every statement at every moment, which takes hours;
 * TEST_KILL_POINTS=17,20-25 at these; TEST_KILL_POINTS=list prints them.
 *
 * Threads: one test at a time in a process; the proxy and the application have their own.
 */
#ifndef PGZM_TESTS_HARNESS_FIRE_H
#define PGZM_TESTS_HARNESS_FIRE_H

#include <stdbool.h>

#include "tests/harness/proxy.h"

/* Strikes of an action that are spread over all of a command's statements. */
typedef struct FireSpread {
    ProxyAction action;
    int count;
} FireSpread;

/* A command, and what is to be so around it. Lists of states are separated by commas; "none" is no
 * migration. */
typedef struct FireStage {
    const char *const *arguments; /* without --source and --dest; end with NULL */
    const char *const *before[3]; /* commands that make what it begins with */
    const char *ready, *done;     /* states that it begins and ends with */
    const char *const *end;       /* brings it to an end when it died; NULL: the same command */
    const char *unfinished;       /* states in which that is needed */
    const char *ended;            /* states after it */
    bool takes_back;              /* after that what was live is live again */
    bool leaves_world;            /* what is live is the same before and after it all */
    bool at_once;                 /* goes on while backends of the dead one may still be there */
    const char *leftovers;        /* names that must not be there at the end: a LIKE pattern */
} FireStage;

/* Fails the test with all that was found. Points end with one that has no text, spreads with one
 * that has no count. */
void fire_open(const FireStage *stage, const ProxyStrike *points, const FireSpread *spreads);

#endif
