#include "engine/synctable.h"

#include <string.h>

#include "engine/array.h"

static const char *const *names_of(Run *run, const json_t *array, const char *key, size_t *count)
{
    *count = json_array_size(array);
    const char **names = arena_alloc(run->arena, (*count + 1) * sizeof *names);
    for (size_t i = 0; i < *count; i++) {
        const json_t *item = json_array_get(array, i);
        names[i] = arena_strdup(run->arena,
                                json_string_value(key == NULL ? item : json_object_get(item, key)));
    }
    return names;
}

static bool read_keys(Run *run, Conn *conn, Oid table, PGresult **result, Error *err)
{
    const char *const values[] = {arena_printf(run->arena, "%u", table)};
    return conn_query(conn, run_sql("unique_keys", conn_version(conn)), 1, values, result, err) ||
           error_wrap(err, "reading a table's keys");
}

bool synctable_key(Run *run, Conn *here, Oid one, Conn *there, Oid other, const char *const **keys,
                   size_t *count, Error *err)
{
    AUTO(result_free) PGresult *ours = NULL;
    AUTO(result_free) PGresult *theirs = NULL;
    *keys = NULL;
    *count = 0;
    if (!read_keys(run, here, one, &ours, err) || !read_keys(run, there, other, &theirs, err))
        return false;
    for (int i = 0; i < PQntuples(ours); i++)
        for (int k = 0; k < PQntuples(theirs); k++) {
            if (strcmp(PQgetvalue(ours, i, 1), PQgetvalue(theirs, k, 1)) != 0)
                continue;
            json_t *columns = json_loads(PQgetvalue(ours, i, 0), 0, NULL);
            *keys = names_of(run, columns, NULL, count);
            json_decref(columns);
            return true;
        }
    return true;
}

static void read_columns(Run *run, const json_t *columns, SyncTrigger *sync)
{
    sync->columns = names_of(run, columns, "name", &sync->column_count);
    bool *fixed = arena_alloc(run->arena, (sync->column_count + 1) * sizeof *fixed);
    for (size_t i = 0; i < sync->column_count; i++)
        fixed[i] = json_is_true(json_object_get(json_array_get(columns, i), "fixed"));
    sync->fixed = fixed;
}

static void read_parts(Run *run, const json_t *parts, SyncTrigger *sync)
{
    const char *const *schemas = names_of(run, parts, "schema", &sync->part_count);
    const char *const *names = names_of(run, parts, "name", &sync->part_count);
    SyncPart *list = arena_alloc(run->arena, (sync->part_count + 1) * sizeof *list);
    for (size_t i = 0; i < sync->part_count; i++)
        list[i] = (SyncPart){.schema = schemas[i], .name = names[i]};
    sync->parts = list;
}

static const char *read_path(Run *run, const json_t *schemas)
{
    AUTO(str_clear) Str path = STR_INIT;
    for (size_t i = 0; i < json_array_size(schemas); i++)
        str_addf(&path, ", %s", json_string_value(json_array_get(schemas, i)));
    return arena_strdup(run->arena, str_text(&path));
}

bool synctable_describe(Run *run, Oid from, Oid to, const char *const *keys, size_t key_count,
                        SyncTrigger *sync, Error *err)
{
    const char *const values[] = {arena_printf(run->arena, "%u", from),
                                  arena_printf(run->arena, "%u", to),
                                  array_literal(run->arena, keys, key_count)};
    AUTO(result_free) PGresult *result = NULL;
    if (!conn_query_row(run->dest, run_sql("sync_table", conn_version(run->dest)), 3, values,
                        &result, err))
        return error_wrap(err, "reading how two tables are kept in step");
    json_t *found = json_loads(PQgetvalue(result, 0, 0), 0, NULL);
    const json_t *key_list = json_object_get(found, "keys");
    sync->from_partitioned = json_is_true(json_object_get(found, "from_partitioned"));
    sync->to_partitioned = json_is_true(json_object_get(found, "to_partitioned"));
    sync->upsert = json_is_true(json_object_get(found, "upsert"));
    sync->path = read_path(run, json_object_get(found, "path"));
    sync->keys = names_of(run, key_list, "name", &sync->key_count);
    sync->key_types = names_of(run, key_list, "type", &sync->key_count);
    sync->deferred = names_of(run, json_object_get(found, "deferred"), NULL, &sync->deferred_count);
    read_columns(run, json_object_get(found, "columns"), sync);
    read_parts(run, json_object_get(found, "parts"), sync);
    json_decref(found);
    return true;
}
