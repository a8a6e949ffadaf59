#include "engine/keep.h"

#include <stdlib.h>
#include <string.h>

#include "engine/array.h"
#include "engine/journal.h"
#include "engine/latekey.h"
#include "engine/names.h"
#include "engine/preserved.h"
#include "engine/putback.h"
#include "engine/sync.h"
#include "engine/synctable.h"

static const char *oid_text(Run *run, Oid oid)
{
    return arena_printf(run->arena, "%u", oid);
}

/* ---- which tables ---------------------------------------------------------------------- */

static bool refuse(Error *err, const char *name, const char *why)
{
    error_set(err, ERROR_PREFLIGHT, "table %s cannot be kept: %s", name, why);
    return error_hint(err, "Leave it out of --keep-tables: after the rollback its rows are in the "
                           "undone schema, which the command names.");
}

/* A table of that name outside the schemas of the system and of ours. */
static bool find_live(Run *run, const char *text, KeptTable *table, Oid *live, Error *err)
{
    const char *schema = NULL, *name = NULL;
    if (!preserved_parse_name(run, "--keep-tables", text, &schema, &name, err))
        return false;
    const char *const values[] = {schema, name};
    AUTO(result_free) PGresult *result = NULL;
    if (!conn_query(run->dest,
                    "SELECT c.oid, format('%s.%s', n.nspname, c.relname), c.relkind IN ('r', 'p')"
                    " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
                    " WHERE c.relname = $2 AND ($1::text IS NULL OR n.nspname = $1)"
                    " AND c.relkind IN ('r', 'p', 'v', 'm', 'f')"
                    " AND n.nspname !~ '^(pg_|pgzm|information_schema$)' ORDER BY 2",
                    2, values, &result, err))
        return error_wrap(err, "looking for table %s", text);
    if (PQntuples(result) == 0) {
        error_set(err, ERROR_PREFLIGHT, "table %s of --keep-tables does not exist", text);
        return error_hint(err, "Check the spelling; names with capitals are written in double "
                               "quotes.");
    }
    if (PQntuples(result) > 1) {
        error_set(err, ERROR_PREFLIGHT, "table %s of --keep-tables is ambiguous: %s and %s", text,
                  PQgetvalue(result, 0, 1), PQgetvalue(result, 1, 1));
        return error_hint(err, "Write it with its schema.");
    }
    table->name = arena_strdup(run->arena, PQgetvalue(result, 0, 1));
    *live = (Oid)strtoul(PQgetvalue(result, 0, 0), NULL, 10);
    return PQgetvalue(result, 0, 2)[0] == 't' || refuse(err, table->name, "it is not a table");
}

/* Whether the rows of one table can get into the other. */
static bool check_pair(Run *run, const char *name, Oid live, Oid old, Error *err)
{
    const char *const *keys = NULL;
    size_t count = 0;
    if (!synctable_key(run, run->dest, old, run->dest, live, &keys, &count, err))
        return false;
    const char *const values[] = {oid_text(run, live), oid_text(run, old),
                                  array_literal(run->arena, keys, count)};
    AUTO(result_free) PGresult *problem = NULL;
    if (!conn_query(run->dest, run_sql("keep_table", conn_version(run->dest)), 3, values, &problem,
                    err))
        return error_wrap(err, "looking at table %s", name);
    if (PQntuples(problem) > 0)
        return refuse(err, name, PQgetvalue(problem, 0, 0));
    return count > 0 || refuse(err, name,
                               "it needs a primary key or a unique index over NOT NULL columns, "
                               "and the old table the same");
}

