#include "engine/unsync.h"

#include <string.h>

#include "engine/journal.h"
#include "engine/patient.h"

/* The triggers of a table go at once: half of them would be worse than all or none. */
static bool drop_parts(Run *run, const PGresult *parts, Error *err)
{
    int count = PQntuples(parts);
    const char **statements = arena_alloc(run->arena, ((size_t)count + 1) * sizeof *statements);
    for (int start = 0, end; start < count; start = end) {
        const char *table = PQgetvalue(parts, start, 0);
        size_t some = 0;
        for (end = start; end < count && strcmp(PQgetvalue(parts, end, 0), table) == 0; end++)
            statements[some++] = PQgetvalue(parts, end, 2);
        const char *what = arena_printf(run->arena, "taking off %s", PQgetvalue(parts, start, 1));
        if (!patient_exec(run, statements, some, what, err))
            return false;
    }
    return true;
}

bool unsync_run(Run *run, Error *err)
{
    const char *const values[] = {journal_id_text(run->arena, run->id)};
    AUTO(result_free) PGresult *parts = NULL;
    AUTO(result_free) PGresult *redo = NULL;
    if (!conn_query(run->dest, run_sql("sync_parts", conn_version(run->dest)), 1, values, &parts,
                    err) ||
        !conn_query_row(run->dest,
                        "SELECT count(*) FROM pgzm.redo r JOIN pgzm.preserved p"
                        " ON p.id = r.preserved WHERE p.migration = $1::bigint",
                        1, values, &redo, err))
        return error_wrap(err, "looking for what keeps preserved tables in step");
    const char *clear = arena_printf(run->arena,
                                     "DELETE FROM pgzm.redo WHERE preserved IN"
                                     " (SELECT id FROM pgzm.preserved WHERE migration = %s)",
                                     values[0]);
    /* the triggers may add some until they are gone */
    bool needed = PQntuples(parts) > 0 || strcmp(PQgetvalue(redo, 0, 0), "0") != 0;
    return drop_parts(run, parts, err) &&
           (!needed || patient_exec(run, &clear, 1, "clearing what was to be copied again", err));
}
