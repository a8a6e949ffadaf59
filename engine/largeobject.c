#include "engine/largeobject.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "engine/journal.h"

/* Bytes that are read and written at once; a page holds a quarter of a block, 2 kB. Of many objects
 * the first bytes travel together, which is all there is of most. */
enum { PIECE_BYTES = 1024 * 1024, HEAD_BYTES = 32 * 1024, BATCH_OBJECTS = 100 };

static const char exists_sql[] =
    "SELECT EXISTS (SELECT FROM pg_catalog.pg_largeobject_metadata WHERE oid = $1::oid)";
static const char piece_sql[] = "SELECT pg_catalog.lo_get($1::oid, $2::bigint, $3::int)";

/* By row in the order of the array. */
static const char there_sql[] =
    "SELECT m.oid IS NOT NULL FROM pg_catalog.unnest($1::oid[]) WITH ORDINALITY AS l(oid, n)"
    " LEFT JOIN pg_catalog.pg_largeobject_metadata m ON m.oid = l.oid ORDER BY l.n";
static const char heads_sql[] =
    "SELECT pg_catalog.lo_get(l.oid, 0, $2::int)"
    " FROM pg_catalog.unnest($1::oid[]) WITH ORDINALITY AS l(oid, n) ORDER BY l.n";

static bool list_objects(Run *run, PGresult **list, Error *err)
{
    return conn_query(run->source, run_sql("large_objects", conn_version(run->source)), 0, NULL,
                      list, err) ||
           error_wrap(err, "listing the source's large objects");
}

static bool exists(Run *run, const char *oid, bool *there, Error *err)
{
    const char *const values[] = {oid};
    AUTO(result_free) PGresult *result = NULL;
    if (!conn_query_row(run->dest, exists_sql, 1, values, &result, err))
        return false;
    *there = PQgetvalue(result, 0, 0)[0] == 't';
    return true;
}

/* As text: the server prints it as hex. Shorter than asked for at the end. */
static bool read_piece(Conn *conn, const char *oid, int64_t offset, PGresult **piece, Error *err)
{
    AUTO(mem_free) char *from = mem_printf("%lld", (long long)offset);
    AUTO(mem_free) char *most = mem_printf("%d", PIECE_BYTES);
    const char *const values[] = {oid, from, most};
    return conn_query_row(conn, piece_sql, 3, values, piece, err) ||
           error_wrap(err, "reading large object %s", oid);
}

static bool is_last(const PGresult *piece)
{
    return PQgetlength(piece, 0, 0) < 2 + 2 * PIECE_BYTES; /* "\x" and two digits a byte */
}

/* ---- before ---------------------------------------------------------------------------- */

static bool is_same(Run *run, const char *oid, bool *same, Error *err)
{
    for (int64_t offset = 0;; offset += PIECE_BYTES) {
        AUTO(result_free) PGresult *ours = NULL;
        AUTO(result_free) PGresult *theirs = NULL;
        if (!read_piece(run->source, oid, offset, &ours, err) ||
            !read_piece(run->dest, oid, offset, &theirs, err))
            return false;
        *same = strcmp(PQgetvalue(ours, 0, 0), PQgetvalue(theirs, 0, 0)) == 0;
        if (!*same || is_last(ours))
            return true;
    }
}

bool largeobjects_check(Run *run, Error *err)
{
    AUTO(result_free) PGresult *list = NULL;
    if (!run->settings->large_objects)
        return true;
    if (!list_objects(run, &list, err))
        return false;
    for (int i = 0; i < PQntuples(list); i++) {
        const char *oid = PQgetvalue(list, i, 0);
        bool there = false, same = true;
        if (!exists(run, oid, &there, err) || (there && !is_same(run, oid, &same, err)))
            return false;
        if (same)
            continue;
        error_set(err, ERROR_PREFLIGHT, "the destination has another large object %s", oid);
        return error_hint(err, "Large objects have one number in a whole database. Unlink the "
                               "destination's (lo_unlink), or leave out --large-objects.");
    }
    return true;
}

