#include "engine/rowcheck.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/pool.h"
#include "base/str.h"
#include "copy/statement.h"
#include "engine/checksum.h"
#include "engine/journal.h"
#include "engine/keeper.h"
#include "engine/retry.h"
#include "engine/rowdiff.h"
#include "engine/schedule.h"
#include "engine/task.h"
#include "engine/widechar.h"

/* A part of a table that is read at once: its sums take no longer than copying a chunk. */
#define PIECE_BYTES (INT64_C(32) << 20)

enum {
    LOOK_MS = 200,
    NARROWED_MAX = 20, /* tables of which the rows are looked for: each costs two more scans */
};

/* Tables that are compared as one: a table and its shadow, or all that were loaded through a root.
 */
typedef struct Unit {
    const Table *source; /* the table or the root */
    const char *label;
    ChecksumValue *values;
    const char **names;
    size_t value_count;
    Str from[2]; /* by ConnSide: all of a side */
    _Atomic size_t pieces_left;
    _Atomic int64_t rows[2];
    _Atomic uint64_t sums[2];
    bool differs;
    Arena *arena; /* of what is found about the difference */
    RowDiff diff;
    const char *key;
    bool narrowed;
} Unit;

/* What one query sums up. */
typedef struct Piece {
    Unit *unit;
    ConnSide side;
    const char *from;
} Piece;

typedef struct RowCheck {
    Run *run;
    const Plan *plan;
    const Snapshot *snapshot;
    const LoadResult *loaded;
    Unit **by_target; /* by position in plan->shadow->tables: the table that the rows went into */
    Unit **units;
    size_t unit_count;
    ChecksumHash hash;
    WideChars chars; /* where only one of the servers prints them as octal digits (widechar.h) */
    Schedule *schedule;
    Cancel *cancel;
    Keeper keeper;
    _Atomic int narrowed;
} RowCheck;

/* One worker's own. */
typedef struct Checker {
    RowCheck *check;
    size_t index;
    Conn *conns[2]; /* by ConnSide */
    bool under_way; /* what the work at hand needs was open */
} Checker;

static void check_free(RowCheck *check)
{
    for (size_t i = 0; i < check->unit_count; i++) {
        str_clear(&check->units[i]->from[CONN_SOURCE]);
        str_clear(&check->units[i]->from[CONN_DEST]);
        arena_free(check->units[i]->arena);
    }
    schedule_free(check->schedule);
    cancel_free(check->cancel);
}

static inline void auto_check_free(RowCheck *check)
{
    check_free(check);
}

/* ---- what is compared with what ---------------------------------------------------------- */

/* Of varchar(n) and char(n). */
static int limit_of(const Column *column)
{
    const char *limit = strchr(column->type, '(');
    return limit == NULL ? 0 : (int)strtol(limit + 1, NULL, 10);
}

/* Its rows come out of a query of the chunk's, which has copied columns alone. */
static bool is_expressed(const CopyTable *copy)
{
    return copy->values != NULL || copy->condition_count > 0;
}

/* Inside a composite and the like "char" has its text alone, which is not the same on both sides.
 */
static bool is_left_out(RowCheck *check, const Unit *unit, const Column *column)
{
    const WideColumn *chars =
        widechar_column(&check->chars, unit->source->object.address.oid, column->name);
    if (chars == NULL || chars->type != 0)
        return false;
    run_warning(check->run, WIDECHAR_NOT_COMPARED, unit->label, column->name);
    return true;
}

/* OIDs of types that are not built in differ from one database to the other: any number above the
 * built-in ones is treated alike. */
static void set_values(RowCheck *check, Unit *unit, bool generated)
{
    Arena *arena = check->run->arena;
    unit->values = arena_alloc(arena, (unit->source->column_count + 1) * sizeof *unit->values);
    unit->names = arena_alloc(arena, (unit->source->column_count + 1) * sizeof *unit->names);
    for (size_t i = 0; i < unit->source->column_count; i++) {
        const Column *column = &unit->source->columns[i];
        if ((!column_is_copied(column) && !(generated && column->generated == 's')) ||
            is_left_out(check, unit, column))
            continue;
        const WideColumn *chars =
            widechar_column(&check->chars, unit->source->object.address.oid, column->name);
        AUTO(str_clear) Str expression = STR_INIT;
        str_add(&expression, "t.");
        conn_add_ident(check->run->dest, &expression, column->name);
        unit->names[unit->value_count] = column->name;
        unit->values[unit->value_count++] =
            (ChecksumValue){.expression = arena_strdup(arena, str_text(&expression)),
                            .type = chars != NULL ? chars->type : column->type_oid,
                            .limit = limit_of(column)};
    }
}

