#include "engine/global.h"

#include <stdlib.h>
#include <string.h>

#include "engine/journal.h"

/* One side's global fragments. */
typedef struct Side {
    const FragmentList *list;
    const Counterparts *own, *other;
    const bool *leans; /* by fragment: needs an object of a schema that is replaced or new */
    size_t *makers;    /* by fragment: the one that makes the object that it is about; itself when
                          it stands alone */
} Side;

typedef struct Maker {
    Oid classid, oid;
    size_t position;
} Maker;

typedef struct Work {
    Run *run;
    Plan *plan;
    Side source, live;
    bool *early;        /* by source fragment */
    bool mapping_named; /* that some user mapping differs */
    bool *renewed;      /* by live fragment: its object is dropped in the swap and made again */
} Work;

static bool is_global(const Fragment *fragment)
{
    return fragment->place != PLACE_SCHEMA;
}

/* Casts and transforms go by the types' OIDs: those of a new type can stand beside the live ones.
 */
static bool goes_by_type(const Fragment *fragment)
{
    return fragment->object.classid == CATALOG_CAST ||
           fragment->object.classid == CATALOG_TRANSFORM;
}

/* ---- who makes what -------------------------------------------------------------------- */

static int compare_makers(const void *a, const void *b)
{
    const Maker *x = a;
    const Maker *y = b;
    if (x->classid != y->classid)
        return x->classid < y->classid ? -1 : 1;
    if (x->oid != y->oid)
        return x->oid < y->oid ? -1 : 1;
    return (x->position > y->position) - (x->position < y->position);
}

static int compare_addresses(const void *a, const void *b)
{
    const Maker *x = a;
    const Maker *y = b;
    if (x->classid != y->classid)
        return x->classid < y->classid ? -1 : 1;
    return (x->oid > y->oid) - (x->oid < y->oid);
}

/* By address; a member with an address of its own (a table of a publication) through what it needs.
 */
static void find_makers(Side *side, Arena *arena)
{
    const FragmentList *list = side->list;
    AUTO(mem_free) Maker *makers = mem_alloc((list->count + 1) * sizeof *makers);
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++) {
        const Fragment *fragment = &list->items[i];
        if (is_global(fragment) && fragment->kind == FRAGMENT_OBJECT)
            makers[count++] = (Maker){fragment->object.classid, fragment->object.oid, i};
    }
    qsort(makers, count, sizeof *makers, compare_makers);
    side->makers = arena_alloc(arena, (list->count + 1) * sizeof *side->makers);
    for (size_t i = 0; i < list->count; i++) {
        const Fragment *fragment = &list->items[i];
        Maker key = {fragment->object.classid, fragment->object.oid, 0};
        const Maker *found = bsearch(&key, makers, count, sizeof key, compare_addresses);
        side->makers[i] = found != NULL ? found->position : i;
        for (size_t k = 0; found == NULL && k < fragment->need_count; k++) {
            const Fragment *need = &list->items[fragment->needs[k]];
            if (fragment->kind == FRAGMENT_MEMBER && is_global(need) &&
                need->kind == FRAGMENT_OBJECT) {
                side->makers[i] = fragment->needs[k];
                break;
            }
        }
    }
}

/* Whether an object of the new schemas is needed, types that are reused aside. */
static const bool *find_new(const Plan *plan, Arena *arena)
{
    const FragmentList *list = &plan->source_fragments;
    bool *leans = arena_alloc(arena, list->count + 1);
    for (size_t i = 0; i < list->count; i++) {
        const Fragment *fragment = &list->items[i];
        leans[i] = !is_global(fragment) && counterpart_is_maker(fragment) &&
                   !plan_is_reused(plan, fragment);
        for (size_t k = 0; k < fragment->need_count; k++)
            leans[i] = leans[i] || leans[fragment->needs[k]];
    }
    return leans;
}

