#include "engine/verifysubset.h"

#include <string.h>

#include "base/str.h"

/* Columns of the query. */
enum { LIVE, NAME, ALIAS, CONDITIONS, MASKED, ALIKE };

bool verifysubset_read(Verify *verify, PGresult **notes, Error *err)
{
    const char *const values[] = {verify->id};
    return conn_query(verify->run->dest,
                      "SELECT live, name, alias, conditions, masked, alike FROM pgzm.subset"
                      " WHERE migration = $1::bigint",
                      1, values, notes, err) ||
           error_wrap(err, "reading the journal");
}

static int find(const PGresult *notes, const char *schema, const char *name)
{
    for (int i = 0; i < PQntuples(notes); i++)
        if (strcmp(PQgetvalue(notes, i, LIVE), schema) == 0 &&
            strcmp(PQgetvalue(notes, i, NAME), name) == 0)
            return i;
    return -1;
}

/* "(SELECT * FROM t AS a WHERE (c))", the conditions between parentheses as when they were proven
 * to be expressions. */
static const char *narrow(Verify *verify, const PGresult *notes, int row, const char *from)
{
    json_t *conditions = json_loads(PQgetvalue(notes, row, CONDITIONS), 0, NULL);
    AUTO(str_clear) Str s = STR_INIT;
    str_addf(&s, "(SELECT * FROM %s", from);
    if (!PQgetisnull(notes, row, ALIAS)) {
        str_add(&s, " AS ");
        conn_add_ident(verify->run->source, &s, PQgetvalue(notes, row, ALIAS));
    } else if (from[0] == '(') { /* a query needs a name */
        str_add(&s, " AS ");
        conn_add_ident(verify->run->source, &s, PQgetvalue(notes, row, NAME));
    }
    for (size_t i = 0; i < json_array_size(conditions); i++)
        str_addf(&s, " %s (%s\n)", i == 0 ? "WHERE" : "AND",
                 json_string_value(json_array_get(conditions, i)));
    str_add(&s, ")");
    json_decref(conditions);
    return arena_strdup(verify->run->arena, str_text(&s));
}

static void drop_masked(Verify *verify, const PGresult *notes, int row, json_t *columns)
{
    json_t *masked = json_loads(PQgetvalue(notes, row, MASKED), 0, NULL);
    AUTO(str_clear) Str names = STR_INIT;
    size_t i;
    json_t *name;
    json_array_foreach(masked, i, name)
    {
        str_separate(&names, ", ");
        str_add(&names, json_string_value(name));
        for (size_t k = json_array_size(columns); k > 0; k--)
            if (json_equal(json_object_get(json_array_get(columns, k - 1), "name"), name))
                json_array_remove(columns, k - 1);
    }
    if (names.len > 0 && verify->run->settings->checksum)
        check_note(verify->run, "table %s.%s was masked: not compared are %s",
                   PQgetvalue(notes, row, LIVE), PQgetvalue(notes, row, NAME), str_text(&names));
    json_decref(masked);
}

bool verifysubset_apply(Verify *verify, const PGresult *notes, const char *schema, const char *name,
                        const char **from, json_t *columns)
{
    int row = find(notes, schema, name);
    if (row < 0)
        return true;
    if (PQgetvalue(notes, row, ALIKE)[0] != 't') {
        check_note(verify->run,
                   "table %s.%s came in part, not the same part of each partition: it is not "
                   "compared",
                   schema, name);
        return false;
    }
    *from = narrow(verify, notes, row, *from);
    drop_masked(verify, notes, row, columns);
    return true;
}
