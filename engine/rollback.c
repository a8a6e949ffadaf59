#include "engine/rollback.h"

#include "engine/journal.h"
#include "engine/trade.h"

/* Where the new objects went, with the rows that were written to replaced tables since the swap. */
static bool report_undone(Run *run, Error *err)
{
    const char *const values[] = {journal_id_text(run->arena, run->id)};
    AUTO(result_free) PGresult *result = NULL;
    if (!conn_query(run->dest,
                    "SELECT s.live, s.undone FROM pgzm.schema s"
                    " JOIN pg_namespace n ON n.nspname = s.undone"
                    " WHERE s.migration = $1::bigint AND EXISTS (SELECT FROM pg_class c"
                    " WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'p')) ORDER BY 1",
                    1, values, &result, err))
        return error_wrap(err, "reading the journal");
    for (int i = 0; i < PQntuples(result); i++)
        run_warning(run, "rows written to replaced tables of %s since the swap are in schema %s",
                    PQgetvalue(result, i, 0), PQgetvalue(result, i, 1));
    return true;
}

bool command_rollback(Run *run, Error *err)
{
    const JournalMigration *found = NULL;
    if (!run->settings->latest) {
        error_set(err, ERROR_USAGE, "rollback needs --latest");
        return error_hint(err, "It says that the latest swapped migration is meant.");
    }
    if (!run_open_dest(run, err) || !journal_lock(run->dest, err) ||
        !journal_find(run->dest, STATE_SWAPPED "," STATE_SETTLED, run->arena, &found, err))
        return false;
    if (found == NULL) {
        error_set(err, ERROR_STATE, "there is no swapped migration to roll back");
        return error_hint(err, "pgzm-copy list shows what there is.");
    }
    const JournalMigration *unfinished = NULL;
    if (!journal_find(run->dest, STATE_PREPARING "," STATE_PREPARED, run->arena, &unfinished, err))
        return false;
    if (unfinished != NULL) {
        error_set(err, ERROR_STATE, "migration %lld is unfinished: %s", (long long)unfinished->id,
                  unfinished->state);
        return error_hint(err, "Run pgzm-copy abort first.");
    }
    run->id = found->id;
    if (found->source_as_of != NULL)
        json_object_set_new(run->result, "source_as_of", json_string(found->source_as_of));
    if (run->settings->dry_run)
        return trade_plan(run, TRADE_ROLLBACK, err);
    if (!trade_run(run, TRADE_ROLLBACK, err))
        return false;
    json_object_set_new(run->result, "state", json_string(STATE_ROLLED_BACK));
    if (!report_undone(run, err))
        return false;
    return trade_settle(run, TRADE_ROLLBACK, err);
}