/* ---- copying --------------------------------------------------------------------------- */

/* Statements that go to the destination together, in pipeline mode. */
typedef struct Batch {
    char **sql; /* owned */
    size_t count, capacity;
} Batch;

static void auto_batch_clear(Batch *batch)
{
    for (size_t i = 0; i < batch->count; i++)
        mem_free(batch->sql[i]);
    mem_free(batch->sql);
}

static bool batch_run(Run *run, const Batch *batch, Error *err)
{
    return conn_exec_many(run->dest, (const char *const *)batch->sql, batch->count, NULL, err);
}

static void batch_add(Batch *batch, Str *sql)
{
    if (batch->count == batch->capacity) {
        batch->capacity = batch->capacity == 0 ? 256 : batch->capacity * 2;
        batch->sql = mem_resize(batch->sql, batch->capacity * sizeof *batch->sql);
    }
    batch->sql[batch->count++] = str_take(sql);
}

static void add_grants(Run *run, Batch *batch, const char *oid, const char *text)
{
    json_t *list = json_loads(text, 0, NULL);
    for (size_t i = 0; i < json_array_size(list); i++) {
        json_t *entry = json_array_get(list, i);
        const char *grantee = json_string_value(json_array_get(entry, 0));
        Str sql = STR_INIT;
        str_addf(&sql, "GRANT %s ON LARGE OBJECT %s TO ",
                 json_string_value(json_array_get(entry, 1)), oid);
        if (grantee != NULL)
            conn_add_ident(run->dest, &sql, grantee);
        else
            str_add(&sql, "PUBLIC");
        if (json_is_true(json_array_get(entry, 2)))
            str_add(&sql, " WITH GRANT OPTION");
        batch_add(batch, &sql);
    }
    json_decref(list);
}

/* Grants before the owner: afterwards they are the owner's to give. */
static void add_attributes(Run *run, Batch *batch, const PGresult *list, int row)
{
    const char *oid = PQgetvalue(list, row, 0);
    const Settings *settings = run->settings;
    if (!settings->no_privileges && !PQgetisnull(list, row, 3))
        add_grants(run, batch, oid, PQgetvalue(list, row, 3));
    if (!settings->no_comments && !PQgetisnull(list, row, 2)) {
        Str comment = STR_INIT;
        str_addf(&comment, "COMMENT ON LARGE OBJECT %s IS ", oid);
        conn_add_literal(run->dest, &comment, PQgetvalue(list, row, 2));
        batch_add(batch, &comment);
    }
    if (!settings->no_owner) {
        Str owner = STR_INIT;
        str_addf(&owner, "ALTER LARGE OBJECT %s OWNER TO ", oid);
        conn_add_ident(run->dest, &owner, PQgetvalue(list, row, 1));
        batch_add(batch, &owner);
    }
}

/* With its first bytes, and a row of the journal: what is recorded is there as a whole. */
static void add_object(Run *run, Batch *batch, const char *oid, const char *bytes)
{
    Str make = STR_INIT, note = STR_INIT;
    str_addf(&make, "SELECT pg_catalog.lo_from_bytea(%s, ", oid);
    conn_add_literal(run->dest, &make, bytes);
    str_add(&make, ")");
    batch_add(batch, &make);
    str_addf(&note, "INSERT INTO pgzm.largeobject (migration, oid) VALUES (%lld, %s)",
             (long long)run->id, oid);
    batch_add(batch, &note);
}