/* What the rollback of one migration does to the table; `oid` becomes what is live afterwards. */
static bool resolve_step(Run *run, int64_t id, KeptTable *table, size_t step, Oid *oid, Error *err)
{
    const char *const values[] = {journal_id_text(run->arena, id), oid_text(run, *oid)};
    AUTO(result_free) PGresult *result = NULL;
    table->live[step] = *oid;
    table->old[step] = 0;
    if (!conn_query(run->dest, run_sql("keep_step", conn_version(run->dest)), 2, values, &result,
                    err))
        return error_wrap(err, "reading the journal");
    if (PQntuples(result) == 0) {
        log_info(&run->log, "table %s stays when migration %s is undone: it keeps its rows anyway",
                 table->name, values[0]);
        return true;
    }
    if (PQgetisnull(result, 0, 0))
        return refuse(err, table->name,
                      arena_printf(run->arena, "it did not exist before migration %s", values[0]));
    *oid = (Oid)strtoul(PQgetvalue(result, 0, 0), NULL, 10);
    if (PQgetvalue(result, 0, 1)[0] == 't') {
        log_info(&run->log, "table %s was preserved by migration %s: it keeps its rows anyway",
                 table->name, values[0]);
        return true;
    }
    table->old[step] = *oid;
    return check_pair(run, table->name, table->live[step], *oid, err);
}

static bool is_there(const Keep *keep, Oid live)
{
    for (size_t i = 0; i < keep->count; i++)
        if (keep->items[i].live[0] == live)
            return true;
    return false;
}

bool keep_resolve(Run *run, const int64_t *ids, size_t count, Keep *keep, Error *err)
{
    const char *list = run->settings->keep;
    if (list == NULL)
        return true;
    keep->items = arena_alloc(run->arena, (strlen(list) + 1) * sizeof *keep->items);
    for (const char *text; (text = preserved_next_name(run->arena, &list)) != NULL;) {
        KeptTable table = {.live = arena_alloc(run->arena, count * sizeof(Oid)),
                           .old = arena_alloc(run->arena, count * sizeof(Oid))};
        Oid oid = 0;
        if (!find_live(run, text, &table, &oid, err))
            return false;
        if (is_there(keep, oid))
            continue;
        for (size_t i = 0; i < count; i++)
            if (!resolve_step(run, ids[i], &table, i, &oid, err))
                return false;
        keep->items[keep->count++] = table;
    }
    return true;
}

/* ---- what is known of one table at its turn -------------------------------------------- */

typedef struct TablePlace {
    const char *schema, *name;
} TablePlace;

typedef struct Turn {
    const char *table; /* for people */
    Oid live_oid, old_oid;
    TablePlace live, old;
    bool recorded, synced;
    const char *aside; /* name of the copy of the old rows, in the schema of `old` */
    int ordinal;       /* of the next step */
    SyncTrigger sync;  /* id 0 before it is recorded */
} Turn;

static const char *qualified(Run *run, const char *schema, const char *name)
{
    AUTO(str_clear) Str s = STR_INIT;
    conn_add_name(run->dest, &s, schema, name);
    return arena_strdup(run->arena, str_text(&s));
}

static const char *old_table(Run *run, const Turn *turn)
{
    return qualified(run, turn->old.schema, turn->old.name);
}

static bool read_place(Run *run, Oid oid, TablePlace *place, Error *err)
{
    const char *const values[] = {oid_text(run, oid)};
    AUTO(result_free) PGresult *result = NULL;
    if (!conn_query_row(run->dest,
                        "SELECT n.nspname, c.relname FROM pg_class c"
                        " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = $1::oid",
                        1, values, &result, err))
        return false;
    *place = (TablePlace){arena_strdup(run->arena, PQgetvalue(result, 0, 0)),
                          arena_strdup(run->arena, PQgetvalue(result, 0, 1))};
    return true;
}

/* What an earlier run recorded, if there was one. */
static bool read_record(Run *run, Turn *turn, Error *err)
{
    const char *const values[] = {journal_id_text(run->arena, run->id),
                                  oid_text(run, turn->live_oid)};
    AUTO(result_free) PGresult *result = NULL;
    AUTO(result_free) PGresult *last = NULL;
    if (!conn_query(run->dest,
                    "SELECT id, synced, aside FROM pgzm.preserved"
                    " WHERE migration = $1::bigint AND new_oid = $2::oid AND kept",
                    2, values, &result, err) ||
        !conn_query_row(run->dest,
                        "SELECT coalesce(max(id), 0) + 1 FROM pgzm.step"
                        " WHERE migration = $1::bigint",
                        1, values, &last, err))
        return false;
    turn->ordinal = atoi(PQgetvalue(last, 0, 0));
    turn->recorded = PQntuples(result) > 0;
    if (!turn->recorded)
        return true;
    turn->sync.id = atoi(PQgetvalue(result, 0, 0));
    turn->synced = PQgetvalue(result, 0, 1)[0] == 't';
    turn->aside = arena_strdup(run->arena, PQgetvalue(result, 0, 2));
    return true;
}

