/*
 * roundtrip.h - on top of replay.h: the two databases must also be the same in the opinion of
 * harness/compare.h, which guards against what both readings miss alike; and questions about a
 * list of statements.
 *
 * Threads: one. A failure fails the running Criterion test.
 */
#ifndef PGZM_TESTS_SCHEMA_ROUNDTRIP_H
#define PGZM_TESTS_SCHEMA_ROUNDTRIP_H

#include "tests/schema/replay.h"

/* Replays a script's database, see replay(). The caller ends it with replay_end. */
Replay roundtrip_begin(const char *script);

/* The same, and ends it. */
void roundtrip(const char *script);

/* The position of the first fragment whose SQL begins so, not counting double quotes; fails the
 * test when there is none. */
size_t roundtrip_find(const FragmentList *list, const char *sql_prefix);
/* True when there is one. */
bool roundtrip_has(const FragmentList *list, const char *sql_prefix);
/* True when the fragment at `later` needs the one at `earlier`, if only through others. */
bool roundtrip_needs(const FragmentList *list, size_t later, size_t earlier);

#endif
