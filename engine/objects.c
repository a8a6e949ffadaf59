#include "engine/objects.h"

#include "engine/journal.h"
#include "engine/rebuild.h"

static bool record_objects(Run *run, const Plan *plan, Error *err)
{
    const char *const values[] = {journal_id_text(run->arena, run->id)};
    AUTO(result_free) PGresult *cleared = NULL;
    AUTO(result_free) PGresult *added = NULL;
    return conn_query(run->dest, "DELETE FROM pgzm.object WHERE migration = $1::bigint", 1, values,
                      &cleared, err) &&
           conn_query(run->dest, run_sql("objects", conn_version(run->dest)), 1, values, &added,
                      err) &&
           rebuild_mark(run, plan, err);
}

bool objects_record(Run *run, const Plan *plan, Error *err)
{
    bool ok = run_nested_loops(run, false, err) && record_objects(run, plan, err) &&
              run_nested_loops(run, true, err);
    return ok || error_wrap(err, "recording what the swap moves");
}

bool objects_check(Run *run, Error *err)
{
    const char *const values[] = {journal_id_text(run->arena, run->id)};
    AUTO(result_free) PGresult *result = NULL;
    if (!run_nested_loops(run, false, err) ||
        !conn_query(run->dest, run_sql("stays", conn_version(run->dest)), 1, values, &result,
                    err) ||
        !run_nested_loops(run, true, err))
        return error_wrap(err, "looking for what stays in the destination");
    int count = PQntuples(result);
    if (count == 0)
        return true;
    for (int i = 0; i < count; i++)
        log_warning(&run->log, "destination only: %s leans on %s, which is replaced",
                    PQgetvalue(result, i, 0), PQgetvalue(result, i, 1));
    error_set(err, ERROR_PREFLIGHT,
              "%s exists in the destination only and leans on %s, which is replaced%s",
              PQgetvalue(result, 0, 0), PQgetvalue(result, 0, 1),
              count > 1 ? " (and more: see the warnings)" : "");
    return error_hint(err,
                      "Drop it, or create it on the source too; this version does not re-point "
                      "such objects yet.");
}