/* The fragment itself needs a type that is made anew. */
static bool needs_new_type(const Side *side, size_t i)
{
    const Fragment *fragment = &side->list->items[i];
    for (size_t k = 0; k < fragment->need_count; k++) {
        size_t need = fragment->needs[k];
        FragmentKind kind = side->list->items[need].kind;
        if (side->leans[need] && (kind == FRAGMENT_TYPE || kind == FRAGMENT_TABLE ||
                                  kind == FRAGMENT_VIEW || kind == FRAGMENT_MATVIEW))
            return true;
    }
    return false;
}

/* ---- collecting ------------------------------------------------------------------------ */

static void add(Work *work, PlanStatements *list, const char *sql, const Fragment *fragment)
{
    if (sql == NULL)
        return;
    if (list->count == list->capacity) {
        list->capacity = list->capacity == 0 ? 16 : list->capacity * 2;
        PlanStatements grown = {
            .sql = arena_alloc(work->run->arena, list->capacity * sizeof *list->sql),
            .labels = arena_alloc(work->run->arena, list->capacity * sizeof *list->labels)};
        for (size_t i = 0; i < list->count; i++) {
            grown.sql[i] = list->sql[i];
            grown.labels[i] = list->labels[i];
        }
        list->sql = grown.sql;
        list->labels = grown.labels;
    }
    /* They outlive the lists of both sides (plan_forget). */
    list->sql[list->count] = arena_strdup(work->run->arena, sql);
    list->labels[list->count++] = arena_strdup(work->run->arena, fragment->label);
}

/* Taking back goes from the last to the first. */
static void reverse(PlanStatements *list)
{
    for (size_t i = 0, k = list->count; i + 1 < k; i++) {
        k--;
        const char *sql = list->sql[i], *label = list->labels[i];
        list->sql[i] = list->sql[k];
        list->labels[i] = list->labels[k];
        list->sql[k] = sql;
        list->labels[k] = label;
    }
}

/* The source's statement takes the place of the live one, which comes back in a rollback. */
static void trade(Work *work, const Fragment *source, const Fragment *live)
{
    Globals *globals = &work->plan->globals;
    if (source->change != NULL && live->change != NULL) {
        add(work, &globals->after_swap, source->change, source);
        add(work, &globals->after_rollback, live->change, live);
        return;
    }
    add(work, &globals->before_swap, live->undo, live);
    add(work, &globals->after_swap, source->sql, source);
    add(work, &globals->before_rollback, source->undo, source);
    add(work, &globals->after_rollback, live->sql, live);
}

static void add_new(Work *work, const Fragment *source, bool undo)
{
    add(work, &work->plan->globals.after_swap, source->sql, source);
    if (undo)
        add(work, &work->plan->globals.before_rollback, source->undo, source);
}

/* ---- the source's ---------------------------------------------------------------------- */

/* The live maker of the object that source fragment `i` is about. */
static size_t live_maker(const Work *work, size_t i)
{
    const Fragment *maker = &work->source.list->items[work->source.makers[i]];
    return maker->kind == FRAGMENT_OBJECT ? counterparts_slot(work->source.other, maker)
                                          : COUNTERPART_NONE;
}

static bool made_early(const Work *work, size_t i)
{
    const Fragment *fragment = &work->source.list->items[i];
    if (fragment->place != PLACE_EARLY)
        return false;
    size_t maker = work->source.makers[i];
    return live_maker(work, i) == COUNTERPART_NONE ||
           (goes_by_type(fragment) && needs_new_type(&work->source, maker));
}

/* The object exists on both sides under that name but is another one, or leans on what is replaced:
 * it must be dropped and made again. What others lean on cannot be, and stays the destination's. */
static bool is_renewed(Work *work, size_t source, size_t live)
{
    const Fragment *ours = &work->source.list->items[source];
    const Fragment *theirs = &work->live.list->items[live];
    bool same = strcmp(ours->sql, theirs->sql) == 0;
    if (same && !work->source.leans[source])
        return false;
    if (ours->place == PLACE_SWAP || goes_by_type(ours))
        return true;
    if (!same)
        run_warning(work->run, "not carried over: %s, the destination has another one of that name",
                    ours->label);
    return false;
}