static bool begin_turn(Run *run, const KeptTable *table, size_t step, Turn *turn, Error *err)
{
    *turn =
        (Turn){.table = table->name, .live_oid = table->live[step], .old_oid = table->old[step]};
    const char *const *keys = NULL;
    size_t count = 0;
    if (!read_place(run, turn->live_oid, &turn->live, err) ||
        !read_place(run, turn->old_oid, &turn->old, err) || !read_record(run, turn, err) ||
        !synctable_key(run, run->dest, turn->old_oid, run->dest, turn->live_oid, &keys, &count,
                       err) ||
        !synctable_describe(run, turn->live_oid, turn->old_oid, keys, count, &turn->sync, err))
        return false;
    turn->sync.reverse = true;
    turn->sync.from_schema = turn->live.schema;
    turn->sync.from_name = turn->live.name;
    turn->sync.to_schema = turn->old.schema;
    turn->sync.to_name = turn->old.name;
    return true;
}

/* ---- setting the old rows aside -------------------------------------------------------- */

/* A statement that runs now; in a dry run it is said. */
static bool now(Run *run, const char *statement, Error *err)
{
    if (!run->settings->dry_run)
        return conn_exec(run->dest, statement, err);
    run_plan(run, statement);
    return true;
}

/* One that runs in the rollback, or after it; in a dry run it is said. */
static bool later(Run *run, Turn *turn, const char *part, const char *label, const char *statement,
                  Error *err)
{
    if (!run->settings->dry_run)
        return journal_step(run->dest, run->id, part, turn->ordinal++, label, statement, err);
    run_plan(run, arena_printf(run->arena, "%s -- %s", statement, part));
    return true;
}

/* What is taken off again when the table is kept no more carries this label. */
static const char *label_of(Run *run, const Turn *turn)
{
    return arena_printf(run->arena, "kept table %s.%s", turn->live.schema, turn->live.name);
}

static bool record_table(Run *run, Turn *turn, Error *err)
{
    const SyncTrigger *sync = &turn->sync;
    const char *const values[] = {journal_id_text(run->arena, run->id),
                                  turn->live.schema,
                                  turn->live.name,
                                  oid_text(run, turn->old_oid),
                                  oid_text(run, turn->live_oid),
                                  array_literal(run->arena, sync->columns, sync->column_count),
                                  array_literal(run->arena, sync->keys, sync->key_count)};
    AUTO(result_free) PGresult *result = NULL;
    if (!conn_query_row(run->dest,
                        "INSERT INTO pgzm.preserved (migration, live, name, old_oid, new_oid,"
                        " columns, key_columns, kept) VALUES ($1::bigint, $2, $3, $4::oid,"
                        " $5::oid, $6::text[], $7::text[], true) RETURNING id",
                        7, values, &result, err))
        return false;
    turn->sync.id = atoi(PQgetvalue(result, 0, 0));
    return true;
}

static bool record_aside(Run *run, Turn *turn, Error *err)
{
    turn->aside = name_for_schema(run->arena, "pgzm_old_", turn->old.name, (size_t)turn->sync.id);
    const char *const values[] = {arena_printf(run->arena, "%d", turn->sync.id), turn->aside};
    AUTO(result_free) PGresult *result = NULL;
    return run->settings->dry_run ||
           conn_query(run->dest, "UPDATE pgzm.preserved SET aside = $2 WHERE id = $1::int", 2,
                      values, &result, err);
}