static Unit *unit_for(RowCheck *check, const Table *target, const CopyTable *copy)
{
    Unit **place = &check->by_target[target - check->plan->shadow->tables.items];
    if (*place != NULL)
        return *place;
    Unit *unit = arena_alloc(check->run->arena, sizeof *unit);
    unit->source = plan_source_of(check->plan, target);
    if (unit->source == NULL)
        unit->source = copy->source;
    unit->label = arena_printf(check->run->arena, "%s.%s", unit->source->object.schema,
                               unit->source->object.name);
    set_values(check, unit, unit->source == copy->source && !is_expressed(copy));
    check->units[check->unit_count++] = unit;
    return *place = unit;
}

/* "SELECT ctid, a, b FROM ONLY s.t": of one side's table, with the columns in the unit's order. */
static void add_rows(Str *s, const Unit *unit, const Conn *conn, const Table *table)
{
    str_add(s, "SELECT ctid");
    for (size_t i = 0; i < unit->value_count; i++) {
        str_add(s, ", ");
        conn_add_ident(conn, s, unit->names[i]);
    }
    str_add(s, " FROM ONLY ");
    conn_add_name(conn, s, table->object.schema, table->object.name);
}

/* The same of rows as the chunk's own query gives them: their columns get their names back. */
static void add_expressed(Str *s, const Unit *unit, const Conn *source, const CopyChunk *chunk)
{
    AUTO(str_clear) Str given = STR_INIT, rows = STR_INIT;
    const Table *table = chunk->table->source;
    for (size_t i = 0; i < table->column_count; i++) {
        if (!column_is_copied(&table->columns[i]))
            continue;
        str_add(&given, given.len == 0 ? "(" : ", ");
        conn_add_ident(source, &given, table->columns[i].name);
    }
    str_add(&given, given.len == 0 ? "" : ")");
    str_add(s, "SELECT NULL::pg_catalog.tid AS ctid");
    for (size_t i = 0; i < unit->value_count; i++) {
        str_add(s, ", ");
        conn_add_ident(source, s, unit->names[i]);
    }
    statement_add_select(&rows, source, chunk);
    str_addf(s, " FROM (%s) AS s%s", str_text(&rows), str_text(&given));
}

static void add_piece(RowCheck *check, Unit *unit, ConnSide side, const CopyChunk *chunk,
                      bool expressed)
{
    Run *run = check->run;
    const Conn *conn = side == CONN_SOURCE ? run->source : run->dest;
    AUTO(str_clear) Str from = STR_INIT;
    str_add(&from, "(");
    if (expressed) {
        add_expressed(&from, unit, conn, chunk);
    } else {
        add_rows(&from, unit, conn, chunk->table->source);
        if (chunk->first_page > 0)
            str_addf(&from, " WHERE ctid >= '(%" PRId64 ",0)'::pg_catalog.tid", chunk->first_page);
        if (chunk->end_page >= 0)
            str_addf(&from, " %s ctid < '(%" PRId64 ",0)'::pg_catalog.tid",
                     chunk->first_page > 0 ? "AND" : "WHERE", chunk->end_page);
    }
    str_add(&from, ")");
    Piece *piece = arena_alloc(run->arena, sizeof *piece);
    *piece = (Piece){.unit = unit, .side = side, .from = arena_strdup(run->arena, str_text(&from))};
    atomic_fetch_add(&unit->pieces_left, 1);
    schedule_add(check->schedule, piece, chunk->weight, SCHEDULE_FREE, false);
}

