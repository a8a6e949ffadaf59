#include "engine/swap.h"

#include <string.h>

#include "engine/journal.h"
#include "engine/latekey.h"
#include "engine/objects.h"
#include "engine/settle.h"
#include "schema/catalog.h"

/* What was prepared for must still be what is live. */
static bool check_fingerprint(Run *run, const JournalMigration *migration, Error *err)
{
    JournalSchemas schemas = {0};
    if (!journal_schemas(run->dest, migration->id, run->arena, &schemas, err))
        return false;
    const CatalogScope scope = {.schemas = journal_live_names(&schemas, run->arena),
                                .schema_count = schemas.count};
    const char *digest = NULL;
    if (!catalog_fingerprint(run->dest, &scope, run->arena, &digest, err))
        return false;
    if (migration->fingerprint != NULL && strcmp(digest, migration->fingerprint) == 0)
        return true;
    error_set(err, ERROR_STATE, "the live schemas changed since migration %lld was prepared",
              (long long)migration->id);
    return error_hint(err, "Undo the change, or run pgzm-copy abort and prepare again.");
}

/* The fingerprint is of the migrated schemas alone: an object of another schema that was made since
 * to lean on a live one would follow it into the backup. */
static bool check_outside(Run *run, Error *err)
{
    const char *const values[] = {journal_id_text(run->arena, run->id)};
    AUTO(result_free) PGresult *result = NULL;
    if (!objects_check(run, err))
        return false;
    if (!conn_query(run->dest, run_sql("new_keys", conn_version(run->dest)), 1, values, &result,
                    err))
        return error_wrap(err, "looking for new foreign keys");
    if (PQntuples(result) == 0)
        return true;
    error_set(err, ERROR_STATE, "foreign key %s was made since the migration was prepared",
              PQgetvalue(result, 0, 0));
    return error_hint(err, "Drop it, or run pgzm-copy abort and prepare again.");
}

static void describe(Run *run, const JournalMigration *migration)
{
    run->id = migration->id;
    if (migration->source_as_of != NULL)
        json_object_set_new(run->result, "source_as_of", json_string(migration->source_as_of));
}

static bool trade_and_settle(Run *run, Error *err)
{
    if (!trade_run(run, TRADE_SWAP, err))
        return false;
    json_object_set_new(run->result, "state", json_string(STATE_SWAPPED));
    run_next(run, "pgzm-copy rollback --latest");
    if (!settle_run(run, TRADE_SWAP, err)) {
        run_next(run, "pgzm-copy swap"); /* verifies again */
        return false;
    }
    json_object_set_new(run->result, "state", json_string(STATE_SETTLED));
    return true;
}

/* `--timestamp` says which one is meant: that nobody swaps another one by mistake. */
static bool check_meant(const Run *run, const JournalMigration *found, Error *err)
{
    int64_t meant = run->settings->timestamp;
    if (run->command != PGZM_SWAP || meant == 0 || meant == found->id)
        return true;
    error_set(err, ERROR_STATE, "migration %lld is %s, not %lld", (long long)found->id,
              found->state, (long long)meant);
    return error_hint(err,
                      "pgzm-copy list shows what there is; say --timestamp %lld to swap this "
                      "one.",
                      (long long)found->id);
}

bool swap_prepared(Run *run, Error *err)
{
    const JournalMigration *found = NULL;
    if (!journal_find(run->dest, STATE_PREPARED, run->arena, &found, err))
        return false;
    if (found == NULL) {
        error_set(err, ERROR_STATE, "nothing is prepared to be swapped");
        return error_hint(err, "Run pgzm-copy prepare first; pgzm-copy status tells more.");
    }
    if (!check_meant(run, found, err))
        return false;
    describe(run, found);
    /* counting takes time: what must be as it was is looked at last */
    if (!latekey_check_orphans(run, err) || !trade_mark(run, err) ||
        !check_fingerprint(run, found, err) || !check_outside(run, err))
        return false;
    return run->settings->dry_run ? trade_plan(run, TRADE_SWAP, err) : trade_and_settle(run, err);
}

/* A migration that is live but could not be verified is verified again. */
static bool settle_again(Run *run, bool *settled, Error *err)
{
    const JournalMigration *found = NULL;
    *settled = false;
    if (!journal_find(run->dest, STATE_PREPARED "," STATE_SWAPPED, run->arena, &found, err))
        return false;
    if (found == NULL || strcmp(found->state, STATE_SWAPPED) != 0)
        return true;
    if (!check_meant(run, found, err))
        return false;
    describe(run, found);
    *settled = true;
    if (run->settings->dry_run)
        return true;
    json_object_set_new(run->result, "state", json_string(STATE_SWAPPED));
    if (!settle_run(run, TRADE_SWAP, err)) {
        run_next(run, "pgzm-copy swap"); /* verifies again */
        return false;
    }
    json_object_set_new(run->result, "state", json_string(STATE_SETTLED));
    return true;
}

bool command_swap(Run *run, Error *err)
{
    bool settled = false;
    if (!run_open_dest(run, err) || !journal_lock(run->dest, err) ||
        !settle_again(run, &settled, err))
        return false;
    return settled || swap_prepared(run, err);
}
