/*
 * compare.h - two models side by side: which types are the same on both sides, and what a change of
 * a table's shape means for sessions that go on. Pure: no connection but for quoting.
 *
 * Threads: any.
 */
#ifndef PGZM_SCHEMA_COMPARE_H
#define PGZM_SCHEMA_COMPARE_H

#include "base/conn.h"
#include "base/mem.h"
#include "schema/fragment.h"
#include "schema/model.h"

/* Types (enum, domain, composite, range) of `ours` that `theirs` has identically: same schema, name
 * and statements, and every user type that they are built on identical too; types that need a
 * function or a table of the schemas never are, nor those that have an operator class. Gives their
 * OIDs in both models. */
typedef struct SameType {
    Oid ours, theirs;
} SameType;

bool compare_same_types(const Model *ours, const FragmentList *our_fragments, const Model *theirs,
                        const FragmentList *their_fragments, Arena *arena, SameType **same,
                        size_t *count, Error *err) MUST_CHECK;

/* How a table's columns change from `before` to `after`: NULL when names, types and order are the
 * same, otherwise one line that says what differs (in `arena`), e.g.
 * "column total: integer becomes bigint; column note is new". */
const char *compare_shape(const Table *before, const Table *after, Arena *arena);

#endif
