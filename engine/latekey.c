#include "engine/latekey.h"

#include <stdlib.h>
#include <string.h>

#include "engine/journal.h"

/* ---- adding and dropping --------------------------------------------------------------- */

/* The key of a partitioned table goes to each partition first. */
static bool by_partition(const Run *run, const LateKey *key)
{
    return key->partitioned && conn_version(run->dest) < 180000;
}

/* On its own side it is no promise about the rows either. NOT ENFORCED: PostgreSQL 18. */
static bool is_not_valid(const LateKey *key)
{
    return strstr(key->def, " NOT VALID") != NULL || strstr(key->def, " NOT ENFORCED") != NULL;
}

/* A statement that runs `prefix`, the name of a table, `suffix` for the partitions of the key's
 * table; `which` is a condition over pg_partition_tree. */
static const char *for_partitions(Run *run, const LateKey *key, const char *which,
                                  const char *prefix, const char *suffix)
{
    AUTO(str_clear) Str body = STR_INIT;
    str_add(&body, "DECLARE item regclass; BEGIN FOR item IN"
                   " SELECT relid FROM pg_catalog.pg_partition_tree(");
    conn_add_literal(run->dest, &body, key->table);
    str_addf(&body, ") WHERE %s ORDER BY level LOOP EXECUTE ", which);
    conn_add_literal(run->dest, &body, prefix);
    str_add(&body, " || item::text || ");
    conn_add_literal(run->dest, &body, suffix);
    str_add(&body, "; END LOOP; END");
    AUTO(str_clear) Str statement = STR_INIT;
    str_add(&statement, "DO ");
    conn_add_literal(run->dest, &statement, str_text(&body));
    return arena_strdup(run->arena, str_text(&statement));
}

static bool record(Run *run, const LateKey *key, const char *part, const char *statement,
                   int *ordinal, Error *err)
{
    return journal_step(run->dest, run->id, part, (*ordinal)++, key->label, statement, err);
}

bool latekey_drop(Run *run, const LateKey *key, const char *part, int *ordinal, Error *err)
{
    const char *statement =
        by_partition(run, key)
            /* the whole's first: it takes those of the partitions along */
            ? for_partitions(run, key, "true", "ALTER TABLE ",
                             arena_printf(run->arena, " DROP CONSTRAINT IF EXISTS %s", key->name))
            : arena_printf(run->arena, "ALTER TABLE %s DROP CONSTRAINT %s", key->table, key->name);
    return record(run, key, part, statement, ordinal, err);
}

static bool add_to_partitions(Run *run, const LateKey *key, const char *part, const char *settle,
                              int *ordinal, Error *err)
{
    Arena *arena = run->arena;
    const char *add =
        for_partitions(run, key, "isleaf", "ALTER TABLE ",
                       arena_printf(arena, " ADD CONSTRAINT %s %s NOT VALID", key->name, key->def));
    const char *validate =
        for_partitions(run, key, "isleaf", "ALTER TABLE ",
                       arena_printf(arena, " VALIDATE CONSTRAINT %s", key->name));
    const char *whole =
        arena_printf(arena, "ALTER TABLE %s ADD CONSTRAINT %s %s", key->table, key->name, key->def);
    return record(run, key, part, add, ordinal, err) &&
           record(run, key, settle, validate, ordinal, err) &&
           record(run, key, settle, whole, ordinal, err) &&
           (key->comment == NULL || record(run, key, settle, key->comment, ordinal, err));
}

bool latekey_add(Run *run, const LateKey *key, const char *part, const char *settle, int *ordinal,
                 Error *err)
{
    if (by_partition(run, key))
        return add_to_partitions(run, key, part, settle, ordinal, err);
    const char *add = arena_printf(run->arena, "ALTER TABLE %s ADD CONSTRAINT %s %s%s", key->table,
                                   key->name, key->def, is_not_valid(key) ? "" : " NOT VALID");
    const char *validate =
        arena_printf(run->arena, "ALTER TABLE %s VALIDATE CONSTRAINT %s", key->table, key->name);
    return record(run, key, part, add, ordinal, err) &&
           (key->comment == NULL || record(run, key, part, key->comment, ordinal, err)) &&
           (is_not_valid(key) || record(run, key, settle, validate, ordinal, err));
}

/* ---- orphans --------------------------------------------------------------------------- */

static const char *text_of(const PGresult *result, int column)
{
    return PQgetisnull(result, 0, column) ? NULL : PQgetvalue(result, 0, column);
}

/* "EXISTS (...)" or what a PERIOD asks for: covered by the periods of all rows that are equal. */
static void add_found(Conn *dest, Str *s, const PGresult *key, const LateKeyPlace *place)
{
    const char *equal = text_of(key, 1), *period = text_of(key, 2);
    const char *only = PQgetvalue(key, 0, 5)[0] == 't' ? "" : "ONLY ";
    if (period == NULL) {
        str_addf(s, "EXISTS (SELECT FROM %s%s p WHERE %s)", only, place->referenced, equal);
        return;
    }
    str_add(s, "coalesce((SELECT pg_catalog.range_agg(p.");
    conn_add_ident(dest, s, PQgetvalue(key, 0, 3));
    str_addf(s, ") FROM %s%s p WHERE %s) OPERATOR(pg_catalog.@>) c.", only, place->referenced,
             equal != NULL ? equal : "true");
    conn_add_ident(dest, s, period);
    str_add(s, ", false)");
}

