#include "engine/task.h"

#include <stdlib.h>
#include <string.h>

#include "engine/defer.h"
#include "engine/dump.h"
#include "engine/small.h"
#include "engine/split.h"
#include "engine/subset.h"
#include "engine/tail.h"
#include "engine/widechar.h"
#include "schema/binary.h"

/* While tasks are made: where each table of the shadow stands. */
typedef struct TableTasks {
    const Table *shadow, *source;
    CopyTable split;     /* key and bounds (split.h) */
    LoadTask *last_copy; /* NULL when it gets no rows */
    size_t rows_in;      /* meeting point: its chunks are done */
    size_t built;        /* meeting point: what reads its rows is done; ANALYZE comes after */
    TaskTail *tail;      /* of last_copy; NULL when it has none */
    bool has_more;       /* statements after its rows, or tables below it */
    bool reaches_far;    /* it is a foreign table, or one is below it */
} TableTasks;

typedef struct Maker {
    Run *run;
    const Plan *plan;
    Schedule *schedule;
    LoadTasks *tasks;
    TableTasks *tables; /* by OID, as in the shadow's model */
    SmallMade made;
    CopySizes sizes;
    size_t all_rows;  /* meeting point: every table's rows are in */
    size_t all_built; /* meeting point: everything but refreshes */
} Maker;

/* A row of the journal. */
static LoadTask *note_task(Maker *maker, const LoadTask *task)
{
    LoadTasks *tasks = maker->tasks;
    if (tasks->count == tasks->capacity) {
        size_t capacity = tasks->capacity == 0 ? 256 : tasks->capacity * 2;
        LoadTask **grown = arena_alloc(maker->run->arena, capacity * sizeof(LoadTask *));
        if (tasks->count > 0)
            memcpy(grown, tasks->items, tasks->count * sizeof(LoadTask *));
        tasks->items = grown;
        tasks->capacity = capacity;
    }
    LoadTask *copy = arena_alloc(maker->run->arena, sizeof *copy);
    *copy = *task;
    copy->id = (int)tasks->count + 1;
    tasks->items[tasks->count++] = copy;
    return copy;
}

static LoadTask *add_task(Maker *maker, const LoadTask *task, int64_t weight, bool exclusive,
                          size_t *number)
{
    LoadTask *copy = note_task(maker, task);
    *number = schedule_add(maker->schedule, copy, weight, task->relation, exclusive);
    return copy;
}

static TableTasks *find_table(const Maker *maker, Oid shadow)
{
    const Table *table = model_table(maker->plan->shadow, shadow);
    return table == NULL ? NULL : &maker->tables[table - maker->plan->shadow->tables.items];
}

/* May share a transaction with others of that class. */
static void join_class(Maker *maker, LoadTask *task, size_t number, int class)
{
    task->class = class;
    schedule_class(maker->schedule, number, class);
}

/* ---- rows ------------------------------------------------------------------------------ */

/* A partition whose rows must find their place again, because it hashes by an enum whose labels
 * have other OIDs here: its rows go in through the topmost table. */
static const Table *load_target(const Plan *plan, const Table *shadow)
{
    const Table *target = shadow;
    while (target->hash_enum_key && target->is_partition && target->parent_count == 1) {
        const Table *parent = model_table(plan->shadow, target->parents[0]);
        if (parent == NULL)
            break;
        target = parent;
    }
    return target;
}

/* The columns in the files are those that are loaded, in their order. */
static bool same_columns(const Table *table, const ManifestTable *saved)
{
    size_t n = 0;
    for (size_t i = 0; i < table->column_count; i++) {
        if (!column_is_copied(&table->columns[i]))
            continue;
        if (n >= saved->column_count || strcmp(table->columns[i].name, saved->columns[n]) != 0)
            return false;
        n++;
    }
    return n == saved->column_count;
}