/* The copy is in the backup until the rollback, in the schema of what was undone afterwards. */
static bool copy_aside(Run *run, Turn *turn, Error *err)
{
    const char *const values[] = {journal_id_text(run->arena, run->id), turn->old.schema};
    AUTO(result_free) PGresult *result = NULL;
    if (!conn_query_row(run->dest,
                        "SELECT undone FROM pgzm.schema WHERE migration = $1::bigint"
                        " AND backup = $2",
                        2, values, &result, err))
        return false;
    const char *copy = qualified(run, turn->old.schema, turn->aside);
    AUTO(str_clear) Str move = STR_INIT;
    str_addf(&move, "ALTER TABLE %s SET SCHEMA ", copy);
    conn_add_ident(run->dest, &move, PQgetvalue(result, 0, 0));
    return now(run,
               arena_printf(run->arena, "CREATE TABLE %s AS SELECT * FROM %s%s", copy,
                            turn->sync.to_partitioned ? "" : "ONLY ", old_table(run, turn)),
               err) &&
           later(run, turn, "after rollback", label_of(run, turn), str_text(&move), err);
}

/* As latekey_add does it for tables that are not partitioned. */
static bool say_key(Run *run, Turn *turn, const LateKey *key, Error *err)
{
    const char *add =
        arena_printf(run->arena, "ALTER TABLE %s ADD CONSTRAINT %s %s%s", key->table, key->name,
                     key->def, strstr(key->def, " NOT VALID") != NULL ? "" : " NOT VALID");
    const char *validate =
        arena_printf(run->arena, "ALTER TABLE %s VALIDATE CONSTRAINT %s", key->table, key->name);
    return later(run, turn, "after rollback", key->label, add, err) &&
           later(run, turn, "settle rollback", key->label, validate, err);
}

static bool set_key_aside(Run *run, Turn *turn, const PGresult *keys, int row, Error *err)
{
    const char *name = PQgetvalue(keys, row, 2), *table = PQgetvalue(keys, row, 1);
    const char *label = arena_printf(run->arena, "foreign key %s on %s", name, table);
    AUTO(str_clear) Str comment = STR_INIT;
    if (!PQgetisnull(keys, row, 5)) {
        str_addf(&comment, "COMMENT ON CONSTRAINT %s ON %s IS ", name, table);
        conn_add_literal(run->dest, &comment, PQgetvalue(keys, row, 5));
    }
    const LateKey key = {.table = table,
                         .name = name,
                         .def = PQgetvalue(keys, row, 3),
                         .label = label,
                         .comment = comment.len > 0 ? str_text(&comment) : NULL,
                         .partitioned = PQgetvalue(keys, row, 4)[0] == 't'};
    if (PQgetvalue(keys, row, 6)[0] == 't') {
        error_set(err, ERROR_STATE, "%s refers to the backup and is not part of it", label);
        return error_hint(err, "Drop it, then run this command again.");
    }
    return now(run,
               arena_printf(run->arena, "ALTER TABLE %s DROP CONSTRAINT %s",
                            PQgetvalue(keys, row, 0), name),
               err) &&
           (run->settings->dry_run
                ? say_key(run, turn, &key, err)
                : latekey_add(run, &key, "after rollback", "settle rollback", &turn->ordinal, err));
}

static bool set_keys_aside(Run *run, Turn *turn, Error *err)
{
    const char *const values[] = {journal_id_text(run->arena, run->id),
                                  oid_text(run, turn->old_oid)};
    AUTO(result_free) PGresult *keys = NULL;
    if (!conn_query(run->dest, run_sql("keep_keys", conn_version(run->dest)), 2, values, &keys,
                    err))
        return false;
    for (int i = 0; i < PQntuples(keys); i++)
        if (!set_key_aside(run, turn, keys, i, err))
            return false;
    return true;
}

static bool set_triggers_aside(Run *run, Turn *turn, Error *err)
{
    const char *const values[] = {journal_id_text(run->arena, run->id),
                                  oid_text(run, turn->old_oid)};
    AUTO(result_free) PGresult *triggers = NULL;
    if (!conn_query(run->dest, run_sql("keep_triggers", conn_version(run->dest)), 2, values,
                    &triggers, err))
        return false;
    for (int i = 0; i < PQntuples(triggers); i++)
        if (!now(run, PQgetvalue(triggers, i, 1), err) ||
            !later(run, turn, "after rollback", PQgetvalue(triggers, i, 0),
                   PQgetvalue(triggers, i, 2), err))
            return false;
    return true;
}

/* What the rollback does for the table under its locks: the last keys to copy again, the triggers
 * taken off, the sequences. */
