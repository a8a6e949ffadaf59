#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "engine/checksum.h"
#include "engine/verify.h"
#include "engine/verifysubset.h"
#include "engine/widechar.h"

/* What one side has of a table. */
typedef struct Counted {
    int64_t rows;
    const char *checksum; /* NULL: not asked for */
} Counted;

/* ---- one side ---------------------------------------------------------------------------- */

/* All of a side in one snapshot. Tables that somebody holds exclusively are waited for as long as
 * prepare waits for the source's. */
static bool begin(const Verify *verify, Conn *conn, Error *err)
{
    return conn_exec(conn, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", err) &&
           conn_execf(conn, err, "SET LOCAL lock_timeout = %lld",
                      (long long)verify->run->settings->lock_wait_timeout_ms);
}

/* Values that name objects (regclass) are printed bare when they mean a migrated one. */
static bool set_live_path(const Verify *verify, Conn *conn, Error *err)
{
    AUTO(str_clear) Str path = STR_INIT;
    for (size_t i = 0; i < verify->schemas.count; i++) {
        const JournalSchema *schema = &verify->schemas.items[i];
        str_separate(&path, ", ");
        conn_add_ident(conn, &path, conn_side(conn) == CONN_SOURCE ? schema->live : schema->shadow);
    }
    return set_path(conn, str_text(&path), true, err);
}

static bool count(Verify *verify, Conn *conn, const char *from, const json_t *values, bool contents,
                  Counted *counted, Error *err)
{
    Arena *arena = verify->run->arena;
    size_t n = json_array_size(values);
    ChecksumValue *list = arena_alloc(arena, (n + 1) * sizeof *list);
    for (size_t i = 0; i < n; i++) {
        json_t *value = json_array_get(values, i);
        list[i] = (ChecksumValue){
            .expression = json_string_value(json_object_get(value, "value")),
            .type = (Oid)json_integer_value(json_object_get(value, "type")),
            .limit = (int)json_integer_value(json_object_get(value, "limit")),
        };
    }
    const ChecksumRows rows = {.from = from,
                               .values = list,
                               .value_count = n,
                               .hash = verify->hash,
                               .sql_ascii = checksum_lacks_encoding(conn)};
    AUTO(result_free) PGresult *result = NULL;
    if (!conn_query_row(conn, checksum_query(&rows, contents, arena), 0, NULL, &result, err))
        return false;
    counted->rows = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
    counted->checksum =
        PQgetisnull(result, 0, 1) ? NULL : arena_strdup(arena, PQgetvalue(result, 0, 1));
    return true;
}

/* What the server says about one table is a finding, and the others are looked at all the same: in
 * a snapshot of their own. A lock, an interruption and a lost connection end the command. */
static bool go_on(Verify *verify, Conn *conn, const char *table, Error *failure, Error *err)
{
    if (failure->kind == ERROR_LOCK || failure->kind == ERROR_INTERRUPTED ||
        failure->kind == ERROR_CONNECTION || failure->sqlstate[0] == '\0') {
        error_move(err, failure);
        return error_wrap(err, "reading table %s", table);
    }
    check_fail(verify->run, failure->hint, "table %s cannot be read in the %s: %s", table,
               conn_side_name(conn), failure->message);
    conn_rollback(conn);
    return begin(verify, conn, err);
}

static void list_table(Verify *verify, const char *name, const Counted *ours, const char *other,
                       const Counted *theirs)
{
    json_t *table = json_pack("{s:s, s:I, s:s, s:I}", "table", name, "rows", (json_int_t)ours->rows,
                              "other", other, "other_rows", (json_int_t)theirs->rows);
    if (ours->checksum != NULL && theirs->checksum != NULL) {
        json_object_set_new(table, "checksum", json_string(ours->checksum));
        json_object_set_new(table, "other_checksum", json_string(theirs->checksum));
    }
    json_array_append_new(json_object_get(verify->run->result, "tables"), table);
}

static bool is_same(const Counted *ours, const Counted *theirs)
{
    return ours->rows == theirs->rows && (ours->checksum == NULL || theirs->checksum == NULL ||
                                          strcmp(ours->checksum, theirs->checksum) == 0);
}

static const char *rows_word(int64_t rows)
{
    return rows == 1 ? "row" : "rows";
}

/* ---- tables of the shadow ---------------------------------------------------------------- */

/* A table with rows of the source, and those of the shadow once they are counted. */
typedef struct ReplacedTable {
    const char *schema, *name; /* as it is called when live */
    const char *label;         /* the same, for people */
    const char *from;
    json_t *columns; /* owned */
    int64_t loaded;
    bool counted;
    Counted shadow;
} ReplacedTable;

typedef struct ReplacedTables {
    ReplacedTable *items;
    size_t count;
} ReplacedTables;

static void replaced_clear(ReplacedTables *tables)
{
    for (size_t i = 0; i < tables->count; i++)
        json_decref(tables->items[i].columns);
}

static inline void auto_replaced_clear(ReplacedTables *tables)
{
    replaced_clear(tables);
}

/* names as a text[]; the schemas' shadow names or their live ones */
static const char *schema_array(const Verify *verify, bool shadow)
{
    AUTO(str_clear) Str s = STR_INIT;
    str_add(&s, "{");
    for (size_t i = 0; i < verify->schemas.count; i++) {
        const char *name = shadow ? verify->schemas.items[i].shadow : verify->schemas.items[i].live;
        str_add(&s, i == 0 ? "\"" : ",\"");
        for (const char *c = name; *c != '\0'; c++) {
            if (*c == '"' || *c == '\\')
                str_add(&s, "\\");
            str_add_bytes(&s, c, 1);
        }
        str_add(&s, "\"");
    }
    str_add(&s, "}");
    return arena_strdup(verify->run->arena, str_text(&s));
}

static const char *live_schema(const Verify *verify, const char *shadow)
{
    for (size_t i = 0; i < verify->schemas.count; i++)
        if (strcmp(verify->schemas.items[i].shadow, shadow) == 0)
            return verify->schemas.items[i].live;
    return shadow;
}

static bool list_tables(Verify *verify, Conn *conn, PGresult **result, Error *err)
{
    const char *const values[] = {schema_array(verify, conn_side(conn) == CONN_DEST)};
    return conn_query(conn, run_sql("verify_tables", conn_version(conn)), 1, values, result, err) ||
           error_wrap(err, "listing the tables of the %s", conn_side_name(conn));
}

/* How many rows were loaded by the table's OID; -1 for one that came without rows, or keeps its
 * own. */
static int64_t loaded_rows(const PGresult *loaded, const char *oid)
{
    for (int i = 0; i < PQntuples(loaded); i++)
        if (strcmp(PQgetvalue(loaded, i, 0), oid) == 0)
            return strtoll(PQgetvalue(loaded, i, 1), NULL, 10);
    return -1;
}

static bool find_replaced(Verify *verify, ReplacedTables *tables, Error *err)
{
    Run *run = verify->run;
    Arena *arena = run->arena;
    const char *const values[] = {verify->id};
    AUTO(result_free) PGresult *found = NULL;
    AUTO(result_free) PGresult *loaded = NULL;
    if (!list_tables(verify, run->dest, &found, err) ||
        !conn_query(run->dest, run_sql("verify_loaded", conn_version(run->dest)), 1, values,
                    &loaded, err))
        return error_wrap(err, "reading the journal");
    tables->items = arena_alloc(arena, ((size_t)PQntuples(found) + 1) * sizeof *tables->items);
    for (int i = 0; i < PQntuples(found); i++) {
        int64_t rows = loaded_rows(loaded, PQgetvalue(found, i, 2));
        if (rows < 0)
            continue;
        const char *schema = live_schema(verify, PQgetvalue(found, i, 0));
        const char *name = PQgetvalue(found, i, 1);
        tables->items[tables->count++] =
            (ReplacedTable){.schema = arena_strdup(arena, schema),
                            .name = arena_strdup(arena, name),
                            .label = arena_printf(arena, "%s.%s", schema, name),
                            .from = arena_strdup(arena, PQgetvalue(found, i, 4)),
                            .columns = json_loads(PQgetvalue(found, i, 3), 0, NULL),
                            .loaded = rows};
    }
    return true;
}

/* Inside a composite and the like "char" has its text alone, which is not the same on both sides.
 */
static bool is_left_out(Run *run, const json_t *column, const char *label)
{
    if (!json_is_true(json_object_get(column, "chars")) ||
        widechar_is_octal(conn_version(run->source)) == widechar_is_octal(conn_version(run->dest)))
        return false;
    if (run->settings->checksum)
        run_warning(run, WIDECHAR_NOT_COMPARED, label,
                    json_string_value(json_object_get(column, "name")));
    return true;
}

/* The columns of `ours` that `theirs` has, too, as values. What is of another type there counts as
 * anything. */
static json_t *column_values(Run *run, const char *label, const json_t *ours, const json_t *theirs)
{
    const Conn *conn = run->dest;
    json_t *values = json_array();
    size_t i, k;
    json_t *one, *other;
    json_array_foreach((json_t *)(uintptr_t)ours, i, one)
    {
        json_t *found = NULL;
        json_array_foreach((json_t *)(uintptr_t)theirs, k,
                           other) if (json_equal(json_object_get(one, "name"),
                                                 json_object_get(other, "name"))) found = other;
        if (found == NULL || is_left_out(run, one, label))
            continue;
        bool same = json_equal(json_object_get(one, "type"), json_object_get(found, "type"));
        AUTO(str_clear) Str value = STR_INIT;
        str_add(&value, "t.");
        conn_add_ident(conn, &value, json_string_value(json_object_get(one, "name")));
        json_array_append_new(values,
                              json_pack("{s:s, s:O, s:O}", "value", str_text(&value), "type",
                                        same ? json_object_get(one, "type") : json_null(), "limit",
                                        json_object_get(one, "limit")));
    }
    return values;
}

static bool compare_loaded(Verify *verify, ReplacedTables *tables, Error *err)
{
    Run *run = verify->run;
    int64_t total = 0;
    size_t same = 0;
    for (size_t i = 0; i < tables->count; i++) {
        ReplacedTable *table = &tables->items[i];
        AUTO(error_clear) Error failure = ERROR_INIT;
        const Counted loaded = {.rows = table->loaded};
        table->counted =
            count(verify, run->dest, table->from, NULL, false, &table->shadow, &failure);
        if (!table->counted && !go_on(verify, run->dest, table->label, &failure, err))
            return false;
        if (!table->counted)
            continue;
        if (run->source == NULL)
            list_table(verify, table->label, &table->shadow, "loaded", &loaded);
        total += table->shadow.rows;
        same += table->shadow.rows == table->loaded;
        if (table->shadow.rows != table->loaded)
            check_fail(
                run, "Somebody wrote to the shadow schema. Run pgzm-copy abort and prepare again.",
                "table %s: %lld %s in the shadow, %lld were loaded", table->label,
                (long long)table->shadow.rows, rows_word(table->shadow.rows),
                (long long)table->loaded);
    }
    if (tables->count > 0 && same == tables->count)
        check_note(run, "%zu %s the rows that were loaded: %lld", same,
                   same == 1 ? "table has" : "tables have", (long long)total);
    return true;
}

/* ---- the source's rows ------------------------------------------------------------------- */

static int find_on_source(const PGresult *source, const ReplacedTable *table)
{
    for (int i = 0; i < PQntuples(source); i++)
        if (strcmp(PQgetvalue(source, i, 0), table->schema) == 0 &&
            strcmp(PQgetvalue(source, i, 1), table->name) == 0)
            return i;
    return -1;
}

/* Both sides of one table; `same` when there is nothing to say. */
static bool compare_with_source(Verify *verify, ReplacedTable *table, const PGresult *notes,
                                const PGresult *source, int row, bool *same, Error *err)
{
    Run *run = verify->run;
    AUTO(error_clear) Error failure = ERROR_INIT;
    bool contents = run->settings->checksum;
    Counted theirs = {0};
    const char *from = PQgetvalue(source, row, 4);
    json_t *columns = json_loads(PQgetvalue(source, row, 3), 0, NULL);
    if (!verifysubset_apply(verify, notes, table->schema, table->name, &from, columns)) {
        json_decref(columns);
        verify->skipped++;
        return true;
    }
    json_t *values = column_values(run, table->label, table->columns, columns);
    json_decref(columns);
    Conn *at = run->dest;
    bool ok =
        !contents || count(verify, run->dest, table->from, values, true, &table->shadow, &failure);
    if (ok) {
        at = run->source;
        ok = count(verify, run->source, from, values, contents, &theirs, &failure);
    }
    json_decref(values);
    if (!ok)
        return go_on(verify, at, table->label, &failure, err) && set_live_path(verify, at, err);
    list_table(verify, table->label, &table->shadow, "source", &theirs);
    *same = is_same(&table->shadow, &theirs);
    if (*same)
        return true;
    const char *hint = arena_printf(run->arena,
                                    "What was written to the source since %s is not carried over; "
                                    "prepare again if it matters.",
                                    verify->source_as_of);
    if (table->shadow.rows != theirs.rows)
        check_fail(run, hint, "table %s: %lld %s in the shadow, %lld on the source", table->label,
                   (long long)table->shadow.rows, rows_word(table->shadow.rows),
                   (long long)theirs.rows);
    else
        check_fail(run, hint, "table %s: %lld %s on both sides, but not the same contents",
                   table->label, (long long)theirs.rows, rows_word(theirs.rows));
    return true;
}

static bool compare_source(Verify *verify, ReplacedTables *tables, Error *err)
{
    Run *run = verify->run;
    AUTO(result_free) PGresult *source = NULL;
    AUTO(result_free) PGresult *notes = NULL;
    if (!verifysubset_read(verify, &notes, err) || !begin(verify, run->source, err) ||
        !checksum_choose(run->source, run->dest, &verify->hash, err) ||
        !list_tables(verify, run->source, &source, err) ||
        !set_live_path(verify, run->source, err) || !set_live_path(verify, run->dest, err))
        return false;
    size_t same_count = 0;
    for (size_t i = 0; i < tables->count; i++) {
        ReplacedTable *table = &tables->items[i];
        int row = find_on_source(source, table);
        bool same = false;
        if (row < 0)
            check_fail(run, "It was dropped or renamed there since.",
                       "table %s is not on the source any more", table->label);
        else if (table->counted &&
                 !compare_with_source(verify, table, notes, source, row, &same, err))
            return false;
        same_count += same;
    }
    conn_rollback(run->source);
    if (same_count > 0 && same_count + verify->skipped == tables->count)
        check_note(run, "%zu %s the source's %s", same_count,
                   same_count == 1 ? "table has" : "tables have",
                   run->settings->checksum ? "contents" : "number of rows");
    return set_path(run->dest, "", true, err);
}

static bool check_replaced(Verify *verify, Error *err)
{
    Run *run = verify->run;
    AUTO(replaced_clear) ReplacedTables tables = {0};
    AUTO(error_clear) Error failure = ERROR_INIT;
    check_open(run, "rows");
    if (!find_replaced(verify, &tables, err) || !compare_loaded(verify, &tables, err) ||
        !check_close(run, true, &failure, "no table got the source's rows", err))
        return false;
    if (run->source == NULL || tables.count == 0)
        return true;
    check_open(run, "source rows");
    return compare_source(verify, &tables, err) && check_close(run, true, &failure, "", err);
}

/* ---- preserved tables -------------------------------------------------------------------- */

/* Both sides of a row of verify_preserved.sql. `ours` is what applications use. */
static bool count_both(Verify *verify, const PGresult *tables, int row, Counted *ours,
                       Counted *theirs, Error *err)
{
    Conn *dest = verify->run->dest;
    bool contents = verify->run->settings->checksum;
    json_t *live = json_loads(PQgetvalue(tables, row, 3), 0, NULL);
    json_t *other = json_loads(PQgetvalue(tables, row, 4), 0, NULL);
    bool ok = count(verify, dest, PQgetvalue(tables, row, 1), live, contents, ours, err) &&
              count(verify, dest, PQgetvalue(tables, row, 2), other, contents, theirs, err);
    json_decref(live);
    json_decref(other);
    return ok;
}

static void judge_preserved(Verify *verify, const char *name, const char *behind,
                            const Counted *ours, const Counted *theirs)
{
    Run *run = verify->run;
    const char *side = verify->live ? "backup" : "shadow";
    const char *what =
        ours->rows != theirs->rows
            ? arena_printf(run->arena, "%lld %s live, %lld in the %s", (long long)ours->rows,
                           rows_word(ours->rows), (long long)theirs->rows, side)
            : arena_printf(run->arena, "%lld %s live and in the %s, but not the same contents",
                           (long long)ours->rows, rows_word(ours->rows), side);
    if (strcmp(behind, "0") != 0)
        check_warn(run, "They are copied again; run this command again then.",
                   "preserved table %s: %s, with %s to be copied again", name, what, behind);
    else
        check_fail(run, NULL, "preserved table %s: %s", name, what);
}

static bool compare_preserved(Verify *verify, Error *err)
{
    Run *run = verify->run;
    const char *const values[] = {verify->id, verify->live ? "t" : "f"};
    AUTO(result_free) PGresult *tables = NULL;
    if (!conn_query(run->dest, run_sql("verify_preserved", conn_version(run->dest)), 2, values,
                    &tables, err))
        return error_wrap(err, "reading the journal");
    verify->hash = CHECKSUM_BUILT_IN; /* it is one server */
    int same = 0;
    for (int i = 0; i < PQntuples(tables); i++) {
        const char *name = PQgetvalue(tables, i, 0);
        AUTO(error_clear) Error failure = ERROR_INIT;
        Counted ours = {0}, theirs = {0};
        if (PQgetisnull(tables, i, 1) || PQgetisnull(tables, i, 2)) {
            check_fail(run, NULL, "preserved table %s is gone on one side", name);
            continue;
        }
        if (!count_both(verify, tables, i, &ours, &theirs, &failure)) {
            if (!go_on(verify, run->dest, name, &failure, err))
                return false;
            continue;
        }
        if (verify->live)
            list_table(verify, name, &ours, "backup", &theirs);
        else
            list_table(verify, name, &theirs, "live", &ours);
        same += is_same(&ours, &theirs);
        if (!is_same(&ours, &theirs))
            judge_preserved(verify, name, PQgetvalue(tables, i, 5), &ours, &theirs);
    }
    if (same == PQntuples(tables) && same > 0)
        check_note(run, "%d preserved %s the same %s live and in the %s", same,
                   same == 1 ? "table has" : "tables have",
                   run->settings->checksum ? "contents" : "number of rows",
                   verify->live ? "backup" : "shadow");
    return true;
}

static bool check_preserved(Verify *verify, Error *err)
{
    AUTO(error_clear) Error failure = ERROR_INIT;
    check_open(verify->run, "preserved rows");
    return compare_preserved(verify, err) &&
           check_close(verify->run, true, &failure, "no table is preserved", err);
}

/* ---- sequences --------------------------------------------------------------------------- */

/* True when the next number may be one that the column has already. */
static bool is_behind(const PGresult *state, bool up)
{
    if (PQgetisnull(state, 0, 2))
        return false;
    long long last = strtoll(PQgetvalue(state, 0, 0), NULL, 10);
    long long extreme = strtoll(PQgetvalue(state, 0, 2), NULL, 10);
    bool called = PQgetvalue(state, 0, 1)[0] == 't';
    if (up)
        return called ? last < extreme : last <= extreme;
    return called ? last > extreme : last >= extreme;
}

/* Whether it is so on the source, too; false when there is no source that tells. */
static bool is_behind_on_source(const Verify *verify, const PGresult *sequences, int row)
{
    Run *run = verify->run;
    AUTO(result_free) PGresult *state = NULL;
    AUTO(error_clear) Error ignored = ERROR_INIT;
    return run->source != NULL &&
           conn_query_row(run->source, PQgetvalue(sequences, row, 4), 0, NULL, &state, &ignored) &&
           is_behind(state, PQgetvalue(sequences, row, 2)[0] == 't');
}

static void judge_sequence(const Verify *verify, const PGresult *sequences, int row,
                           const PGresult *state)
{
    Run *run = verify->run;
    const char *what =
        arena_printf(run->arena, "sequence %s stands at %s%s, behind %s in column %s",
                     PQgetvalue(sequences, row, 0), PQgetvalue(state, 0, 0),
                     PQgetvalue(state, 0, 1)[0] == 't' ? "" : " (not called)",
                     PQgetvalue(state, 0, 2), PQgetvalue(sequences, row, 1));
    if (is_behind_on_source(verify, sequences, row))
        check_warn(run, "It is behind on the source, too.", "%s", what);
    else if (run->source != NULL)
        check_fail(run, "On the source it is not behind. Set it with setval.", "%s", what);
    else
        check_warn(run,
                   verify->live ? "The next insert may take a number that exists."
                                : "It may be so on the source, too: verify with --source tells.",
                   "%s", what);
}

static bool compare_sequences(Verify *verify, Error *err)
{
    Run *run = verify->run;
    const char *const values[] = {verify->id, verify->live ? "t" : "f"};
    AUTO(result_free) PGresult *sequences = NULL;
    if (!conn_query(run->dest, run_sql("verify_sequences", conn_version(run->dest)), 2, values,
                    &sequences, err))
        return error_wrap(err, "listing sequences");
    for (int i = 0; i < PQntuples(sequences); i++) {
        AUTO(result_free) PGresult *state = NULL;
        AUTO(error_clear) Error failure = ERROR_INIT;
        if (!conn_query_row(run->dest, PQgetvalue(sequences, i, 3), 0, NULL, &state, &failure)) {
            if (!go_on(verify, run->dest, PQgetvalue(sequences, i, 0), &failure, err))
                return false;
        } else if (is_behind(state, PQgetvalue(sequences, i, 2)[0] == 't')) {
            judge_sequence(verify, sequences, i, state);
        }
    }
    return true;
}

static bool check_sequences(Verify *verify, Error *err)
{
    AUTO(error_clear) Error failure = ERROR_INIT;
    check_open(verify->run, "sequences");
    return compare_sequences(verify, err) &&
           check_close(verify->run, true, &failure, "none is behind its column", err);
}

/* ---- the whole --------------------------------------------------------------------------- */

bool verify_rows(Verify *verify, Error *err)
{
    Run *run = verify->run;
    json_object_set_new(run->result, "tables", json_array());
    bool ok = begin(verify, run->dest, err) && (verify->live || check_replaced(verify, err)) &&
              check_preserved(verify, err) && check_sequences(verify, err);
    conn_rollback(run->dest);
    return ok;
}