/* The files of a table, as chunks. */
static bool take_files(Maker *maker, CopyTable *copy, CopyChunks *chunks,
                       const ManifestTable **saved, Error *err)
{
    Arena *arena = maker->run->arena;
    const Object *name = &copy->source->object;
    const ManifestTable *table = dump_table(maker->run->dump, name->schema, name->name);
    if (table == NULL || table->chunk_count == 0 || !same_columns(copy->source, table))
        return error_set(err, ERROR_PREFLIGHT, "the dump does not hold the rows of table %s.%s",
                         name->schema, name->name);
    if (table->binary && !copy->binary) {
        error_set(err, ERROR_PREFLIGHT,
                  "the rows of table %s.%s are in binary form, which the destination reads "
                  "differently",
                  name->schema, name->name);
        return error_hint(err, "Migrate from the source itself, or into a server of its version.");
    }
    if (table->wide_chars && !widechar_is_octal(conn_version(maker->run->dest))) {
        error_set(err, ERROR_PREFLIGHT,
                  "the rows of table %s.%s are text with values of \"char\" above 127, which only "
                  "servers from 15 on read",
                  name->schema, name->name);
        return error_hint(err, "Migrate into PostgreSQL 15 or later, or make the dump with other "
                               "values in their place (--mask).");
    }
    copy->binary = table->binary;
    chunks->count = table->chunk_count;
    chunks->items = arena_alloc(arena, chunks->count * sizeof *chunks->items);
    for (size_t i = 0; i < chunks->count; i++)
        chunks->items[i] = (CopyChunk){.table = copy,
                                       .ordinal = (int)i,
                                       .chunks = (int)chunks->count,
                                       .end_page = -1,
                                       .weight = table->chunks[i].info.bytes};
    *saved = table;
    return true;
}

CopySizes tasks_sizes(const Run *run, const Model *source)
{
    int64_t bytes = 0;
    for (size_t i = 0; i < source->tables.count; i++)
        if (source->tables.items[i].relkind == 'r') /* partitioned ones have none of their own */
            bytes += source->tables.items[i].total_bytes;
    return copy_sizes(bytes, run->settings->jobs);
}

bool tasks_way(const Run *run, const Plan *plan, const Table *shadow, CopyTable *way)
{
    const Table *source = plan_source_of(plan, shadow);
    if (source == NULL || !table_has_rows(shadow) || plan_preserved(plan, source) != NULL ||
        (run->scope != NULL && scope_is_rowless(run->scope, source->object.address.oid)))
        return false;
    const Table *target = load_target(plan, shadow);
    *way = (CopyTable){.source = source,
                       .dest_schema = target->object.schema,
                       .dest_name = target->object.name,
                       .only = true};
    subset_apply(plan, way);
    return true;
}

/* The table's rows come in one part, and only so. */
static void add_tail(Maker *maker, TableTasks *table)
{
    table->tail = tail_new(maker->run, maker->plan, table->source, table->shadow);
    table->last_copy->tail = table->tail;
    maker->tasks->builds_total += (int64_t)table->tail->builds;
}

static bool add_chunks(Maker *maker, TableTasks *table, const CopyTable *way, bool binary,
                       Error *err)
{
    Arena *arena = maker->run->arena;
    const Table *target = load_target(maker->plan, table->shadow);
    CopyTable *copy = arena_alloc(arena, sizeof *copy);
    *copy = *way;
    copy->binary = binary;
    copy->may_freeze = target == table->shadow && !small_table(maker->plan, table->source);
    copy->key = table->split.key;
    copy->bounds = table->split.bounds;
    copy->bound_count = table->split.bound_count;
    CopyChunks chunks = {0};
    const ManifestTable *saved = NULL;
    if (maker->run->dump == NULL)
        copy_plan(copy, conn_version(maker->run->source), &maker->sizes, arena, &chunks);
    else if (!take_files(maker, copy, &chunks, &saved, err))
        return false;
    _Atomic int *left = arena_alloc(arena, sizeof *left);
    *left = (int)chunks.count;
    for (size_t i = 0; i < chunks.count; i++) {
        const CopyChunk *chunk = &chunks.items[i];
        LoadTask task = {.kind = TASK_COPY,
                         .kind_name = "copy",
                         .label = arena_printf(
                             arena, "rows of %s.%s, part %d of %d", table->source->object.schema,
                             table->source->object.name, chunk->ordinal + 1, chunk->chunks),
                         .chunk = chunk,
                         .file = saved == NULL ? NULL : &saved->chunks[i],
                         .relation = table->shadow->object.address.oid,
                         .table_chunks_left = left};
        size_t number;
        table->last_copy = add_task(maker, &task, chunk->weight, false, &number);
        if (chunks.count == 1 && small_table(maker->plan, table->source)) {
            join_class(maker, table->last_copy, number, TASK_CLASS_ROWS);
            if (target == table->shadow)
                add_tail(maker, table);
        }
        schedule_need(maker->schedule, table->rows_in, number);
        TableTasks *root = find_table(maker, target->object.address.oid);
        if (root != NULL && root != table)
            schedule_need(maker->schedule, root->rows_in, number);
    }
    maker->tasks->tables_total++;
    maker->tasks->bytes_total += table->source->total_bytes;
    return true;
}