/* The live owner stays, and a default privilege stays unless both sides took it away; with --acl
 * dest all grants stay. */
static bool stays_live(const Work *work, const Fragment *fragment)
{
    return fragment->kind == FRAGMENT_OWNER ||
           (fragment->kind == FRAGMENT_GRANT &&
            (work->run->settings->acl == ACL_DEST || strncmp(fragment->sql, "REVOKE", 6) == 0));
}

/* Options of a user mapping are passwords, which the journal must not hold: a live mapping stays as
 * it is. */
static bool is_secret(const Fragment *fragment)
{
    return fragment->object.classid == CATALOG_USER_MAPPING;
}

static void name_secret(Work *work, const Fragment *fragment)
{
    if (!work->mapping_named)
        run_warning(work->run,
                    "not carried over: options of %s, which the destination has with "
                    "others",
                    fragment->label);
    work->mapping_named = true;
}

static void plan_part(Work *work, size_t i)
{
    const Fragment *fragment = &work->source.list->items[i];
    size_t slot = counterparts_slot(work->source.other, fragment);
    if (is_secret(fragment)) {
        if (slot == COUNTERPART_NONE ||
            strcmp(work->live.list->items[slot].sql, fragment->sql) != 0)
            name_secret(work, fragment);
        return;
    }
    if (slot == COUNTERPART_NONE) {
        if (!stays_live(work, fragment))
            add_new(work, fragment, true);
        return;
    }
    const Fragment *live = &work->live.list->items[slot];
    if (strcmp(live->sql, fragment->sql) != 0 || (work->source.leans[i] && fragment->undo != NULL))
        trade(work, fragment, live);
}

static void plan_source(Work *work, size_t i)
{
    const Fragment *fragment = &work->source.list->items[i];
    const Side *source = &work->source;
    bool is_maker = source->makers[i] == i && fragment->kind == FRAGMENT_OBJECT;
    size_t live = live_maker(work, i);
    if (work->early[i]) {
        /* What hangs on a new type goes with the shadow; under its name abort would find the live
         * one. */
        if (is_maker && !(goes_by_type(fragment) && needs_new_type(source, i)))
            add(work, &work->plan->globals.abort, fragment->undo, fragment);
        return;
    }
    bool alone = source->list->items[source->makers[i]].kind != FRAGMENT_OBJECT;
    if (alone) {
        plan_part(work, i);
    } else if (live == COUNTERPART_NONE) {
        add_new(work, fragment, is_maker);
    } else if (is_maker && fragment->change != NULL) {
        if (source->leans[i] || strcmp(fragment->sql, work->live.list->items[live].sql) != 0)
            trade(work, fragment, &work->live.list->items[live]);
    } else if (is_maker) {
        work->renewed[live] = is_renewed(work, i, live);
        if (work->renewed[live])
            trade(work, fragment, &work->live.list->items[live]);
    } else if (!work->renewed[live]) {
        plan_part(work, i);
    } else if (!stays_live(work, fragment)) {
        add_new(work, fragment, false);
    }
}

/* ---- the destination's ----------------------------------------------------------------- */

/* What is about an object that is dropped and made again: it comes back after the rollback, and
 * what the source does not say otherwise after the swap. */
static void plan_renewed(Work *work, const Fragment *fragment)
{
    Globals *globals = &work->plan->globals;
    bool said = counterparts_slot(work->live.other, fragment) != COUNTERPART_NONE &&
                !stays_live(work, fragment);
    if (!said)
        add(work, &globals->after_swap, fragment->sql, fragment);
    add(work, &globals->after_rollback, fragment->sql, fragment);
}

/* Exists in the destination only and points to what is replaced: its own definition, run again,
 * finds the new objects. */
static void plan_repointed(Work *work, size_t i, bool undo)
{
    const Fragment *fragment = &work->live.list->items[i];
    Globals *globals = &work->plan->globals;
    add(work, &globals->before_swap, undo ? fragment->undo : NULL, fragment);
    add(work, &globals->after_swap, fragment->sql, fragment);
    add(work, &globals->before_rollback, undo ? fragment->undo : NULL, fragment);
    add(work, &globals->after_rollback, fragment->sql, fragment);
}

