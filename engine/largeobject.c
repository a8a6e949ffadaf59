#include "engine/largeobject.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "engine/journal.h"

/* Bytes that are read and written at once; a page holds a quarter of a block, 2 kB. */
enum { PIECE_BYTES = 1024 * 1024 };

static const char exists_sql[] =
    "SELECT EXISTS (SELECT FROM pg_catalog.pg_largeobject_metadata WHERE oid = $1::oid)";
static const char piece_sql[] = "SELECT pg_catalog.lo_get($1::oid, $2::bigint, $3::int)";

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

static bool copy_bytes(Run *run, const char *oid, Error *err)
{
    for (int64_t offset = 0;; offset += PIECE_BYTES) {
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

static bool grant(Run *run, const char *oid, const char *text, Error *err)
{
    json_t *list = json_loads(text, 0, NULL);
    bool ok = true;
    for (size_t i = 0; i < json_array_size(list) && ok; i++) {
        json_t *entry = json_array_get(list, i);
        const char *grantee = json_string_value(json_array_get(entry, 0));
        AUTO(str_clear) Str sql = STR_INIT;
        str_addf(&sql, "GRANT %s ON LARGE OBJECT %s TO ",
                 json_string_value(json_array_get(entry, 1)), oid);
        if (grantee != NULL)
            conn_add_ident(run->dest, &sql, grantee);
        else
            str_add(&sql, "PUBLIC");
        if (json_is_true(json_array_get(entry, 2)))
            str_add(&sql, " WITH GRANT OPTION");
        ok = conn_exec(run->dest, str_text(&sql), err);
    }
    json_decref(list);
    return ok;
}

/* Grants before the owner: afterwards they are the owner's to give. */
static bool set_attributes(Run *run, const PGresult *list, int row, Error *err)
{
    const char *oid = PQgetvalue(list, row, 0);
    AUTO(str_clear) Str owner = STR_INIT;
    AUTO(str_clear) Str comment = STR_INIT;
    str_addf(&owner, "ALTER LARGE OBJECT %s OWNER TO ", oid);
    conn_add_ident(run->dest, &owner, PQgetvalue(list, row, 1));
    str_addf(&comment, "COMMENT ON LARGE OBJECT %s IS ", oid);
    conn_add_literal(run->dest, &comment, PQgetvalue(list, row, 2));
    const Settings *settings = run->settings;
    return (settings->no_privileges || PQgetisnull(list, row, 3) ||
            grant(run, oid, PQgetvalue(list, row, 3), err)) &&
           (settings->no_comments || PQgetisnull(list, row, 2) ||
            conn_exec(run->dest, str_text(&comment), err)) &&
           (settings->no_owner || conn_exec(run->dest, str_text(&owner), err));
}

/* One transaction with the journal: what is recorded is there as a whole. */
static bool copy_one(Run *run, const PGresult *list, int row, Error *err)
{
    const char *oid = PQgetvalue(list, row, 0);
    const char *const values[] = {journal_id_text(run->arena, run->id), oid};
    AUTO(result_free) PGresult *made = NULL;
    AUTO(result_free) PGresult *noted = NULL;
    return conn_query(run->dest, "SELECT pg_catalog.lo_create($2::oid), $1::bigint", 2, values,
                      &made, err) &&
           conn_query(run->dest,
                      "INSERT INTO pgzm.largeobject (migration, oid) VALUES ($1::bigint, $2::oid)",
                      2, values, &noted, err) &&
           copy_bytes(run, oid, err) && set_attributes(run, list, row, err);
}

bool largeobjects_copy(Run *run, Error *err)
{
    AUTO(result_free) PGresult *list = NULL;
    int copied = 0;
    if (!run->settings->large_objects)
        return true;
    if (!list_objects(run, &list, err))
        return false;
    for (int i = 0; i < PQntuples(list); i++) {
        bool there = false;
        if (!exists(run, PQgetvalue(list, i, 0), &there, err))
            return false;
        if (there)
            continue;
        if (!conn_exec(run->dest, "BEGIN", err) || !copy_one(run, list, i, err) ||
            !conn_exec(run->dest, "COMMIT", err)) {
            conn_rollback(run->dest);
            error_kind(err, ERROR_COPY);
            return error_wrap(err, "copying large object %s", PQgetvalue(list, i, 0));
        }
        copied++;
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
