/*
 * ddllist.h - inside engine/ only: which statements of the source, and of the live side where those
 * go with them, a rehearsal runs, in which order, and how much of the server's lock table they
 * take. Not here: running them (rehearse.h).
 *
 * Threads: the main thread.
 */
#ifndef PGZM_ENGINE_DDLLIST_H
#define PGZM_ENGINE_DDLLIST_H

#include "engine/plan.h"
#include "engine/sidetable.h"

/* Statements with how they are taken back and how many locks each leaves behind. */
typedef struct DdlList {
    PlanStatements run;
    const char **undo; /* by statement; NULL when it goes with another */
    bool *stays;       /* by statement: makes an object and cannot be taken back */
    int *locks;        /* by statement: held until the end of the transaction, roughly */
} DdlList;

/* Which: of a section, and when `lanes` are given of one of them. */
typedef struct DdlChoice {
    Section section;
    const Lane *lanes;
    Lane lane;
} DdlChoice;

/* In `arena`; the statements are the plan's. */
DdlList ddllist_new(Run *run, const Plan *plan, DdlChoice choice, Arena *arena);

/* What takes a list back, the last statement first, in `arena`. */
DdlList ddllist_undo(const DdlList *list, Arena *arena);

/* How many locks one transaction may take: half of the destination's lock table. */
bool ddllist_budget(Run *run, int64_t *budget, Error *err) MUST_CHECK;

/* The end of the batch that begins at `start`. */
size_t ddllist_batch_end(const DdlList *list, size_t start, int64_t budget);

#endif
