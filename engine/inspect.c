#include <stdlib.h>
#include <string.h>

#include "engine/journal.h"

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

/* Why a swap would be refused; empty when it would not. */
static json_t *reasons(const char *state)
{
    json_t *list = json_array();
    if (state == NULL)
        json_array_append_new(list, json_string("there is no migration"));
    else if (strcmp(state, STATE_PREPARING) == 0)
        json_array_append_new(list, json_string("preparing has not ended: it runs or has failed"));
    else if (strcmp(state, STATE_PREPARED) != 0)
        json_array_append_new(list, json_sprintf("the latest migration is %s", state));
    return list;
}

static void describe_readiness(Run *run, const char *state)
{
    json_t *list = reasons(state);
    json_object_set_new(run->result, "readyForSwap", json_boolean(json_array_size(list) == 0));
    json_object_set_new(run->result, "reasons", list);
}

static void describe_nothing(Run *run)
{
    json_object_set_new(run->result, "migration", json_null());
    describe_readiness(run, NULL);
    json_object_set_new(run->result, "shadowSchemaExists", json_false());
    json_object_set_new(run->result, "shadowTableCount", json_integer(0));
    json_object_set_new(run->result, "syncTriggerCount", json_integer(0));
    json_object_set_new(run->result, "backupCount", json_integer(0));
    json_object_set_new(run->result, "backupSchemas", json_array());
}

static void describe_latest(Run *run, const PGresult *result)
{
    json_t *migration = json_object();
    json_object_set_new(migration, "timestamp", json_string(PQgetvalue(result, 0, 0)));
    json_object_set_new(migration, "state", json_string(PQgetvalue(result, 0, 1)));
    json_object_set_new(migration, "started", text_or_null(result, 0, 2));
    json_object_set_new(migration, "source_as_of", text_or_null(result, 0, 3));
    json_object_set_new(migration, "tasks_done", json_integer(number(result, 0, 4)));
    json_object_set_new(migration, "tasks_total", json_integer(number(result, 0, 5)));
    json_object_set_new(migration, "preserved", document(result, 0, 6));
    json_object_set_new(run->result, "migration", migration);
    describe_readiness(run, PQgetvalue(result, 0, 1));
    json_t *backups = document(result, 0, 10);
    json_object_set_new(run->result, "shadowSchemaExists", json_boolean(number(result, 0, 7) > 0));
    json_object_set_new(run->result, "shadowTableCount", json_integer(number(result, 0, 8)));
    json_object_set_new(run->result, "syncTriggerCount", json_integer(number(result, 0, 9)));
    json_object_set_new(run->result, "backupCount",
                        json_integer((json_int_t)json_array_size(backups)));
    json_object_set_new(run->result, "backupSchemas", backups);
}

bool command_status(Run *run, Error *err)
{
    bool exists = false;
    AUTO(result_free) PGresult *result = NULL;
    if (!run_open_dest(run, err) || !journal_exists(run->dest, &exists, err))
        return false;
    if (exists &&
        !conn_query(run->dest, run_sql("status", conn_version(run->dest)), 0, NULL, &result, err))
        return error_wrap(err, "reading the journal");
    if (exists && PQntuples(result) == 1)
        describe_latest(run, result);
    else
        describe_nothing(run);
    return true;
}

bool command_list(Run *run, Error *err)
{
    bool exists = false;
    AUTO(result_free) PGresult *result = NULL;
    if (!run_open_dest(run, err) || !journal_exists(run->dest, &exists, err))
        return false;
    if (exists &&
        !conn_query(run->dest, run_sql("list", conn_version(run->dest)), 0, NULL, &result, err))
        return error_wrap(err, "reading the journal");
    json_t *list = json_array();
    json_object_set_new(run->result, "backups", list);
    for (int i = 0; exists && i < PQntuples(result); i++)
        json_array_append_new(
            list, json_pack("{s:s, s:s, s:s, s:I, s:I, s:o}", "timestamp", PQgetvalue(result, i, 0),
                            "created", PQgetvalue(result, i, 1), "state", PQgetvalue(result, i, 2),
                            "tableCount", number(result, i, 3), "size", number(result, i, 4),
                            "schemas", document(result, i, 5)));
    return true;
}