/* One table of a side: in pieces, and as a part of all that the side has. */
static void add_side(RowCheck *check, Unit *unit, ConnSide side, const CopyTable *rows)
{
    const Conn *conn = side == CONN_SOURCE ? check->run->source : check->run->dest;
    bool expressed = is_expressed(rows);
    CopyChunks chunks = {0};
    const CopySizes pieces = {.whole = PIECE_BYTES, .part = PIECE_BYTES};
    copy_plan(rows, conn_version(conn), &pieces, check->run->arena, &chunks);
    for (size_t i = 0; i < chunks.count; i++)
        add_piece(check, unit, side, &chunks.items[i], expressed);
    str_add(&unit->from[side], unit->from[side].len == 0 ? "(" : " UNION ALL ");
    const CopyChunk whole = {.table = rows, .chunks = 1, .end_page = -1};
    if (expressed)
        add_expressed(&unit->from[side], unit, conn, &whole);
    else
        add_rows(&unit->from[side], unit, conn, rows->source);
}

/* The shadow's size is not in the model, which was read when it was empty. */
static void set_size(Table *shadow, const PGresult *sizes)
{
    for (int low = 0, high = PQntuples(sizes); low < high;) {
        int middle = low + (high - low) / 2;
        Oid oid = (Oid)strtoul(PQgetvalue(sizes, middle, 0), NULL, 10);
        if (oid == shadow->object.address.oid) {
            shadow->heap_pages = strtoll(PQgetvalue(sizes, middle, 1), NULL, 10);
            shadow->total_bytes = strtoll(PQgetvalue(sizes, middle, 2), NULL, 10);
            return;
        }
        if (oid < shadow->object.address.oid)
            low = middle + 1;
        else
            high = middle;
    }
}

static bool read_sizes(const RowCheck *check, PGresult **sizes, Error *err)
{
    AUTO(str_clear) Str oids = STR_INIT;
    const Model *shadow = check->plan->shadow;
    for (size_t i = 0; i < shadow->tables.count; i++)
        str_addf(&oids, "%s%u", i == 0 ? "{" : ",", shadow->tables.items[i].object.address.oid);
    str_add(&oids, oids.len == 0 ? "{}" : "}");
    const char *const values[] = {str_text(&oids)};
    return conn_query(check->run->dest, run_sql("rowcheck_sizes", conn_version(check->run->dest)),
                      1, values, sizes, err) ||
           error_wrap(err, "reading the sizes of what was copied");
}

static bool add_table(RowCheck *check, const Table *shadow, const CopyTable *way,
                      const PGresult *sizes, Error *err)
{
    Arena *arena = check->run->arena;
    const Table *target = model_table_named(check->plan->shadow, way->dest_schema, way->dest_name);
    if (target == NULL)
        return error_set(err, ERROR_OTHER, "table %s.%s has no shadow", way->source->object.schema,
                         way->source->object.name);
    Unit *unit = unit_for(check, target, way);
    CopyTable *ours = arena_alloc(arena, sizeof *ours), *theirs = arena_alloc(arena, sizeof *ours);
    Table *sized = arena_alloc(arena, sizeof *sized);
    *ours = *way;
    *sized = *shadow;
    set_size(sized, sizes);
    *theirs = (CopyTable){.source = sized, .only = true};
    add_side(check, unit, CONN_SOURCE, ours);
    add_side(check, unit, CONN_DEST, theirs);
    return true;
}

static bool make_units(RowCheck *check, Error *err)
{
    const Model *shadow = check->plan->shadow;
    size_t space = (shadow->tables.count + 1) * sizeof(Unit *);
    AUTO(result_free) PGresult *sizes = NULL;
    check->units = arena_alloc(check->run->arena, space);
    check->by_target = arena_alloc(check->run->arena, space);
    if (!read_sizes(check, &sizes, err))
        return false;
    for (size_t i = 0; i < shadow->tables.count; i++) {
        CopyTable way;
        if (tasks_way(check->run, check->plan, &shadow->tables.items[i], &way) &&
            !add_table(check, &shadow->tables.items[i], &way, sizes, err))
            return false;
    }
    for (size_t i = 0; i < check->unit_count; i++) {
        str_add(&check->units[i]->from[CONN_SOURCE], ")");
        str_add(&check->units[i]->from[CONN_DEST], ")");
    }
    return true;
}

/* ---- the workers ------------------------------------------------------------------------- */