static bool read_binary(Maker *maker, BinaryTables *source, BinaryTables *shadow, Error *err)
{
    const JournalSchemas *schemas = &maker->plan->schemas;
    Arena *arena = maker->run->arena;
    const char **live = journal_live_names(schemas, arena);
    const char **shadows = journal_shadow_names(schemas, arena);
    return (binary_read(maker->run->source, live, schemas->count, arena, source, err) &&
            binary_read(maker->run->dest, shadows, schemas->count, arena, shadow, err)) ||
           error_wrap(err, "reading how types travel");
}

static bool make_copies(Maker *maker, Error *err)
{
    BinaryTables source = {0}, shadow = {0};
    WideChars chars = {0};
    Run *run = maker->run;
    if (!read_binary(maker, &source, &shadow, err) ||
        (run->dump == NULL && !widechar_fits_text(run->source, run->dest) &&
         !widechar_read(run, maker->plan, &chars, err)))
        return false;
    for (size_t i = 0; i < maker->plan->shadow->tables.count; i++) {
        TableTasks *table = &maker->tables[i];
        const Object *name = &table->shadow->object;
        CopyTable way;
        if (!tasks_way(run, maker->plan, table->shadow, &way))
            continue;
        table->split.source = table->source;
        if (run->dump == NULL && !split_find(run, maker->plan, &maker->sizes, &table->split, err))
            return false;
        const BinaryTable *ours = binary_find(&source, table->source->object.schema, name->name);
        const BinaryTable *theirs = binary_find(&shadow, name->schema, name->name);
        const char *reason = ours == NULL || theirs == NULL
                                 ? "its types could not be read"
                                 : binary_refusal(ours, conn_version(run->source), theirs,
                                                  conn_version(run->dest), run->arena);
        if (reason != NULL)
            log_info(&run->log, "table %s.%s travels as text: %s", table->source->object.schema,
                     name->name, reason);
        if ((reason != NULL && !widechar_refuse(run, maker->plan, &chars, &way, reason, err)) ||
            !add_chunks(maker, table, &way, reason == NULL, err))
            return false;
    }
    return true;
}

/* ---- what waits for rows --------------------------------------------------------------- */

static bool is_exclusive(FragmentKind kind)
{
    return kind != FRAGMENT_INDEX && kind != FRAGMENT_REFRESH;
}

/* What reads rows: counted in the progress. A primary key or unique constraint takes over an index
 * that was counted already; an exclusion constraint builds its own. */
static bool is_build(const Plan *plan, const Fragment *fragment)
{
    if (fragment->kind == FRAGMENT_CONSTRAINT) {
        const Constraint *constraint = model_constraint(plan->shadow, fragment->object.oid);
        return constraint != NULL && constraint->contype == 'x';
    }
    return fragment->kind == FRAGMENT_INDEX || fragment->kind == FRAGMENT_FOREIGN_KEY ||
           fragment->kind == FRAGMENT_REFRESH;
}

/* `task` waits for the rows of the table, of the tables below it and (rows routed through a root)
 * of those above it. */
static void need_rows(Maker *maker, size_t task, const TableTasks *table)
{
    schedule_need(maker->schedule, task, table->rows_in);
    for (size_t i = 0; i < table->shadow->parent_count; i++) {
        const TableTasks *parent = find_table(maker, table->shadow->parents[i]);
        if (parent != NULL && table->shadow->hash_enum_key)
            need_rows(maker, task, parent);
    }
}

/* The rows of a partitioned table are in when those of its partitions are. */
static void connect_partitions(Maker *maker)
{
    for (size_t i = 0; i < maker->plan->shadow->tables.count; i++) {
        const Table *table = maker->tables[i].shadow;
        for (size_t k = 0; k < table->parent_count; k++) {
            TableTasks *parent = find_table(maker, table->parents[k]);
            if (parent == NULL)
                continue;
            schedule_need(maker->schedule, parent->rows_in, maker->tables[i].rows_in);
            parent->has_more = true;
        }
    }
}

