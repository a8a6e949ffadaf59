/*
 * subset.h - inside engine/ only: tables that come in part (--where) or with other values (--mask).
 * Which tables that are, the proof that each text is one expression that the source takes, the
 * foreign keys that rows may violate then. Not here: the query that reads the rows (statement.h).
 *
 * A condition on a partitioned or inherited table holds for all tables below it. Conditions of one
 * table must all hold. Masked values are cast to the column's own type.
 *
 * Threads: the main thread; once resolved any may read.
 */
#ifndef PGZM_ENGINE_SUBSET_H
#define PGZM_ENGINE_SUBSET_H

#include "copy/copy.h"
#include "engine/plan.h"

/* One table whose rows are chosen or changed. */
typedef struct SubsetTable {
    const Table *source;
    const char **conditions;
    size_t condition_count;
    CopyValue *values; /* by column; NULL for none */
    const char *alias; /* what the texts call it; NULL for its name */
} SubsetTable;

typedef struct Subset {
    SubsetTable *items; /* tables with rows, in the source's order */
    size_t count;
    const Oid *keys; /* foreign keys of the source that rows may violate, ascending */
    size_t key_count;
} Subset;

/* A value of --where or --mask: "table:condition", "table.column=expression". `name_len` bytes
 * name, the rest after the separator is SQL. ERROR_USAGE when one of both is missing. */
bool subset_split(PgzmOption option, const char *value, size_t *name_len, Error *err) MUST_CHECK;

/* True when the options ask for anything of it. */
bool subset_is_asked(const Settings *settings);

/* Finds the tables and proves the texts on the source, in its transaction, whose search_path is
 * left empty; fills in plan->subset. After preserved_resolve. ERROR_PREFLIGHT says what is wrong.
 */
bool subset_resolve(Run *run, Plan *plan, Error *err) MUST_CHECK;

/* What is asked for the rows of a table of the source; NULL for nothing. */
const SubsetTable *subset_of(const Plan *plan, const Table *source);

/* Says it in the way a table is copied. */
void subset_apply(const Plan *plan, CopyTable *table);

/* True for a foreign key of the source, or of the shadow, that rows may violate because of it. */
bool subset_doubts(const Plan *plan, const Constraint *source_key);
bool subset_doubts_shadow(const Plan *plan, const Constraint *shadow_key);

/* Writes to pgzm.subset what came in part or changed: for verify. */
bool subset_record(Run *run, const Plan *plan, Error *err) MUST_CHECK;

/* The search_path under which conditions and expressions are read: the migrated schemas. */
const char *subset_path(const Run *run, const Plan *plan);

/* Proves on the source that the texts of a table are one expression each, fit and can be run. */
bool subset_prove(Run *run, const SubsetTable *table, Error *err) MUST_CHECK;

#endif