static bool read_key(Conn *side, const char *oid, PGresult **key, Error *err)
{
    const char *const values[] = {oid};
    return conn_query_row(side, run_sql("foreign_key", conn_version(side)), 1, values, key, err);
}

bool latekey_ask(Conn *side, Oid key, Error *err)
{
    AUTO(mem_free) char *oid = mem_printf("%u", key);
    AUTO(result_free) PGresult *ignored = NULL;
    return read_key(side, oid, &ignored, err);
}

bool latekey_record_orphans(Run *run, Conn *side, const char *oid, const LateKeyPlace *place,
                            const char *label, int *ordinal, Error *err)
{
    AUTO(result_free) PGresult *key = NULL;
    if (!read_key(side, oid, &key, err))
        return error_wrap(err, "reading how %s compares", label);
    AUTO(str_clear) Str s = STR_INIT;
    str_addf(&s, "SELECT pg_catalog.count(*) FROM %s%s c WHERE %s AND NOT ",
             PQgetvalue(key, 0, 4)[0] == 't' ? "" : "ONLY ", place->referencing,
             PQgetvalue(key, 0, 0));
    add_found(run->dest, &s, key, place);
    return journal_step(run->dest, run->id, "orphans", (*ordinal)++, label, str_text(&s), err);
}

/* Inside a transaction: the operators are found as the swap will find them. */
static bool count_orphans(Run *run, const char *path, const char *statement, int64_t *count,
                          Error *err)
{
    const char *const values[] = {path};
    AUTO(result_free) PGresult *set = NULL;
    AUTO(result_free) PGresult *counted = NULL;
    bool ok =
        conn_exec(run->dest, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", err) &&
        conn_query(run->dest, "SELECT set_config('search_path', $1, true)", 1, values, &set, err) &&
        conn_query_row(run->dest, statement, 0, NULL, &counted, err);
    if (ok)
        *count = strtoll(PQgetvalue(counted, 0, 0), NULL, 10);
    conn_rollback(run->dest);
    return ok;
}

/* For status; who only looks writes nothing. */
static bool note_count(Run *run, const char *step, int64_t count, Error *err)
{
    if (run->command == PGZM_VERIFY || run->settings->dry_run)
        return true;
    const char *const values[] = {journal_id_text(run->arena, run->id), step,
                                  journal_id_text(run->arena, count)};
    AUTO(result_free) PGresult *result = NULL;
    return conn_query(run->dest,
                      "UPDATE pgzm.step SET rows = $3::bigint WHERE migration = $1::bigint"
                      " AND part = 'orphans' AND id = $2::int",
                      3, values, &result, err) ||
           error_wrap(err, "writing to the journal");
}

static bool judge(Run *run, int64_t total, const char *first, int64_t keys, Error *err)
{
    if (total == 0 || run->settings->orphans == ORPHANS_KEEP)
        return true;
    error_set(err, ERROR_DIFFERENCE, "%lld %s %s%s of the new data", (long long)total,
              total == 1 ? "row violates" : "rows violate", first,
              keys == 1 ? "" : " and other keys");
    return error_hint(err,
                      "Correct the rows and run pgzm-copy swap, or let it go live with the key "
                      "NOT VALID: pgzm-copy swap --orphans keep.");
}

/* A table or column that is not there was when the statement was made: somebody changed by hand
 * what is prepared. */
static bool uncounted(const char *label, Error *err)
{
    error_wrap(err, "counting rows that violate %s", label);
    if (!error_is_state(err, "42P01") && !error_is_state(err, "42703"))
        return false;
    error_kind(err, ERROR_STATE);
    return error_hint(err, "Put it back, or run pgzm-copy abort and prepare again.");
}

bool latekey_check_orphans(Run *run, Error *err)
{
    const char *const values[] = {journal_id_text(run->arena, run->id)};
    AUTO(result_free) PGresult *keys = NULL;
    if (!conn_query(run->dest,
                    "SELECT s.label, s.statement, coalesce(m.path, ''), s.id FROM pgzm.step s"
                    " JOIN pgzm.migration m ON m.id = s.migration"
                    " WHERE s.migration = $1::bigint AND s.part = 'orphans' ORDER BY s.id",
                    1, values, &keys, err))
        return error_wrap(err, "reading the journal");
    json_t *list = json_array();
    json_object_set_new(run->result, "orphans", list);
    int64_t total = 0, violated = 0;
    const char *first = "";
    for (int i = 0; i < PQntuples(keys); i++) {
        const char *label = PQgetvalue(keys, i, 0);
        int64_t count = 0;
        if (!count_orphans(run, PQgetvalue(keys, i, 2), PQgetvalue(keys, i, 1), &count, err))
            return uncounted(label, err);
        if (!note_count(run, PQgetvalue(keys, i, 3), count, err))
            return false;
        json_array_append_new(list,
                              json_pack("{s:s, s:I}", "key", label, "rows", (json_int_t)count));
        if (count == 0)
            continue;
        run_warning(run, "%lld %s %s%s", (long long)count,
                    count == 1 ? "row violates" : "rows violate", label,
                    run->settings->orphans == ORPHANS_KEEP ? ", which stays NOT VALID" : "");
        if (violated++ == 0)
            first = label;
        total += count;
    }
    return judge(run, total, first, violated, err);
}