static int64_t source_bytes(const TableTasks *table)
{
    return table == NULL || table->source == NULL ? 0 : table->source->total_bytes;
}

/* Takes no longer than a round trip and locks one relation. A foreign key locks two: two batches of
 * them would wait for each other. */
static bool is_brief(const Maker *maker, FragmentKind kind, const TableTasks *table)
{
    switch (kind) {
    case FRAGMENT_COMMENT:
    case FRAGMENT_OWNER:
    case FRAGMENT_GRANT:
    case FRAGMENT_POLICY:
    case FRAGMENT_ROW_SECURITY:
    case FRAGMENT_ENABLE:
        return true;
    case FRAGMENT_INDEX:
    case FRAGMENT_CONSTRAINT:
    case FRAGMENT_CHECK:
    case FRAGMENT_TRIGGER:
    case FRAGMENT_RULE:
    case FRAGMENT_PROPERTY:
        return table != NULL && table->source != NULL && small_table(maker->plan, table->source);
    default:
        return false;
    }
}

/* Made with its table: for the journal it is done, for the progress when the rows are in. */
static void note_made(Maker *maker, LoadTask *task, const TableTasks *table)
{
    task->made = true;
    note_task(maker, task);
    if (table != NULL && table->last_copy != NULL)
        table->last_copy->builds_made += task->builds;
    else
        maker->tasks->builds_made += task->builds;
}

/* And before statistics. */
static void come_after_rows(Maker *maker, TableTasks *table, size_t task)
{
    need_rows(maker, task, table);
    schedule_need(maker->schedule, table->built, task);
    table->has_more = true;
}

/* Those that would be made with the rows, where the rows do not come so. */
static void make_indexes(Maker *maker, TableTasks *table)
{
    size_t count = 0;
    if (table->source == NULL || table->tail != NULL)
        return;
    const PlanIndex *indexes = small_with_rows(maker->plan, table->source, &count);
    for (size_t i = 0; i < count; i++) {
        LoadTask task = {0};
        size_t number;
        tail_single(maker->run, &indexes[i], table->shadow, &task);
        LoadTask *added = add_task(maker, &task, 0, true, &number);
        join_class(maker, added, number, TASK_CLASS_STATEMENTS);
        come_after_rows(maker, table, number);
        maker->tasks->builds_total++;
    }
}

static void make_statements(Maker *maker)
{
    const FragmentList *list = &maker->plan->shadow_fragments;
    enum { NONE = -1 };
    AUTO(mem_free) int64_t *numbers = mem_alloc((list->count + 1) * sizeof *numbers);
    for (size_t i = 0; i < list->count; i++) {
        const Fragment *fragment = &list->items[i];
        numbers[i] = NONE;
        if (fragment->section != SECTION_POST || fragment->place != PLACE_SCHEMA ||
            defer_waits(maker->plan, fragment))
            continue;
        TableTasks *table = find_table(maker, fragment->table);
        LoadTask task = {.kind = TASK_STATEMENT,
                         .kind_name = fragment_kind_name(fragment->kind),
                         .label = fragment->label,
                         .statement = fragment->sql,
                         .relation = fragment->table,
                         .builds = is_build(maker->plan, fragment)};
        maker->tasks->builds_total += task.builds;
        if (small_is_made(&maker->made, fragment)) {
            note_made(maker, &task, table);
            if (table != NULL) /* whose rows a foreign key that needs the index waits for */
                numbers[i] = (int64_t)table->rows_in;
            continue;
        }
        size_t number;
        LoadTask *added =
            add_task(maker, &task, source_bytes(table), is_exclusive(fragment->kind), &number);
        numbers[i] = (int64_t)number;
        if (task.builds)
            schedule_build(maker->schedule, number);
        if (is_brief(maker, fragment->kind, table))
            join_class(maker, added, number, TASK_CLASS_STATEMENTS);
        for (size_t k = 0; k < fragment->need_count; k++)
            if (numbers[fragment->needs[k]] != NONE)
                schedule_need(maker->schedule, number, (size_t)numbers[fragment->needs[k]]);
        if (table != NULL)
            come_after_rows(maker, table, number);
        /* A domain's check that is not valid for what is there: any table may hold such values. */
        if (fragment->kind == FRAGMENT_CHECK && table == NULL)
            schedule_need(maker->schedule, number, maker->all_rows);
        /* What a materialized view reads is not always in pg_depend (functions): it waits for all.
         */
        if (fragment->kind == FRAGMENT_REFRESH)
            schedule_need(maker->schedule, number, maker->all_built);
    }
}

