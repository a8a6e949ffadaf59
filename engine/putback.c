#include "engine/putback.h"

#include <stdlib.h>

#include "engine/journal.h"
#include "engine/patient.h"
#include "engine/synctrigger.h"

static bool is_kept(const Oid *kept, size_t count, Oid table)
{
    for (size_t i = 0; i < count; i++)
        if (kept[i] == table)
            return true;
    return false;
}

/* First the triggers go off the live table; then the backup is nobody's but ours. */
static bool take_off(Run *run, const SyncTrigger *sync, Error *err)
{
    const SyncStatements remove = synctrigger_remove(sync, run->arena);
    const char **all = arena_alloc(run->arena, (remove.count + 1) * sizeof *all);
    for (size_t i = 0; i < remove.count; i++)
        all[i] = remove.items[i];
    all[remove.count] = arena_printf(
        run->arena, "UPDATE pgzm.preserved SET synced = false WHERE id = %d", sync->id);
    return patient_exec(run, all, remove.count + 1, "taking sync triggers off the live table", err);
}

/* Columns of the row: id, live table's oid, table (for people), name in the backup, columns, name
 * of the copy, ONLY or nothing, label as a literal. */
static bool put_back(Run *run, const PGresult *tables, int row, Error *err)
{
    Arena *arena = run->arena;
    const char *id = PQgetvalue(tables, row, 0), *old = PQgetvalue(tables, row, 3);
    const char *columns = PQgetvalue(tables, row, 4), *copy = PQgetvalue(tables, row, 5);
    const SyncTrigger sync = {.id = atoi(id), .reverse = true};
    const char *const statements[] = {
        arena_printf(arena, "TRUNCATE %s%s", PQgetvalue(tables, row, 6), old),
        arena_printf(arena, "INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT %s FROM %s", old,
                     columns, columns, copy),
        arena_printf(arena, "DROP TABLE %s", copy),
        arena_printf(arena, "DELETE FROM pgzm.step WHERE migration = %lld AND label = %s",
                     (long long)run->id, PQgetvalue(tables, row, 7)),
        arena_printf(arena, "DELETE FROM pgzm.redo WHERE preserved = %s", id),
        arena_printf(arena, "DELETE FROM pgzm.preserved WHERE id = %s", id)};
    log_info(&run->log, "table %s is not kept any more: its old rows come back to the backup",
             PQgetvalue(tables, row, 2));
    return take_off(run, &sync, err) &&
           patient_exec(run, statements, LENGTH(statements), "putting back the old rows", err);
}

bool putback_run(Run *run, const Oid *kept, size_t count, Error *err)
{
    const char *const values[] = {journal_id_text(run->arena, run->id)};
    AUTO(result_free) PGresult *tables = NULL;
    if (!conn_query(run->dest,
                    "SELECT p.id, p.new_oid, p.live || '.' || p.name,"
                    " format('%I.%I', n.nspname, c.relname),"
                    " (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum)"
                    " FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0"
                    " AND NOT a.attisdropped AND a.attgenerated = ''),"
                    " format('%I.%I', n.nspname, p.aside),"
                    " CASE c.relkind WHEN 'p' THEN '' ELSE 'ONLY ' END,"
                    " quote_literal('kept table ' || p.live || '.' || p.name)"
                    " FROM pgzm.preserved p JOIN pg_class c ON c.oid = p.old_oid"
                    " JOIN pg_namespace n ON n.oid = c.relnamespace"
                    " WHERE p.migration = $1::bigint AND p.kept ORDER BY p.id",
                    1, values, &tables, err))
        return error_wrap(err, "reading the journal");
    for (int i = 0; i < PQntuples(tables); i++) {
        Oid live = (Oid)strtoul(PQgetvalue(tables, i, 1), NULL, 10);
        if (!is_kept(kept, count, live) && !put_back(run, tables, i, err))
            return error_wrap(err, "table %s", PQgetvalue(tables, i, 2));
    }
    return true;
}