static bool record_rollback(Run *run, Turn *turn, Error *err)
{
    const char *label = label_of(run, turn);
    const SyncStatements remove = synctrigger_remove(&turn->sync, run->arena);
    if (!later(run, turn, "before rollback", label, synctrigger_drain(&turn->sync, run->arena, 0),
               err))
        return false;
    for (size_t i = 0; i < remove.count; i++)
        if (!later(run, turn, "before rollback", label, remove.items[i], err))
            return false;
    const char *const values[] = {oid_text(run, turn->live_oid), oid_text(run, turn->old_oid)};
    AUTO(result_free) PGresult *sequences = NULL;
    if (!conn_query(run->dest, run_sql("keep_sequences", conn_version(run->dest)), 2, values,
                    &sequences, err))
        return false;
    for (int i = 0; i < PQntuples(sequences); i++)
        if (!later(run, turn, "before rollback", label, PQgetvalue(sequences, i, 1), err))
            return false;
    return true;
}

static bool set_aside(Run *run, Turn *turn, Error *err)
{
    return (run->settings->dry_run || record_table(run, turn, err)) &&
           record_aside(run, turn, err) && set_keys_aside(run, turn, err) &&
           set_triggers_aside(run, turn, err) && copy_aside(run, turn, err) &&
           record_rollback(run, turn, err);
}

/* All or nothing: what the journal says is what there is. */
static bool set_aside_at_once(Run *run, Turn *turn, Error *err)
{
    if (conn_exec(run->dest, "BEGIN", err) && set_aside(run, turn, err) &&
        conn_exec(run->dest, "COMMIT", err))
        return true;
    conn_rollback(run->dest);
    return error_wrap(err, "setting aside the old rows of table %s", turn->table);
}

/* ---- bringing the live rows over ------------------------------------------------------- */

static const char *empty_old(Run *run, const Turn *turn)
{
    return arena_printf(run->arena, "TRUNCATE %s%s", turn->sync.to_partitioned ? "" : "ONLY ",
                        old_table(run, turn));
}

static bool is_installed(Run *run, const Turn *turn, bool *installed, Error *err)
{
    const char *const values[] = {
        arena_printf(run->arena, "pgzm.sync_%d_reverse()", turn->sync.id)};
    AUTO(result_free) PGresult *result = NULL;
    if (!conn_query_row(run->dest, "SELECT to_regprocedure($1) IS NOT NULL", 1, values, &result,
                        err))
        return false;
    *installed = PQgetvalue(result, 0, 0)[0] == 't';
    return true;
}

/* Triggers on, old rows out, in one transaction: from then on whatever is written to the live table
 * is in the old one as well, whoever copies the rest. */
static bool install(Run *run, const Turn *turn, Error *err)
{
    const char *const after[] = {empty_old(run, turn), NULL};
    return sync_install(run, &turn->sync, NULL, after, err);
}

/* A snapshot from before would see the old table as it never was. */
static bool note_synced(Run *run, const Turn *turn, int64_t rows, Error *err)
{
    const char *const values[] = {arena_printf(run->arena, "%d", turn->sync.id),
                                  arena_printf(run->arena, "%lld", (long long)rows),
                                  journal_id_text(run->arena, run->id)};
    AUTO(result_free) PGresult *result = NULL;
    AUTO(result_free) PGresult *moved = NULL;
    return conn_query(run->dest,
                      "UPDATE pgzm.preserved SET synced = true,"
                      " rows = coalesce(rows, 0) + $2::bigint WHERE id = $1::int",
                      2, values, &result, err) &&
           conn_query(run->dest,
                      "UPDATE pgzm.migration SET changed_at = clock_timestamp(), horizon ="
                      " (txid_current() % 4294967296)::text::xid WHERE id = $1::bigint",
                      1, &values[2], &moved, err);
}

static bool bring_over(Run *run, const Turn *turn, Error *err)
{
    bool installed = false;
    int64_t rows = 0;
    if (!is_installed(run, turn, &installed, err) || (!installed && !install(run, turn, err)) ||
        !sync_copy(run, &turn->sync, &rows, err) || !note_synced(run, turn, rows, err))
        return error_wrap(err, "bringing the rows of table %s into the backup", turn->table);
    log_info(&run->log, "kept table %s: %lld rows, the backup is in step with it", turn->table,
             (long long)rows);
    return true;
}

