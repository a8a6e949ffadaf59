#include "engine/extensionrows.h"

#include <stdatomic.h>
#include <string.h>

#include "copy/stream.h"
#include "engine/selection.h"

enum { EXTENSION, IDENTITY, SEQUENCE, READABLE, COLUMNS, CONDITION };

static const char *text(const PGresult *list, int row, int column)
{
    return PQgetvalue(list, row, column);
}

static bool truth(const PGresult *list, int row, int column)
{
    return text(list, row, column)[0] == 't';
}

static bool read_list(Conn *conn, PGresult **list, Error *err)
{
    return conn_query(conn, run_sql("extension_rows", conn_version(conn)), 0, NULL, list, err) ||
           error_wrap(err, "reading which rows of extensions' tables are their users'");
}

/* The row of the other side for the same table, with the same columns; -1 for none. */
static int find(const PGresult *list, const PGresult *other, int row)
{
    static const int same[] = {EXTENSION, IDENTITY, SEQUENCE, COLUMNS};
    for (int i = 0; i < PQntuples(other); i++) {
        bool equal = true;
        for (size_t k = 0; k < LENGTH(same) && equal; k++)
            equal = strcmp(text(list, row, same[k]), text(other, i, same[k])) == 0;
        if (equal)
            return i;
    }
    return -1;
}

static bool name_uncarried(Run *run, const char *extension, const char *identity, const char *why,
                           Error *err)
{
    run_warning(run, "not carried over: rows of an extension's table %s: %s (%s)", extension,
                identity, why);
    if (!run->settings->require_complete)
        return true;
    error_set(err, ERROR_PREFLIGHT, "rows of an extension's table %s would not be carried over",
              identity);
    return error_hint(err, "The warnings name them; leave --require-complete out to go on without "
                           "them.");
}

/* ---- extensions that are there already ------------------------------------------------- */

/* Each side's own condition: what the source's says is not run on the destination. */
static bool digest(Conn *conn, const PGresult *list, int row, PGresult **result, Error *err)
{
    AUTO(str_clear) Str sql = STR_INIT;
    const char *identity = text(list, row, IDENTITY), *columns = text(list, row, COLUMNS);
    if (truth(list, row, SEQUENCE))
        str_addf(&sql, "SELECT last_value, is_called FROM %s", identity);
    else
        str_addf(&sql,
                 "SELECT pg_catalog.count(*), pg_catalog.sum(('x' || pg_catalog.substr("
                 "pg_catalog.md5(ROW(%s)::pg_catalog.text), 1, 15))::pg_catalog.bit(60)"
                 "::pg_catalog.int8) FROM (SELECT %s FROM %s %s\n) t",
                 columns, columns, identity, text(list, row, CONDITION));
    return conn_query_row(conn, str_text(&sql), 0, NULL, result, err) ||
           error_wrap(err, "reading %s of extension %s", identity, text(list, row, EXTENSION));
}

static bool check_one(Run *run, const PGresult *ours, int row, const PGresult *theirs, Error *err)
{
    const char *extension = text(ours, row, EXTENSION), *identity = text(ours, row, IDENTITY);
    if (PQgetisnull(ours, row, COLUMNS))
        return true;
    int other = find(ours, theirs, row);
    if (other < 0)
        return name_uncarried(run, extension, identity,
                              "the destination's extension has no such table", err);
    if (!truth(ours, row, READABLE) || !truth(theirs, other, READABLE))
        return name_uncarried(run, extension, identity, "the user may not read it", err);
    AUTO(result_free) PGresult *source = NULL;
    AUTO(result_free) PGresult *dest = NULL;
    if (!digest(run->source, ours, row, &source, err) ||
        !digest(run->dest, theirs, other, &dest, err))
        return false;
    return (strcmp(text(source, 0, 0), text(dest, 0, 0)) == 0 &&
            strcmp(text(source, 0, 1), text(dest, 0, 1)) == 0) ||
           name_uncarried(run, extension, identity, "the destination's extension keeps its own",
                          err);
}

static bool has_extension(const Model *model, const char *name)
{
    for (size_t i = 0; i < model->extensions.count; i++)
        if (strcmp(model->extensions.items[i].object.name, name) == 0)
            return true;
    return false;
}

