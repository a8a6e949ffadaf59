#include <stdlib.h>
#include <string.h>

#include "engine/holder.h"
#include "engine/journal.h"
#include "engine/readiness.h"

/* Columns of status.sql. */
enum {
    ID,
    STATE,
    STARTED,
    SOURCE_AS_OF,
    TASKS_DONE,
    TASKS_TOTAL,
    PRESERVED,
    SHADOW_SCHEMAS,
    SHADOW_TABLES,
    TRIGGERS,
    BACKUPS,
    ROWS,
    BYTES,
    CHANGED,
    SWAPPED,
    CLEANED,
    UNSETTLED,
    LATEST,
    FINGERPRINT,
    ORPHANS,
    ABORTING,
    CLEANING,
    RESUMABLE,
    DUMPED,
    DIFFERING
};

static json_int_t number(const PGresult *result, int row, int column)
{
    return strtoll(PQgetvalue(result, row, column), NULL, 10);
}

static json_t *document(const PGresult *result, int row, int column)
{
    json_t *value = json_loads(PQgetvalue(result, row, column), 0, NULL);
    return value != NULL ? value : json_array();
}

static json_t *text_or_null(const PGresult *result, int row, int column)
{
    return PQgetisnull(result, row, column) ? json_null()
                                            : json_string(PQgetvalue(result, row, column));
}

static bool is_state(const PGresult *row, const char *state)
{
    return strcmp(PQgetvalue(row, 0, STATE), state) == 0;
}

/* ---- readiness ------------------------------------------------------------------------- */

static const char *unfinished_reason(Run *run, const PGresult *row, bool held)
{
    if (PQgetvalue(row, 0, ABORTING)[0] == 't')
        return held ? "it is being aborted" : "abort was interrupted";
    if (!held && !PQgetisnull(row, 0, DIFFERING))
        return arena_printf(run->arena, "what was copied is not what the source has: %s",
                            PQgetvalue(row, 0, DIFFERING));
    return held ? "preparing has not ended: it is at work" : "prepare was interrupted";
}

/* Why a swap would be refused; empty when it would not. */
static bool find_reasons(Run *run, const PGresult *row, bool held, json_t *reasons, json_t *remarks,
                         Error *err)
{
    if (is_state(row, STATE_PREPARING)) {
        json_array_append_new(reasons, json_string(unfinished_reason(run, row, held)));
        return true;
    }
    if (!is_state(row, STATE_PREPARED)) {
        bool latest = PQgetvalue(row, 0, LATEST)[0] == 't';
        json_array_append_new(reasons,
                              json_sprintf("the %smigration is %s", latest ? "latest " : "",
                                           PQgetvalue(row, 0, STATE)));
        return true;
    }
    return readiness_look(run, strtoll(PQgetvalue(row, 0, ID), NULL, 10),
                          PQgetisnull(row, 0, FINGERPRINT) ? NULL : PQgetvalue(row, 0, FINGERPRINT),
                          reasons, remarks, err);
}

static void suggest(Run *run, const PGresult *row, bool held)
{
    if (PQgetvalue(row, 0, CLEANING)[0] == 't' && !held)
        run_next(run, arena_printf(run->arena, "pgzm-copy cleanup --timestamp %s",
                                   PQgetvalue(row, 0, ID)));
    bool backup = PQgetisnull(row, 0, CLEANED) && PQgetvalue(row, 0, LATEST)[0] == 't';
    if (json_is_true(json_object_get(run->result, "readyForSwap")))
        run_next(run, "pgzm-copy swap");
    if (PQgetvalue(row, 0, RESUMABLE)[0] == 't' && !held)
        run_next(run, PQgetvalue(row, 0, DUMPED)[0] == 't'
                          ? "pgzm-copy prepare --resume --from-dump ..."
                          : "pgzm-copy prepare --resume");
    if (is_state(row, STATE_PREPARED) || (is_state(row, STATE_PREPARING) && !held))
        run_next(run, "pgzm-copy abort");
    if (is_state(row, STATE_PREPARING) && held)
        run_next(run, "pgzm-copy unlock");
    if (is_state(row, STATE_SWAPPED))
        run_next(run, "pgzm-copy swap"); /* verifies again */
    if ((is_state(row, STATE_SWAPPED) || is_state(row, STATE_SETTLED)) && backup)
        run_next(run, "pgzm-copy rollback --latest");
    if (is_state(row, STATE_ROLLED_BACK) && strcmp(PQgetvalue(row, 0, UNSETTLED), "[]") != 0)
        run_next(run, arena_printf(run->arena, "pgzm-copy rollback --timestamp %s",
                                   PQgetvalue(row, 0, ID))); /* verifies again */
}

/* ---- status ---------------------------------------------------------------------------- */

static void describe_nothing(Run *run)
{
    json_object_set_new(run->result, "migration", json_null());
    json_object_set_new(run->result, "readyForSwap", json_false());
    json_object_set_new(run->result, "reasons", json_pack("[s]", "there is no migration"));
    json_object_set_new(run->result, "remarks", json_array());
    json_object_set_new(run->result, "lock", json_null());
    json_object_set_new(run->result, "shadowSchemaExists", json_false());
    json_object_set_new(run->result, "shadowTableCount", json_integer(0));
    json_object_set_new(run->result, "syncTriggerCount", json_integer(0));
    json_object_set_new(run->result, "backupCount", json_integer(0));
    json_object_set_new(run->result, "backupSchemas", json_array());
}