/* The same for a statement that may be repeated: the handler of a wrapper, which servers need. */
static void plan_again(Work *work, const Fragment *fragment)
{
    if (fragment->change == NULL)
        return;
    add(work, &work->plan->globals.after_swap, fragment->change, fragment);
    add(work, &work->plan->globals.after_rollback, fragment->change, fragment);
}

static void plan_live(Work *work, size_t i, bool *rebuilt)
{
    const Side *live = &work->live;
    const Fragment *fragment = &live->list->items[i];
    size_t maker = live->makers[i];
    bool is_maker = maker == i;
    bool maker_leans = live->list->items[maker].kind == FRAGMENT_OBJECT && live->leans[maker];
    if (work->renewed[maker]) {
        if (!is_maker)
            plan_renewed(work, fragment);
        return;
    }
    if (counterparts_slot(live->other, fragment) != COUNTERPART_NONE)
        return;
    if (fragment->place == PLACE_EARLY && !goes_by_type(fragment)) {
        if (live->leans[i])
            plan_again(work, fragment);
        return;
    }
    if (goes_by_type(fragment) && maker_leans && needs_new_type(live, maker))
        rebuilt[i] = true;
    else if (maker_leans)
        plan_repointed(work, i, is_maker);
    else if (live->leans[i] && fragment->undo != NULL)
        plan_repointed(work, i, true);
}

/* ---- the whole ------------------------------------------------------------------------- */

void global_plan(Run *run, Plan *plan, const Counterparts *source, const Counterparts *live)
{
    AUTO(arena_free) Arena *arena = arena_new();
    size_t source_count = plan->source_fragments.count, live_count = plan->live_fragments.count;
    Work work = {.run = run,
                 .plan = plan,
                 .source = {.list = &plan->source_fragments,
                            .own = source,
                            .other = live,
                            .leans = find_new(plan, arena)},
                 .live = {.list = &plan->live_fragments,
                          .own = live,
                          .other = source,
                          .leans = plan->live_leans},
                 .early = arena_alloc(plan->source_statements, source_count + 1),
                 .renewed = arena_alloc(arena, live_count + 1)};
    bool *rebuilt = arena_alloc(plan->live_statements, live_count + 1);
    memcpy(rebuilt, plan->rebuilt, live_count);
    find_makers(&work.source, arena);
    find_makers(&work.live, arena);
    Globals *globals = &plan->globals;
    for (size_t i = 0; i < source_count; i++)
        work.early[i] = made_early(&work, i);
    for (size_t i = 0; i < source_count; i++)
        if (is_global(&plan->source_fragments.items[i]))
            plan_source(&work, i);
    for (size_t i = 0; i < live_count; i++)
        if (is_global(&plan->live_fragments.items[i]))
            plan_live(&work, i, rebuilt);
    reverse(&globals->before_swap);
    reverse(&globals->before_rollback);
    globals->early = work.early;
    plan->rebuilt = rebuilt;
}

/* ---- the journal ----------------------------------------------------------------------- */

static bool record(Run *run, const char *part, const PlanStatements *list, int *ordinal, Error *err)
{
    for (size_t i = 0; i < list->count; i++)
        if (!journal_step(run->dest, run->id, part, (*ordinal)++, list->labels[i], list->sql[i],
                          err))
            return false;
    return true;
}

bool global_record_early(Run *run, const Plan *plan, Error *err)
{
    int ordinal = 1;
    return record(run, "abort", &plan->globals.abort, &ordinal, err);
}

bool global_record(Run *run, const Plan *plan, int *ordinal, Error *err)
{
    const Globals *globals = &plan->globals;
    return record(run, "before swap", &globals->before_swap, ordinal, err) &&
           record(run, "after swap", &globals->after_swap, ordinal, err) &&
           record(run, "before rollback", &globals->before_rollback, ordinal, err) &&
           record(run, "after rollback", &globals->after_rollback, ordinal, err);
}