bool extensionrows_check(Run *run, const Plan *plan, Error *err)
{
    AUTO(result_free) PGresult *ours = NULL;
    AUTO(result_free) PGresult *theirs = NULL;
    /* where only some objects are wanted nobody asked for these */
    if (selection_scope(run).only_kept)
        return true;
    if (!read_list(run->source, &ours, err) || PQntuples(ours) == 0)
        return !error_is_set(err);
    if (!read_list(run->dest, &theirs, err))
        return false;
    for (int i = 0; i < PQntuples(ours); i++)
        if (has_extension(plan->live, text(ours, i, EXTENSION)) &&
            !check_one(run, ours, i, theirs, err))
            return false;
    return true;
}

/* ---- extensions that were just made ---------------------------------------------------- */

/* A condition may close the parenthesis that COPY puts around it and go on: only what is a query on
 * its own gets there. */
static bool is_query(Run *run, const char *query, Error *err)
{
    AUTO(mem_free) char *explain = mem_printf("EXPLAIN %s", query);
    AUTO(result_free) PGresult *result = NULL;
    return conn_query(run->source, explain, 0, NULL, &result, err);
}

/* The destination first: when that fails nothing is under way on the source. */
static bool begin_copies(Run *run, const char *in, const char *out, Error *err)
{
    if (!conn_copy_begin(run->dest, in, PGRES_COPY_IN, err))
        return false;
    if (conn_copy_begin(run->source, out, PGRES_COPY_OUT, err))
        return true;
    AUTO(error_clear) Error expected = ERROR_INIT;
    if (PQputCopyEnd(conn_pg(run->dest), "the source refused to send") >= 0) {
        bool ended = conn_copy_end(run->dest, NULL, &expected);
        (void)ended; /* it fails: that is what was asked for */
    }
    return false;
}

static bool copy_table(Run *run, const PGresult *ours, int row, Error *err)
{
    const char *identity = text(ours, row, IDENTITY), *columns = text(ours, row, COLUMNS);
    AUTO(mem_free)
    char *query = mem_printf("SELECT %s FROM %s %s", columns, identity, text(ours, row, CONDITION));
    AUTO(mem_free) char *out = mem_printf("COPY (%s\n) TO STDOUT", query);
    AUTO(mem_free) char *in = mem_printf("COPY %s (%s) FROM STDIN", identity, columns);
    _Atomic int64_t bytes = 0;
    const StreamMeter meter = {.wire_bytes = &bytes};
    int64_t rows = 0;
    if (!is_query(run, query, err) || !begin_copies(run, in, out, err) ||
        !stream_run(run->source, run->dest, &meter, &rows, err))
        return false;
    log_info(&run->log, "copied %lld rows of extension %s's table %s", (long long)rows,
             text(ours, row, EXTENSION), identity);
    return true;
}

static bool copy_sequence(Run *run, const PGresult *ours, int row, Error *err)
{
    AUTO(result_free) PGresult *value = NULL;
    AUTO(result_free) PGresult *set = NULL;
    if (!digest(run->source, ours, row, &value, err))
        return false;
    const char *const values[] = {text(ours, row, IDENTITY), text(value, 0, 0), text(value, 0, 1)};
    return conn_query(run->dest,
                      "SELECT pg_catalog.setval($1::pg_catalog.regclass, $2::pg_catalog.int8,"
                      " $3::pg_catalog.bool)",
                      3, values, &set, err);
}

/* What CREATE EXTENSION put there, by the destination's condition; those that refer first. */
static bool empty(Run *run, const PGresult *theirs, const char *extension, Error *err)
{
    for (int i = PQntuples(theirs); i-- > 0;)
        if (strcmp(text(theirs, i, EXTENSION), extension) == 0 && !truth(theirs, i, SEQUENCE) &&
            !conn_execf(run->dest, err, "DELETE FROM %s %s", text(theirs, i, IDENTITY),
                        text(theirs, i, CONDITION)))
            return error_wrap(err, "emptying %s", text(theirs, i, IDENTITY));
    return true;
}