static void describe_migration(Run *run, const PGresult *row)
{
    json_t *migration = json_object();
    json_object_set_new(migration, "timestamp", json_string(PQgetvalue(row, 0, ID)));
    json_object_set_new(migration, "state", json_string(PQgetvalue(row, 0, STATE)));
    json_object_set_new(migration, "started", text_or_null(row, 0, STARTED));
    json_object_set_new(migration, "changed", text_or_null(row, 0, CHANGED));
    json_object_set_new(migration, "swapped", text_or_null(row, 0, SWAPPED));
    json_object_set_new(migration, "cleaned", text_or_null(row, 0, CLEANED));
    json_object_set_new(migration, "source_as_of", text_or_null(row, 0, SOURCE_AS_OF));
    json_object_set_new(migration, "tasks_done", json_integer(number(row, 0, TASKS_DONE)));
    json_object_set_new(migration, "tasks_total", json_integer(number(row, 0, TASKS_TOTAL)));
    json_object_set_new(migration, "rows", json_integer(number(row, 0, ROWS)));
    json_object_set_new(migration, "bytes", json_integer(number(row, 0, BYTES)));
    json_object_set_new(migration, "preserved", document(row, 0, PRESERVED));
    json_object_set_new(migration, "unsettled", document(row, 0, UNSETTLED));
    json_object_set_new(migration, "orphans", document(row, 0, ORPHANS));
    json_object_set_new(migration, "resumable",
                        json_boolean(PQgetvalue(row, 0, RESUMABLE)[0] == 't'));
    json_object_set_new(run->result, "migration", migration);
    json_t *backups = document(row, 0, BACKUPS);
    json_object_set_new(run->result, "shadowSchemaExists",
                        json_boolean(number(row, 0, SHADOW_SCHEMAS) > 0));
    json_object_set_new(run->result, "shadowTableCount",
                        json_integer(number(row, 0, SHADOW_TABLES)));
    json_object_set_new(run->result, "syncTriggerCount", json_integer(number(row, 0, TRIGGERS)));
    json_object_set_new(run->result, "backupCount",
                        json_integer((json_int_t)json_array_size(backups)));
    json_object_set_new(run->result, "backupSchemas", backups);
}

static bool describe(Run *run, const PGresult *row, Error *err)
{
    const Holder *holder = NULL;
    if (!holder_find(run, &holder, err))
        return false;
    json_t *reasons = json_array();
    json_t *remarks = json_array();
    describe_migration(run, row);
    json_object_set_new(run->result, "lock", holder_json(holder));
    json_object_set_new(run->result, "reasons", reasons);
    json_object_set_new(run->result, "remarks", remarks);
    if (!find_reasons(run, row, holder != NULL, reasons, remarks, err))
        return false;
    json_object_set_new(run->result, "readyForSwap", json_boolean(json_array_size(reasons) == 0));
    suggest(run, row, holder != NULL);
    return true;
}

static bool look(Run *run, Error *err)
{
    int64_t asked = run->settings->timestamp;
    const char *const values[] = {asked != 0 ? journal_id_text(run->arena, asked) : NULL};
    AUTO(result_free) PGresult *row = NULL;
    bool exists = false;
    if (!journal_exists(run->dest, &exists, err))
        return false;
    if (exists &&
        !conn_query(run->dest, run_sql("status", conn_version(run->dest)), 1, values, &row, err))
        return error_wrap(err, "reading the journal");
    if (exists && PQntuples(row) == 1)
        return describe(run, row, err);
    if (asked == 0) {
        describe_nothing(run);
        return true;
    }
    error_set(err, ERROR_STATE, "there is no migration %s in the journal", values[0]);
    return error_hint(err, "pgzm-copy list shows what there is.");
}

/* One picture: a swap may be under way. */
bool command_status(Run *run, Error *err)
{
    if (!run_open_dest(run, err) ||
        !conn_exec(run->dest, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", err))
        return false;
    bool ok = look(run, err);
    conn_rollback(run->dest);
    return ok;
}

/* ---- list ------------------------------------------------------------------------------ */

static json_t *describe_backup(const PGresult *rows, int row)
{
    return json_pack("{s:s, s:s, s:s, s:I, s:I, s:o, s:o, s:I, s:o, s:b, s:s}", "timestamp",
                     PQgetvalue(rows, row, 0), "created", PQgetvalue(rows, row, 1), "state",
                     PQgetvalue(rows, row, 2), "tableCount", number(rows, row, 3), "size",
                     number(rows, row, 4), "schemas", document(rows, row, 5), "swapped",
                     text_or_null(rows, row, 6), "age", number(rows, row, 7), "cleaned",
                     text_or_null(rows, row, 8), "rollback", PQgetvalue(rows, row, 9)[0] == 't',
                     "version", PQgetvalue(rows, row, 10));
}

bool command_list(Run *run, Error *err)
{
    bool exists = false;
    AUTO(result_free) PGresult *rows = NULL;
    if (!run_open_dest(run, err) || !journal_exists(run->dest, &exists, err))
        return false;
    if (exists &&
        !conn_query(run->dest, run_sql("list", conn_version(run->dest)), 0, NULL, &rows, err))
        return error_wrap(err, "reading the journal");
    json_t *list = json_array();
    json_object_set_new(run->result, "backups", list);
    for (int i = 0; exists && i < PQntuples(rows); i++)
        json_array_append_new(list, describe_backup(rows, i));
    return true;
}
