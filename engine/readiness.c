#include "engine/readiness.h"

#include <string.h>

#include "engine/journal.h"
#include "schema/catalog.h"

/* Long enough that applications which come and go are no news. */
#define OLD_TRANSACTION_MS "1000"

static bool ask(Run *run, const char *file, int n, const char *const *values, PGresult **result,
                Error *err)
{
    return conn_query(run->dest, run_sql(file, conn_version(run->dest)), n, values, result, err) ||
           error_wrap(err, "looking whether it can be swapped");
}

static bool is_failure(const PGresult *rows, int row)
{
    return strcmp(PQgetvalue(rows, row, 0), "failure") == 0;
}

/* The queries of verify: outcome, message. */
static bool add_checks(Run *run, const char *id, json_t *reasons, json_t *remarks, Error *err)
{
    static const char *const files[] = {"verify_objects", "verify_parts", "verify_sync"};
    const char *const values[] = {id, "f"};
    for (size_t i = 0; i < LENGTH(files); i++) {
        AUTO(result_free) PGresult *rows = NULL;
        if (!ask(run, files[i], 2, values, &rows, err))
            return false;
        for (int row = 0; row < PQntuples(rows); row++)
            if (strcmp(PQgetvalue(rows, row, 0), "pass") != 0)
                json_array_append_new(is_failure(rows, row) ? reasons : remarks,
                                      json_string(PQgetvalue(rows, row, 1)));
    }
    return true;
}

static bool add_fingerprint(Run *run, int64_t id, const char *fingerprint, json_t *reasons,
                            Error *err)
{
    JournalSchemas schemas = {0};
    const char *digest = NULL;
    if (!journal_schemas(run->dest, id, run->arena, &schemas, err))
        return false;
    const CatalogScope scope = {.schemas = journal_live_names(&schemas, run->arena),
                                .schema_count = schemas.count};
    if (!catalog_fingerprint(run->dest, &scope, run->arena, &digest, err))
        return false;
    if (fingerprint == NULL || strcmp(digest, fingerprint) != 0)
        json_array_append_new(reasons,
                              json_string("the live schemas changed since it was prepared"));
    return true;
}

static bool add_outside(Run *run, const char *id, json_t *reasons, Error *err)
{
    const char *const values[] = {id};
    AUTO(result_free) PGresult *stays = NULL;
    AUTO(result_free) PGresult *keys = NULL;
    if (!ask(run, "stays", 1, values, &stays, err) || !ask(run, "new_keys", 1, values, &keys, err))
        return false;
    for (int i = 0; i < PQntuples(stays); i++)
        json_array_append_new(
            reasons, json_sprintf("%s exists in the destination only and leans on %s, which is "
                                  "replaced",
                                  PQgetvalue(stays, i, 0), PQgetvalue(stays, i, 1)));
    for (int i = 0; i < PQntuples(keys); i++)
        json_array_append_new(
            reasons, json_sprintf("foreign key %s was made since", PQgetvalue(keys, i, 0)));
    return true;
}

static bool add_blockers(Run *run, const char *id, json_t *remarks, Error *err)
{
    const char *const values[] = {id, "old", OLD_TRANSACTION_MS};
    AUTO(result_free) PGresult *rows = NULL;
    if (!ask(run, "blockers", 3, values, &rows, err))
        return false;
    for (int i = 0; i < PQntuples(rows); i++)
        json_array_append_new(remarks,
                              json_sprintf("a swap would wait: %s", PQgetvalue(rows, i, 0)));
    return true;
}

bool readiness_look(Run *run, int64_t id, const char *fingerprint, json_t *reasons, json_t *remarks,
                    Error *err)
{
    const char *text = journal_id_text(run->arena, id);
    return add_fingerprint(run, id, fingerprint, reasons, err) &&
           add_checks(run, text, reasons, remarks, err) && add_outside(run, text, reasons, err) &&
           add_blockers(run, text, remarks, err);
}