/* What follows the first bytes, piece by piece. */
static bool copy_rest(Run *run, const char *oid, Error *err)
{
    for (int64_t offset = HEAD_BYTES;; offset += PIECE_BYTES) {
        AUTO(result_free) PGresult *piece = NULL;
        AUTO(result_free) PGresult *written = NULL;
        if (!read_piece(run->source, oid, offset, &piece, err))
            return false;
        AUTO(mem_free) char *at = mem_printf("%lld", (long long)offset);
        const char *const values[] = {oid, at, PQgetvalue(piece, 0, 0)};
        if (PQgetlength(piece, 0, 0) > 2 &&
            !conn_query(run->dest, "SELECT pg_catalog.lo_put($1::oid, $2::bigint, $3::bytea)", 3,
                        values, &written, err))
            return error_wrap(err, "writing large object %s", oid);
        if (is_last(piece))
            return true;
    }
}

/* "{1,2,3}": the objects of rows `start` to `end` - 1. */
static void add_numbers(Str *numbers, const PGresult *list, int start, int end)
{
    for (int i = start; i < end; i++)
        str_addf(numbers, "%s%s", i == start ? "{" : ",", PQgetvalue(list, i, 0));
    str_add(numbers, "}");
}

/* One transaction for some objects. Those that the destination has already are the same there. */
static bool copy_some(Run *run, const PGresult *list, int start, int end, int *copied, Error *err)
{
    AUTO(str_clear) Str numbers = STR_INIT;
    AUTO(mem_free) char *head = mem_printf("%d", HEAD_BYTES);
    AUTO(result_free) PGresult *there = NULL;
    AUTO(result_free) PGresult *heads = NULL;
    AUTO(batch_clear) Batch made = {0};
    AUTO(batch_clear) Batch attributes = {0};
    add_numbers(&numbers, list, start, end);
    const char *const values[] = {str_text(&numbers), head};
    if (!conn_query(run->dest, there_sql, 1, values, &there, err) ||
        !conn_query(run->source, heads_sql, 2, values, &heads, err))
        return false;
    for (int i = start; i < end; i++) {
        if (PQgetvalue(there, i - start, 0)[0] == 't')
            continue;
        add_object(run, &made, PQgetvalue(list, i, 0), PQgetvalue(heads, i - start, 0));
        add_attributes(run, &attributes, list, i);
        ++*copied;
    }
    if (!batch_run(run, &made, err))
        return false;
    for (int i = start; i < end; i++)
        if (PQgetvalue(there, i - start, 0)[0] != 't' &&
            PQgetlength(heads, i - start, 0) == 2 + 2 * HEAD_BYTES &&
            !copy_rest(run, PQgetvalue(list, i, 0), err))
            return false;
    return batch_run(run, &attributes, err);
}

bool largeobjects_copy(Run *run, Error *err)
{
    AUTO(result_free) PGresult *list = NULL;
    int copied = 0;
    if (!run->settings->large_objects)
        return true;
    if (!list_objects(run, &list, err))
        return false;
    for (int start = 0, end; start < PQntuples(list); start = end) {
        end = start + BATCH_OBJECTS < PQntuples(list) ? start + BATCH_OBJECTS : PQntuples(list);
        if (!conn_exec(run->dest, "BEGIN", err) ||
            !copy_some(run, list, start, end, &copied, err) ||
            !conn_exec(run->dest, "COMMIT", err)) {
            conn_rollback(run->dest);
            error_kind(err, ERROR_COPY);
            return error_wrap(err, "copying large objects %s to %s", PQgetvalue(list, start, 0),
                              PQgetvalue(list, end - 1, 0));
        }
    }
    json_object_set_new(run->result, "large_objects", json_integer(copied));
    log_info(&run->log, "copied %d large objects", copied);
    return true;
}

bool largeobjects_remove(Run *run, Error *err)
{
    const char *const values[] = {journal_id_text(run->arena, run->id)};
    AUTO(result_free) PGresult *result = NULL;
    return conn_query(run->dest,
                      "SELECT pg_catalog.lo_unlink(m.oid) FROM pgzm.largeobject l"
                      " JOIN pg_catalog.pg_largeobject_metadata m ON m.oid = l.oid"
                      " WHERE l.migration = $1::bigint",
                      1, values, &result, err) ||
           error_wrap(err, "unlinking large objects");
}