static void reach_far(Maker *maker, TableTasks *table)
{
    if (table == NULL || table->reaches_far)
        return;
    table->reaches_far = true;
    for (size_t i = 0; i < table->shadow->parent_count; i++)
        reach_far(maker, find_table(maker, table->shadow->parents[i]));
}

/* ANALYZE of a partitioned table takes its partitions along. Where that would ask another server,
 * which need not answer, its partitions that are here are analyzed one by one. */
static bool is_analyzed(const Maker *maker, const TableTasks *table)
{
    if (table->reaches_far)
        return false;
    const TableTasks *parent = table->shadow->is_partition && table->shadow->parent_count > 0
                                   ? find_table(maker, table->shadow->parents[0])
                                   : NULL;
    return !table->shadow->is_partition || (parent != NULL && parent->reaches_far);
}

static void make_analyzes(Maker *maker)
{
    for (size_t i = 0; i < maker->plan->shadow->tables.count; i++)
        if (maker->tables[i].shadow->server != NULL)
            reach_far(maker, &maker->tables[i]);
    for (size_t i = 0; i < maker->plan->shadow->tables.count; i++) {
        TableTasks *table = &maker->tables[i];
        if (table->source == NULL || !is_analyzed(maker, table) ||
            plan_preserved(maker->plan, table->source) != NULL)
            continue;
        const Object *name = &table->shadow->object;
        AUTO(str_clear) Str statement = STR_INIT;
        str_add(&statement, "ANALYZE ");
        conn_add_name(maker->run->dest, &statement, name->schema, name->name);
        if (table->tail != NULL && !table->has_more) {
            tail_add(table->tail, arena_strdup(maker->run->arena, str_text(&statement)));
            continue;
        }
        LoadTask task = {.kind = TASK_ANALYZE,
                         .kind_name = "analyze",
                         .label = arena_printf(maker->run->arena, "statistics of %s.%s",
                                               table->source->object.schema, name->name),
                         .statement = arena_strdup(maker->run->arena, str_text(&statement)),
                         .relation = name->address.oid};
        size_t number;
        LoadTask *added = add_task(maker, &task, 0, true, &number);
        if (small_table(maker->plan, table->source))
            join_class(maker, added, number, TASK_CLASS_STATEMENTS);
        schedule_need(maker->schedule, number, table->rows_in);
        schedule_need(maker->schedule, number, table->built);
    }
}

bool tasks_make(Run *run, const Plan *plan, Schedule *schedule, LoadTasks *tasks, Error *err)
{
    size_t count = plan->shadow->tables.count;
    Maker maker = {.run = run,
                   .plan = plan,
                   .schedule = schedule,
                   .tasks = tasks,
                   .tables = arena_alloc(run->arena, (count + 1) * sizeof(TableTasks)),
                   .sizes = tasks_sizes(run, plan->source)};
    if (!small_made(run, plan, &maker.made, err))
        return false;
    maker.all_rows = schedule_add(schedule, NULL, 0, SCHEDULE_FREE, false);
    maker.all_built = schedule_add(schedule, NULL, 0, SCHEDULE_FREE, false);
    for (size_t i = 0; i < count; i++) {
        const Table *shadow = &plan->shadow->tables.items[i];
        maker.tables[i] =
            (TableTasks){.shadow = shadow,
                         .source = plan_source_of(plan, shadow),
                         .rows_in = schedule_add(schedule, NULL, 0, SCHEDULE_FREE, false),
                         .built = schedule_add(schedule, NULL, 0, SCHEDULE_FREE, false)};
        schedule_need(schedule, maker.all_rows, maker.tables[i].rows_in);
        schedule_need(schedule, maker.all_built, maker.tables[i].rows_in);
        schedule_need(schedule, maker.all_built, maker.tables[i].built);
    }
    if (!make_copies(&maker, err))
        return false;
    connect_partitions(&maker);
    for (size_t i = 0; i < count; i++)
        make_indexes(&maker, &maker.tables[i]);
    make_statements(&maker);
    make_analyzes(&maker);
    return true;
}
