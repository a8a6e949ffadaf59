/*
 * preserved.h - inside engine/ only: which tables keep their rows, whether that can be done, and
 * which sequences keep their values with them. Not here: keeping them in step (sync.h).
 *
 * Carried: ordinary and partitioned tables with a key of the same columns on both sides: a primary
 * key, a replica identity, or a unique index over NOT NULL columns. A column that the source lacks
 * stays behind, a new one gets its default, types may differ where each can be assigned to the
 * other. Anything else is refused.
 *
 * Threads: the main thread.
 */
#ifndef PGZM_ENGINE_PRESERVED_H
#define PGZM_ENGINE_PRESERVED_H

#include "engine/plan.h"

/* Finds the tables of --preserved-tables on both sides and checks that they can be carried.
 * ERROR_PREFLIGHT names the first that cannot and says why; ERROR_USAGE when a name is none. */
bool preserved_resolve(Run *run, Plan *plan, Error *err) MUST_CHECK;

/* Fills in where the shadows are; once plan->shadow is read. */
void preserved_locate(Plan *plan);

/* True for a sequence of the source that feeds a preserved table (plan->kept). */
bool preserved_keeps_sequence(const Plan *plan, const Sequence *source_sequence);

/* The next item of a comma separated list of SQL identifiers, without the spaces around it, in
 * `arena`; NULL at the end. */
char *preserved_next_name(Arena *arena, const char **list);
/* One of them, folded and split by the server: schema (NULL if not given) and name. ERROR_USAGE
 * when it is none; `option` for the message. */
bool preserved_parse_name(Run *run, const char *option, const char *text, const char **schema,
                          const char **name, Error *err) MUST_CHECK;

/* The table's column of that name, or NULL. */
const Column *preserved_column(const Table *table, const char *name);

#endif