static bool keep_table(Run *run, const KeptTable *table, size_t step, Error *err)
{
    Turn turn;
    if (table->old[step] == 0)
        return true;
    if (!begin_turn(run, table, step, &turn, err))
        return error_wrap(err, "looking at table %s", table->name);
    return (turn.recorded || set_aside_at_once(run, &turn, err)) &&
           (turn.synced || bring_over(run, &turn, err));
}

/* ---- the whole ------------------------------------------------------------------------- */

/* What an earlier run kept and this one does not. */
static bool put_back_others(Run *run, const Keep *keep, size_t step, Error *err)
{
    Oid *live = arena_alloc(run->arena, (keep->count + 1) * sizeof *live);
    size_t count = 0;
    for (size_t i = 0; i < keep->count; i++)
        if (keep->items[i].old[step] != 0)
            live[count++] = keep->items[i].live[step];
    return putback_run(run, live, count, err);
}

bool keep_run(Run *run, const Keep *keep, size_t step, Error *err)
{
    if (keep->count > 0)
        run_phase(run, "keep");
    bool ok = put_back_others(run, keep, step, err);
    for (size_t i = 0; ok && i < keep->count; i++)
        ok = keep_table(run, &keep->items[i], step, err);
    return ok || err->hint != NULL ||
           error_hint(err, "What is live is as it was. Correct that and run the same command "
                           "again: it goes on.");
}

/* Ids that were not given yet. */
static bool next_id(Run *run, int *id, Error *err)
{
    AUTO(result_free) PGresult *result = NULL;
    if (!conn_query_row(run->dest, "SELECT coalesce(max(id), 0) + 1 FROM pgzm.preserved", 0, NULL,
                        &result, err))
        return false;
    *id = atoi(PQgetvalue(result, 0, 0));
    return true;
}

bool keep_plan(Run *run, const Keep *keep, size_t step, Error *err)
{
    int id = 0;
    if (!next_id(run, &id, err))
        return false;
    if (!put_back_others(run, keep, step, err))
        return false;
    for (size_t i = 0; i < keep->count; i++) {
        Turn turn;
        if (keep->items[i].old[step] == 0)
            continue;
        if (!begin_turn(run, &keep->items[i], step, &turn, err))
            return false;
        if (!turn.recorded)
            turn.sync.id = id++;
        if (!turn.recorded && !set_aside(run, &turn, err))
            return false;
        if (turn.synced)
            continue;
        const SyncStatements triggers = synctrigger_install(&turn.sync, run->dest, run->arena);
        for (size_t k = 0; k < triggers.count; k++)
            run_plan(run, triggers.items[k]);
        run_plan(run, empty_old(run, &turn));
        run_plan(run, arena_printf(run->arena, "%s -- until all rows are there",
                                   synctrigger_copy(&turn.sync, run->arena)));
    }
    return true;
}

bool keep_report(Run *run, json_t *list, Error *err)
{
    const char *const values[] = {journal_id_text(run->arena, run->id)};
    AUTO(result_free) PGresult *result = NULL;
    if (!conn_query(run->dest,
                    "SELECT p.live || '.' || p.name, p.rows,"
                    " (SELECT format('%I.%I', n.nspname, c.relname) FROM pgzm.schema s"
                    " JOIN pg_namespace n ON n.nspname = s.undone"
                    " JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = p.aside"
                    " WHERE s.migration = p.migration AND s.live = p.live)"
                    " FROM pgzm.preserved p WHERE p.migration = $1::bigint AND p.kept ORDER BY 1",
                    1, values, &result, err))
        return error_wrap(err, "reading the journal");
    for (int i = 0; i < PQntuples(result); i++) {
        const char *table = PQgetvalue(result, i, 0), *aside = PQgetvalue(result, i, 2);
        json_array_append_new(list,
                              json_pack("{s:s, s:I, s:s}", "table", table, "rows",
                                        (json_int_t)strtoll(PQgetvalue(result, i, 1), NULL, 10),
                                        "old_rows", aside));
        run_warning(run, "rows that table %s had before the migration are in %s", table, aside);
    }
    return true;
}
