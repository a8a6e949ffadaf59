#include "engine/sourceid.h"

#include <string.h>

#include "engine/dump.h"
#include "engine/selection.h"
#include "schema/catalog.h"

bool sourceid_read(Run *run, Conn *source, const char **id, Error *err)
{
    AUTO(error_clear) Error failure = ERROR_INIT;
    AUTO(result_free) PGresult *result = NULL;
    *id = "";
    if (run->dump != NULL) {
        *id = arena_printf(run->arena, "dump %s", run->dump->manifest.catalog.info.digest);
        return true;
    }
    if (conn_query_row(source,
                       "SELECT c.system_identifier || ':' || d.oid"
                       " FROM pg_catalog.pg_control_system() c, pg_catalog.pg_database d"
                       " WHERE d.datname = pg_catalog.current_database()",
                       0, NULL, &result, &failure)) {
        *id = arena_strdup(run->arena, PQgetvalue(result, 0, 0));
        return true;
    }
    return error_is_state(&failure, "42501") || error_move(err, &failure);
}

bool sourceid_fingerprint(Run *run, Conn *conn, const JournalSchemas *schemas, const char **digest,
                          Error *err)
{
    CatalogScope scope = {0};
    if (conn_side(conn) == CONN_SOURCE)
        scope = selection_scope(run);
    scope.schemas = journal_live_names(schemas, run->arena);
    scope.schema_count = schemas->count;
    return catalog_fingerprint(conn, &scope, run->arena, digest, err);
}

bool sourceid_check(Run *run, const JournalSchemas *schemas, Snapshot *snapshot, Error *err)
{
    if (!sourceid_fingerprint(run, run->source, schemas, &snapshot->fingerprint, err))
        return false;
    if (run->dump != NULL)
        return sourceid_read(run, run->source, &snapshot->source_id, err);
    const ConnSpec spec = {
        .side = CONN_SOURCE, .conninfo = run->settings->source, .purpose = "fingerprint"};
    AUTO(conn_free) Conn *now = NULL;
    const char *current = NULL;
    if (!conn_open(&spec, run->cancel, &now, err) ||
        !sourceid_read(run, now, &snapshot->source_id, err) ||
        !sourceid_fingerprint(run, now, schemas, &current, err))
        return false;
    if (strcmp(snapshot->fingerprint, current) == 0)
        return true;
    error_set(err, ERROR_LOCK, "definitions on the source changed while they were read");
    return error_hint(err, "Run the command again when nobody changes the schema there.");
}
