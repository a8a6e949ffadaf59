/*
 * wording.h - one definition in the words of two versions of PostgreSQL. Servers print what they
 * have stored, and not all print the same thing the same way: before 16 a view's columns are
 * qualified always, before 14 EXTRACT is a function. Looks at text only, token by token; a pair
 * that it does not understand is simply not the same.
 *
 * Threads: any.
 */
#ifndef PGZM_SCHEMA_WORDING_H
#define PGZM_SCHEMA_WORDING_H

/* Why `a` of a server of version `a_version` (as PQserverVersion) and `b` of one of `b_version` are
 * the same definition although the texts differ: a sentence, static. NULL when they are not known
 * to be the same. */
const char *wording_same(const char *a, int a_version, const char *b, int b_version);

#endif
