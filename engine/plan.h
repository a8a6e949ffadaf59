/*
 * plan.h - inside engine/ only: what prepare knows: both databases' models, their statements, which
 * schemas, which types are reused, which tables are preserved; later the shadow's model with the
 * statements that wait for rows.
 *
 * Threads: made by the main thread; workers read it.
 */
#ifndef PGZM_ENGINE_PLAN_H
#define PGZM_ENGINE_PLAN_H

#include "engine/journal.h"
#include "engine/run.h"
#include "schema/compare.h"
#include "schema/fragment.h"
#include "schema/model.h"

/* A table whose rows the destination keeps. */
typedef struct PreservedTable {
    const Table *source;     /* new structure */
    const Table *live;       /* old structure and the rows */
    const char *const *keys; /* columns that tell rows apart on both sides */
    size_t key_count;
    int id;     /* pgzm.preserved.id, once recorded */
    Oid shadow; /* once it exists */
} PreservedTable;

/* A sequence of the source whose value must stay the destination's: it feeds a preserved table. */
typedef struct KeptSequence {
    const Sequence *sequence;
    const PreservedTable *table;
    const Column *column; /* of the source's table */
} KeptSequence;

/* An extension of the destination in a migrated schema that a rehearsal moves along. */
typedef struct MovableExtension {
    const char *name;
    size_t schema; /* position in Plan.schemas */
} MovableExtension;

/* An index, or the key that it is made by. */
typedef struct PlanIndex {
    const Index *index;
    const Constraint *key; /* NULL: a bare index */
} PlanIndex;

/* Statements of one kind of moment, in their order. */
typedef struct PlanStatements {
    const char **sql, **labels;
    size_t count, capacity;
} PlanStatements;

/* What the migration does to objects that are in no schema. */
typedef struct Globals {
    const bool *early; /* by source fragment: is run when the shadow is made */
    PlanStatements before_swap, after_swap, before_rollback, after_rollback;
    PlanStatements abort; /* takes back what is made early; last one first */
} Globals;

typedef struct Plan {
    JournalSchemas schemas; /* of the source, with their other names */
    const char **aside;     /* by schema: what the live one is called inside a rehearsal; NULL when
                               there is no live one */
    Model *source, *live;
    FragmentList source_fragments, live_fragments; /* some alone, after plan_forget */
    Arena *source_statements, *live_statements;    /* of the run's: where those live */
    SameType *same; /* types that stay where they are: ours = source, theirs = live */
    size_t same_count;
    const Oid *same_live; /* their OIDs in the live model, sorted */
    PreservedTable *preserved;
    size_t preserved_count;
    KeptSequence *kept;
    size_t kept_count;
    const char *source_path, *live_path; /* search_path: where each side has its extensions */
    const char *rehearsal_path; /* search_path in which the source's statements mean the same */
    MovableExtension *movable;
    size_t movable_count;
    const bool *live_leans;  /* by live fragment: makes or needs an object that is replaced */
    const bool *rebuilt;     /* by live fragment: run over the new objects too (rebuild.h) */
    const size_t *repointed; /* live fragments of what stays and is defined again (rebuild.h) */
    size_t repointed_count;
    const bool *with_table; /* by source fragment: an index or key that is made before the rows are
                               in (small.h); NULL: none */
    const bool *with_rows;  /* by source fragment: what is made with the rows instead */
    const PlanIndex *rows_indexes; /* the same, by table */
    size_t rows_index_count;
    const struct Subset *subset;   /* parts and masks (subset.h); NULL: none */
    Globals globals;               /* what is not in a schema (global.h) */
    Model *shadow;                 /* the shadow schemas as the destination prints them */
    FragmentList shadow_fragments; /* those that wait for rows (fragments_build_post) */
} Plan;

/* Sets search_path, for the transaction or the session. */
bool set_path(Conn *conn, const char *path, bool local, Error *err) MUST_CHECK;

/* Reads both sides (the source inside its snapshot). Changes nothing. */
bool plan_read(Run *run, Plan *plan, Error *err) MUST_CHECK;

/* Once the shadow is made: lets go of the source's statements but for those that wait for rows and
 * those that the swap asks for (defer_asks, those about schemas). */
void plan_forget_made(Run *run, Plan *plan);
/* Once those were rehearsed too, and the journal has the global ones: lets go of all statements but
 * for those that the swap asks for; of the live side's all stay if some are defined again. */
void plan_forget(Run *run, Plan *plan);

/* Lets go of all of them: nothing of this plan will be run (a dump). */
void plan_forget_statements(Plan *plan);

/* Makes shadow_fragments. */
bool plan_shadow_statements(Run *run, Plan *plan, Error *err) MUST_CHECK;

/* Works out rehearsal_path and the movable extensions from where the destination's extensions are
 * now: the new objects' names first, then extensions where a rehearsal finds them, beside the
 * renamed schemas. */
bool plan_rehearsal_path(Run *run, Plan *plan, Error *err) MUST_CHECK;

/* The migrated schema of that live or shadow name, or NULL. */
const JournalSchema *plan_schema(const Plan *plan, const char *live);
const JournalSchema *plan_shadow_schema(const Plan *plan, const char *shadow);

/* The source's table behind a table of the shadow, and the other way round. */
const Table *plan_source_of(const Plan *plan, const Table *shadow);
const Table *plan_shadow_of(const Plan *plan, const Table *source);

/* The preserved table that a table of the source, the shadow or the live side is, or is a partition
 * of; NULL for none. */
const PreservedTable *plan_preserved(const Plan *plan, const Table *source);
const PreservedTable *plan_preserved_shadow(const Plan *plan, Oid shadow);
const PreservedTable *plan_preserved_live(const Plan *plan, Oid live);

/* True when the type of the live side is reused: it stays where it is. */
bool plan_stays_in_place(const Plan *plan, Oid live_type);

/* True when the fragment speaks of a type that is reused (or of its attributes and constraints). */
bool plan_is_reused(const Plan *plan, const Fragment *source_fragment);

#endif
