#include <stdlib.h>

#include "engine/journal.h"

static json_t *text(const PGresult *rows, int row, int column)
{
    return PQgetisnull(rows, row, column) ? json_null()
                                          : json_string(PQgetvalue(rows, row, column));
}

static json_t *describe(const PGresult *rows, int row)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:I, s:o, s:o}", "at", text(rows, row, 0),
                     "migration", text(rows, row, 1), "role", text(rows, row, 2), "address",
                     text(rows, row, 3), "host", text(rows, row, 4), "backend",
                     (json_int_t)strtoll(PQgetvalue(rows, row, 5), NULL, 10), "what",
                     text(rows, row, 6), "detail", text(rows, row, 7));
}

static bool check_known(Run *run, const char *id, Error *err)
{
    const char *const values[] = {id};
    AUTO(result_free) PGresult *result = NULL;
    if (!conn_query(run->dest, "SELECT FROM pgzm.migration WHERE id = $1::bigint", 1, values,
                    &result, err))
        return error_wrap(err, "reading the journal");
    if (PQntuples(result) == 1)
        return true;
    error_set(err, ERROR_STATE, "there is no migration %s in the journal", id);
    return error_hint(err, "pgzm-copy list shows what there is.");
}

bool command_history(Run *run, Error *err)
{
    bool exists = false;
    const char *id = run->settings->timestamp != 0
                         ? journal_id_text(run->arena, run->settings->timestamp)
                         : NULL;
    AUTO(result_free) PGresult *rows = NULL;
    if (!run_open_dest(run, err) || !journal_exists(run->dest, &exists, err))
        return false;
    if (!exists && id != NULL)
        return error_set(err, ERROR_STATE, "there is no migration %s: there is no journal", id);
    if (exists &&
        ((id != NULL && !check_known(run, id, err)) ||
         !conn_query(run->dest, run_sql("history", conn_version(run->dest)), 1, &id, &rows, err)))
        return error_wrap(err, "reading the journal");
    json_t *events = json_array();
    json_object_set_new(run->result, "events", events);
    for (int i = 0; exists && i < PQntuples(rows); i++)
        json_array_append_new(events, describe(rows, i));
    return true;
}