static bool copy_all(Run *run, const PGresult *ours, const PGresult *theirs, const char *extension,
                     Error *err)
{
    if (!empty(run, theirs, extension, err))
        return false;
    for (int i = 0; i < PQntuples(ours); i++) {
        if (strcmp(text(ours, i, EXTENSION), extension) != 0 || PQgetisnull(ours, i, COLUMNS))
            continue;
        if (find(ours, theirs, i) < 0) {
            if (!name_uncarried(run, extension, text(ours, i, IDENTITY),
                                "the destination's extension has no such table", err))
                return false;
            continue;
        }
        bool ok = truth(ours, i, SEQUENCE) ? copy_sequence(run, ours, i, err)
                                           : copy_table(run, ours, i, err);
        if (!ok)
            return error_wrap(err, "copying %s", text(ours, i, IDENTITY));
    }
    return true;
}

/* The extension may not want rows from elsewhere: the migration goes on without. */
static bool go_on(Run *run, const PGresult *ours, const char *extension, Error *err)
{
    conn_rollback(run->dest);
    if (err->kind == ERROR_CONNECTION || err->kind == ERROR_INTERRUPTED ||
        (run->settings->require_complete && err->kind == ERROR_PREFLIGHT))
        return false;
    AUTO(error_clear) Error failure = ERROR_INIT;
    if (!conn_exec(run->source, "ROLLBACK TO SAVEPOINT pgzm_rows", &failure))
        return false; /* the source's snapshot is lost */
    error_move(&failure, err);
    for (int i = 0; i < PQntuples(ours); i++)
        if (strcmp(text(ours, i, EXTENSION), extension) == 0 &&
            !name_uncarried(run, extension, text(ours, i, IDENTITY), failure.message, err))
            return false;
    return true;
}

bool extensionrows_undumped(Run *run, Error *err)
{
    AUTO(result_free) PGresult *list = NULL;
    if (selection_scope(run).only_kept)
        return true;
    if (!read_list(run->source, &list, err))
        return false;
    for (int i = 0; i < PQntuples(list); i++) {
        const char *extension = text(list, i, EXTENSION), *identity = text(list, i, IDENTITY);
        AUTO(result_free) PGresult *rows = NULL;
        if (PQgetisnull(list, i, COLUMNS) || truth(list, i, SEQUENCE))
            continue;
        if (!truth(list, i, READABLE)) {
            run_warning(run,
                        "not in the dump: rows of extension %s's table %s, which the user "
                        "may not read",
                        extension, identity);
            continue;
        }
        if (!digest(run->source, list, i, &rows, err))
            return false;
        if (strcmp(text(rows, 0, 0), "0") != 0)
            run_warning(run, "not in the dump: rows of extension %s's table %s: %s", extension,
                        identity, text(rows, 0, 0));
    }
    return true;
}

static bool name_not_in_dump(Run *run, const PGresult *ours, const char *extension, Error *err)
{
    for (int i = 0; i < PQntuples(ours); i++)
        if (strcmp(text(ours, i, EXTENSION), extension) == 0 && !PQgetisnull(ours, i, COLUMNS) &&
            !name_uncarried(run, extension, text(ours, i, IDENTITY), "it is not in a dump", err))
            return false;
    return true;
}

bool extensionrows_copy(Run *run, const char *extension, Error *err)
{
    AUTO(result_free) PGresult *ours = NULL;
    AUTO(result_free) PGresult *theirs = NULL;
    bool any = false;
    if (!read_list(run->source, &ours, err))
        return false;
    for (int i = 0; i < PQntuples(ours); i++)
        any = any || strcmp(text(ours, i, EXTENSION), extension) == 0;
    if (!any)
        return true;
    if (conn_is_tape(run->source))
        return name_not_in_dump(run, ours, extension, err);
    if (!read_list(run->dest, &theirs, err) ||
        !conn_exec(run->source, "SAVEPOINT pgzm_rows", err) || !conn_exec(run->dest, "BEGIN", err))
        return false;
    if (!copy_all(run, ours, theirs, extension, err) || !conn_exec(run->dest, "COMMIT", err))
        return go_on(run, ours, extension, err);
    return conn_exec(run->source, "RELEASE SAVEPOINT pgzm_rows", err);
}