/* The source's transaction is not usable after a statement of it failed. */
static bool open_source(Checker *checker, Error *err)
{
    RowCheck *check = checker->check;
    Conn **conn = &checker->conns[CONN_SOURCE];
    if (*conn != NULL && PQtransactionStatus(conn_pg(*conn)) == PQTRANS_INTRANS)
        return true;
    conn_free(TAKE(*conn));
    AUTO(mem_free) char *purpose = mem_printf("check %zu", checker->index + 1);
    return snapshot_open_reader(check->run, check->cancel, purpose, check->loaded->source_path,
                                check->snapshot->name, conn, err);
}

/* Each statement has a snapshot of its own, so that none is held for long on a live destination;
 * nobody writes to the shadow. */
static bool open_dest(Checker *checker, Error *err)
{
    RowCheck *check = checker->check;
    Conn **conn = &checker->conns[CONN_DEST];
    if (*conn != NULL)
        return true;
    AUTO(mem_free) char *purpose = mem_printf("check %zu", checker->index + 1);
    const ConnSpec spec = {
        .side = CONN_DEST, .conninfo = check->run->settings->dest, .purpose = purpose};
    return conn_open(&spec, check->cancel, conn, err) &&
           set_path(*conn, check->loaded->path, false, err) &&
           conn_exec(*conn, "SET default_transaction_read_only = on", err) &&
           conn_exec(*conn, "SET max_parallel_workers_per_gather = 0", err);
}

static bool open_side(Checker *checker, ConnSide side, Error *err)
{
    return side == CONN_SOURCE ? open_source(checker, err) : open_dest(checker, err);
}

static bool same(const Unit *unit)
{
    return atomic_load(&unit->rows[0]) == atomic_load(&unit->rows[1]) &&
           atomic_load(&unit->sums[0]) == atomic_load(&unit->sums[1]);
}

/* That the sums differ is the finding; where the rows cannot be told it stands without them. */
static bool narrow(Checker *checker, const Piece *piece, Error *err)
{
    RowCheck *check = checker->check;
    Unit *unit = piece->unit;
    arena_free(TAKE(unit->arena)); /* of a try that came to nothing */
    unit->arena = arena_new();
    const Index *key = model_primary_key(check->plan->source, unit->source->object.address.oid);
    unit->key = key == NULL ? NULL : key->columns_def;
    if (!open_source(checker, err) || !open_dest(checker, err))
        return false;
    checker->under_way = true;
    const RowDiffTable table = {
        .sides = {{checker->conns[CONN_SOURCE], str_text(&unit->from[CONN_SOURCE])},
                  {checker->conns[CONN_DEST], str_text(&unit->from[CONN_DEST])}},
        .values = unit->values,
        .names = unit->names,
        .value_count = unit->value_count,
        .key = unit->key,
        .hash = check->hash};
    AUTO(error_clear) Error failure = ERROR_INIT;
    unit->diff = (RowDiff){0};
    unit->narrowed = rowdiff_find(&table, unit->arena, &unit->diff, &failure);
    if (!unit->narrowed && failure.kind != ERROR_CONNECTION && failure.kind != ERROR_INTERRUPTED) {
        log_debug(&check->run->log, "looking for rows of %s that differ: %s", unit->label,
                  failure.message);
        return true;
    }
    return unit->narrowed || error_move(err, &failure);
}

static bool sum_up(Checker *checker, const Piece *piece, Error *err)
{
    RowCheck *check = checker->check;
    Unit *unit = piece->unit;
    AUTO(arena_free) Arena *arena = arena_new();
    AUTO(result_free) PGresult *result = NULL;
    if (!open_side(checker, piece->side, err))
        return false;
    checker->under_way = true;
    Conn *conn = checker->conns[piece->side];
    const ChecksumRows rows = {.from = piece->from,
                               .values = unit->values,
                               .value_count = unit->value_count,
                               .hash = check->hash,
                               .sql_ascii = checksum_lacks_encoding(conn)};
    if (!conn_query_row(conn, checksum_query(&rows, true, arena), 0, NULL, &result, err))
        return error_wrap(err, "comparing %s (%s)", unit->label, conn_side_name(conn));
    atomic_fetch_add(&unit->rows[piece->side], strtoll(PQgetvalue(result, 0, 0), NULL, 10));
    atomic_fetch_add(&unit->sums[piece->side], checksum_number(PQgetvalue(result, 0, 1)));
    return true;
}

