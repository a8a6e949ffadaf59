#include "engine/sidetable.h"

#include <stdatomic.h>
#include <string.h>

#include "base/pool.h"
#include "engine/ddllist.h"
#include "engine/defaultgrant.h"
#include "engine/rehearse.h"
#include "schema/catalog.h"

/* Below that a second connection gains less than it takes. So many tables share a transaction at
 * most, which holds four locks for each. */
enum { LEAST_TABLES = 200, TABLES_AT_ONCE = 64, LOCKS_PER_TABLE = 4 };

/* FirstNormalObjectId: what initdb made has a smaller OID, and is in every server. */
enum { FIRST_USER_OID = 16384 };

/* ---- which ----------------------------------------------------------------------------- */

static bool is_bare(const Table *table)
{
    if (table->relkind != 'r' || table->is_partition || table->parent_count > 0 ||
        table->of_type != NULL)
        return false;
    for (size_t i = 0; i < table->column_count; i++) {
        const Column *column = &table->columns[i];
        if (column->type_oid >= FIRST_USER_OID || column->collation != NULL ||
            column->generated != '\0')
            return false;
    }
    return true;
}

/* What the statement begins with when the table is called so. */
static void add_head(const Run *run, Str *s, const Table *table, const char *schema)
{
    str_add(s, table->persistence == PERSISTENCE_UNLOGGED ? "CREATE UNLOGGED TABLE "
                                                          : "CREATE TABLE ");
    conn_add_name(run->dest, s, schema, table->object.name);
    str_add(s, " ");
}

/* The rest of the statement; NULL when it is of another form. */
static const char *tail_of(const Run *run, const Table *table, const char *sql)
{
    AUTO(str_clear) Str head = STR_INIT;
    add_head(run, &head, table, table->object.schema);
    return strncmp(sql, str_text(&head), head.len) == 0 ? sql + head.len : NULL;
}

static bool is_side(const Run *run, const Plan *plan, const Fragment *fragment)
{
    if (fragment->kind != FRAGMENT_TABLE || fragment->section != SECTION_PRE ||
        fragment->place != PLACE_SCHEMA || fragment->whole != NULL || fragment->in_whole)
        return false;
    for (size_t i = 0; i < fragment->need_count; i++)
        if (plan->source_fragments.items[fragment->needs[i]].object.classid != CATALOG_NAMESPACE)
            return false;
    const Table *table = model_table(plan->source, fragment->object.oid);
    return table != NULL && is_bare(table) && plan_schema(plan, table->object.schema) != NULL &&
           tail_of(run, table, fragment->sql) != NULL;
}

/* What a fragment needs stands before it. */
static Lane lane_of(const Fragment *fragment, const Lane *lanes)
{
    for (size_t i = 0; i < fragment->need_count; i++)
        if (lanes[fragment->needs[i]] != LANE_FIRST)
            return LANE_LAST;
    return LANE_FIRST;
}

bool sidetable_find(Run *run, const Plan *plan, Arena *arena, const Lane **lanes, Error *err)
{
    const FragmentList *list = &plan->source_fragments;
    PlanStatements lift, restore;
    *lanes = NULL;
    if (run->settings->jobs < 2 || plan->source->tables.count < LEAST_TABLES)
        return true;
    if (!defaultgrants_find(run, plan, &lift, &restore, err))
        return false;
    if (lift.count > 0)
        return true;
    Lane *found = arena_alloc(arena, (list->count + 1) * sizeof *found);
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++) {
        bool side = is_side(run, plan, &list->items[i]);
        found[i] = side ? LANE_SIDE : lane_of(&list->items[i], found);
        count += side;
    }
    if (count >= LEAST_TABLES)
        *lanes = found;
    return true;
}

/* ---- making them ----------------------------------------------------------------------- */

/* What the workers share. */
typedef struct Yard {
    Run *run;
    Cancel *cancel;
    PlanStatements tables;
    size_t at_once; /* of a transaction */
    atomic_size_t next;
} Yard;

static void add_table(Run *run, const Plan *plan, const Fragment *fragment, PlanStatements *list,
                      Arena *arena)
{
    const Table *table = model_table(plan->source, fragment->object.oid);
    AUTO(str_clear) Str s = STR_INIT;
    add_head(run, &s, table, plan_schema(plan, table->object.schema)->shadow);
    str_add(&s, tail_of(run, table, fragment->sql));
    list->labels[list->count] = fragment->label;
    list->sql[list->count++] = arena_strdup(arena, str_text(&s));
}

/* Their commits do not wait for the disk: that of the rehearsal that comes after them does. */
static bool make_some(Yard *yard, Conn *dest, size_t first, Error *err)
{
    size_t rest = yard->tables.count - first;
    size_t end = first + (rest < yard->at_once ? rest : yard->at_once);
    return conn_exec(dest, "BEGIN", err) &&
           rehearse_statements(yard->run, dest, &yard->tables, first, end, err) &&
           conn_exec(dest, "COMMIT", err);
}

static bool work(void *context, size_t index, Error *err)
{
    Yard *yard = context;
    AUTO(mem_free) char *purpose = mem_printf("schema %zu", index + 1);
    const ConnSpec spec = {
        .side = CONN_DEST, .conninfo = yard->run->settings->dest, .purpose = purpose};
    AUTO(conn_free) Conn *dest = NULL;
    if (!conn_open(&spec, yard->cancel, &dest, err) ||
        !conn_exec(dest, "SET synchronous_commit = off", err))
        return false;
    for (;;) {
        size_t first = atomic_fetch_add(&yard->next, yard->at_once);
        if (first >= yard->tables.count)
            return true;
        if (!cancel_check(yard->cancel, err) || !make_some(yard, dest, first, err))
            return false;
    }
}

/* All jobs together hold no more locks than one rehearsal may. */
static bool share_locks(Yard *yard, Error *err)
{
    int64_t budget = 0;
    if (!ddllist_budget(yard->run, &budget, err))
        return false;
    int64_t tables = budget / ((int64_t)yard->run->settings->jobs * LOCKS_PER_TABLE);
    yard->at_once = tables > TABLES_AT_ONCE ? TABLES_AT_ONCE : tables < 1 ? 1 : (size_t)tables;
    return true;
}

bool sidetable_make(Run *run, const Plan *plan, const Lane *lanes, Error *err)
{
    const FragmentList *list = &plan->source_fragments;
    AUTO(arena_free) Arena *arena = arena_new();
    AUTO(cancel_free) Cancel *cancel = cancel_new(run->cancel);
    Yard yard = {.run = run,
                 .cancel = cancel,
                 .tables = {.sql = arena_alloc(arena, (list->count + 1) * sizeof(char *)),
                            .labels = arena_alloc(arena, (list->count + 1) * sizeof(char *))}};
    for (size_t i = 0; i < list->count; i++)
        if (lanes[i] == LANE_SIDE)
            add_table(run, plan, &list->items[i], &yard.tables, arena);
    log_info(&run->log, "making %zu tables with %d connections", yard.tables.count,
             run->settings->jobs);
    return share_locks(&yard, err) &&
           pool_run((size_t)run->settings->jobs, work, &yard, cancel, err);
}