/* A connection that was lost is opened again, as while rows are copied: that of the source inside
 * the snapshot, as long as that is there. */
static void drop_connections(Checker *checker)
{
    for (int side = 0; side < 2; side++) {
        Conn **conn = &checker->conns[side];
        if (*conn != NULL && conn_is_lost(*conn))
            conn_free(TAKE(*conn));
    }
}

static bool persist(Checker *checker, bool (*work)(Checker *, const Piece *, Error *),
                    const Piece *piece, Error *err)
{
    Retry retry = {0};
    for (;;) {
        AUTO(error_clear) Error failure = ERROR_INIT;
        bool fresh;
        checker->under_way = false;
        if (work(checker, piece, &failure))
            return true;
        drop_connections(checker);
        if (!retry_again(&retry, checker->check->run, checker->check->cancel, checker->under_way,
                         &failure, &fresh))
            return error_move(err, &failure);
    }
}

static bool run_piece(Checker *checker, const Piece *piece, Error *err)
{
    RowCheck *check = checker->check;
    Unit *unit = piece->unit;
    if (!persist(checker, sum_up, piece, err))
        return false;
    if (atomic_fetch_sub(&unit->pieces_left, 1) != 1 || same(unit))
        return true;
    unit->differs = true;
    return atomic_fetch_add(&check->narrowed, 1) >= NARROWED_MAX ||
           persist(checker, narrow, piece, err);
}

static bool take_pieces(Checker *checker, Error *err)
{
    Schedule *schedule = checker->check->schedule;
    size_t number;
    void *payload;
    while (schedule_take(schedule, &number, &payload)) {
        if (!run_piece(checker, payload, err))
            return false;
        schedule_finish(schedule, number);
    }
    return cancel_check(checker->check->cancel, err);
}

/* The pool's last thread sees to the main thread's connections meanwhile. */
static bool watch(RowCheck *check, Error *err)
{
    bool ok = true;
    while (ok && !schedule_wait(check->schedule, LOOK_MS)) {
        ok = keeper_look(&check->keeper, err);
        if (!ok || cancel_reason(check->cancel) != CANCEL_NONE)
            schedule_stop(check->schedule);
    }
    return ok;
}

static bool work(void *context, size_t index, Error *err)
{
    RowCheck *check = context;
    if (index == (size_t)check->run->settings->jobs)
        return watch(check, err);
    Checker checker = {.check = check, .index = index};
    bool ok = take_pieces(&checker, err);
    if (!ok)
        schedule_stop(check->schedule);
    conn_free(checker.conns[CONN_SOURCE]);
    conn_free(checker.conns[CONN_DEST]);
    return ok;
}

/* ---- the verdict ------------------------------------------------------------------------- */

static json_t *range_json(const RowDiffRange *range)
{
    return json_pack("{s:I, s:s?, s:s?}", "rows", (json_int_t)range->rows, "first", range->first,
                     "last", range->last);
}

static json_t *difference_json(const Unit *unit)
{
    json_t *found = json_pack("{s:s, s:I, s:I}", "table", unit->label, "source_rows",
                              (json_int_t)atomic_load(&unit->rows[CONN_SOURCE]), "dest_rows",
                              (json_int_t)atomic_load(&unit->rows[CONN_DEST]));
    if (!unit->narrowed)
        return found;
    json_object_set_new(found, "key", json_string(unit->key != NULL ? unit->key : "ctid"));
    json_object_set_new(found, "only_source", range_json(&unit->diff.ranges[CONN_SOURCE]));
    json_object_set_new(found, "only_dest", range_json(&unit->diff.ranges[CONN_DEST]));
    json_object_set_new(found, "complete", json_boolean(unit->diff.complete));
    if (unit->diff.paired)
        json_object_set_new(found, "columns", json_string(unit->diff.columns));
    return found;
}

static const char *describe(const RowCheck *check, const Unit *unit)
{
    Arena *arena = check->run->arena;
    if (unit->narrowed)
        return arena_printf(arena, "table %s: %s", unit->label,
                            rowdiff_describe(&unit->diff, unit->key, arena));
    int64_t ours = atomic_load(&unit->rows[CONN_SOURCE]);
    int64_t theirs = atomic_load(&unit->rows[CONN_DEST]);
    if (ours == theirs)
        return arena_printf(arena, "table %s: %" PRId64 " rows on both sides, but not the same",
                            unit->label, ours);
    return arena_printf(arena,
                        "table %s: %" PRId64 " rows on the source, %" PRId64 " in the destination",
                        unit->label, ours, theirs);
}

static bool refuse(RowCheck *check, size_t count, const char *first, Error *err)
{
    Run *run = check->run;
    AUTO(mem_free)
    char *more = count > 1
                     ? mem_printf(" (and %zu more %s)", count - 1, count == 2 ? "table" : "tables")
                     : mem_strdup("");
    /* for status and history */
    if (!journal_event(run->dest, run->id, "rows differ",
                       arena_printf(run->arena, "%s%s", first, more), err))
        return false;
    error_set(err, ERROR_DIFFERENCE, "what was copied is not what the source has: %s%s", first,
              more);
    return error_hint(
        err,
        "It does not go live. Run pgzm-copy abort and prepare again; if the same rows "
        "differ again, their types or generated columns mean something else in the "
        "destination%s.",
        check->plan->subset == NULL
            ? ""
            : ", or an expression of --where or --mask gives another value each time");
}

static bool judge(RowCheck *check, Error *err)
{
    Run *run = check->run;
    const char *first = NULL;
    size_t count = 0;
    int64_t rows = 0;
    json_t *list = json_array();
    json_object_set_new(run->result, "row_differences", list);
    for (size_t i = 0; i < check->unit_count; i++) {
        const Unit *unit = check->units[i];
        rows += atomic_load(&unit->rows[CONN_SOURCE]);
        if (!unit->differs)
            continue;
        const char *what = describe(check, unit);
        json_array_append_new(list, difference_json(unit));
        if (count++ == 0)
            first = what;
        run_warning(run, "%s", what);
    }
    if (count > 0)
        return refuse(check, count, first, err);
    log_info(&run->log, "%zu %s the source's checksum: %" PRId64 " %s", check->unit_count,
             check->unit_count == 1 ? "table has" : "tables have", rows,
             rows == 1 ? "row" : "rows");
    return true;
}

/* ---- when it can be done ------------------------------------------------------------------- */

bool rowcheck_resumes(Run *run, const Snapshot *snapshot, Error *err)
{
    const char *const values[] = {journal_id_text(run->arena, run->id)};
    AUTO(result_free) PGresult *found = NULL;
    if (!conn_query(run->dest,
                    "SELECT detail FROM pgzm.event WHERE migration = $1::bigint"
                    " AND what = 'rows differ' ORDER BY id DESC LIMIT 1",
                    1, values, &found, err))
        return error_wrap(err, "reading the journal");
    if (PQntuples(found) > 0)
        error_set(err, ERROR_STATE, "migration %s cannot be resumed: %s", values[0],
                  PQgetvalue(found, 0, 0));
    else if (run->settings->verify == VERIFY_CHECKSUM && snapshot->name[0] == '\0')
        error_set(err, ERROR_STATE,
                  "the source's snapshot is gone, and the rows of migration %s are not compared",
                  values[0]);
    else
        return true;
    return error_hint(err, "Run pgzm-copy abort, then prepare again.");
}

bool rowcheck_run(Run *run, const Plan *plan, const Snapshot *snapshot, const LoadResult *loaded,
                  Error *err)
{
    AUTO(check_free)
    RowCheck check = {.run = run,
                      .plan = plan,
                      .snapshot = snapshot,
                      .loaded = loaded,
                      .schedule = schedule_new(),
                      .cancel = cancel_new(run->cancel)};
    if (!checksum_choose(run->source, run->dest, &check.hash, err) ||
        (widechar_is_octal(conn_version(run->source)) !=
             widechar_is_octal(conn_version(run->dest)) &&
         !widechar_read(run, plan, &check.chars, err)) ||
        !make_units(&check, err) || !keeper_begin(&check.keeper, run, check.cancel, err))
        return false;
    schedule_open(check.schedule);
    return pool_run((size_t)run->settings->jobs + 1, work, &check, check.cancel, err) &&
           keeper_end(&check.keeper, err) && judge(&check, err);
}
