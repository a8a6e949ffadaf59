#include "engine/journal.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "engine/audit.h"

/* Two keys of the advisory lock: "pgzm" and what for. */
enum { LOCK_PATIENCE_MS = 1000, LOCK_PAUSE_MS = 50 };

/* Which tables and columns the journal has, as journal.sql notes it. */
#define JOURNAL_COMMENT "journal of pgzm-copy, version 5"

#define LOCK_KEYS "1885829741, 1"

static bool say_who_holds_lock(Conn *dest, Error *err)
{
    static const char query[] =
        "SELECT a.usename, coalesce(a.client_addr::text, 'a local socket'),"
        " to_char(a.backend_start, 'YYYY-MM-DD HH24:MI:SS'), l.pid::text"
        " FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid"
        " WHERE l.locktype = 'advisory' AND l.classid = 1885829741 AND l.objid = 1"
        " AND l.objsubid = 2 AND l.granted"
        " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    AUTO(result_free) PGresult *result = NULL;
    if (!conn_query(dest, query, 0, NULL, &result, err))
        return false;
    if (PQntuples(result) == 0)
        error_set(err, ERROR_STATE, "another pgzm-copy command is at work on the destination");
    else
        error_set(err, ERROR_STATE,
                  "another pgzm-copy command is at work on the destination: user %s from %s, "
                  "connected since %s, backend %s",
                  PQgetvalue(result, 0, 0), PQgetvalue(result, 0, 1), PQgetvalue(result, 0, 2),
                  PQgetvalue(result, 0, 3));
    return error_hint(err, "Wait until it ends; pgzm-copy unlock tells more, and can end it.");
}

/* The backend of a command that just ended may need a moment to notice: its lock goes with it. */
bool journal_lock(Conn *dest, Error *err)
{
    int64_t end = clock_monotonic_ms() + LOCK_PATIENCE_MS;
    for (;;) {
        AUTO(result_free) PGresult *result = NULL;
        if (!conn_query_row(dest, "SELECT pg_try_advisory_lock(" LOCK_KEYS ")", 0, NULL, &result,
                            err))
            return error_wrap(err, "taking the lock of the journal");
        if (PQgetvalue(result, 0, 0)[0] == 't')
            return true;
        if (clock_monotonic_ms() >= end)
            return say_who_holds_lock(dest, err);
        if (!cancel_sleep(conn_cancel(dest), LOCK_PAUSE_MS))
            return cancel_check(conn_cancel(dest), err);
    }
}

bool journal_unlock(Conn *dest, Error *err)
{
    AUTO(result_free) PGresult *result = NULL;
    return conn_query(dest, "SELECT pg_advisory_unlock(" LOCK_KEYS ")", 0, NULL, &result, err) ||
           error_wrap(err, "giving back the lock of the journal");
}

static bool refuse_version(const char *comment, Error *err)
{
    error_set(err, ERROR_STATE,
              "the destination's journal (schema pgzm) was made by another version of pgzm-copy: "
              "it is a \"%s\", this version writes a \"" JOURNAL_COMMENT "\"",
              comment);
    return error_hint(err, "Finish or abort its migration with the version that made it, then "
                           "run DROP SCHEMA pgzm CASCADE: its backups can be rolled back no more.");
}

bool journal_exists(Conn *dest, bool *exists, Error *err)
{
    AUTO(result_free) PGresult *result = NULL;
    if (!conn_query_row(dest,
                        "SELECT to_regclass('pgzm.event') IS NOT NULL,"
                        " coalesce(obj_description(to_regnamespace('pgzm')::oid, 'pg_namespace'),"
                        " '')",
                        0, NULL, &result, err))
        return error_wrap(err, "looking for the journal");
    *exists = PQgetvalue(result, 0, 0)[0] == 't';
    const char *comment = PQgetvalue(result, 0, 1);
    return !*exists || strcmp(comment, JOURNAL_COMMENT) == 0 || refuse_version(comment, err);
}

bool journal_install(Conn *dest, Error *err)
{
    bool exists = false;
    if (!journal_exists(dest, &exists, err))
        return false;
    if (conn_exec(dest, run_sql("journal", conn_version(dest)), err))
        return true;
    error_wrap(err, "making the journal (schema pgzm) in the destination");
    if (error_is_state(err, "42501"))
        error_hint(err, "Grant CREATE on the destination database to the user, or connect as its "
                        "owner.");
    return false;
}

const char *journal_id_text(Arena *arena, int64_t id)
{
    return arena_printf(arena, "%lld", (long long)id);
}

static const char *cell(const PGresult *result, int row, int column, Arena *arena)
{
    return PQgetisnull(result, row, column) ? NULL
                                            : arena_strdup(arena, PQgetvalue(result, row, column));
}

bool journal_find(Conn *dest, const char *states, Arena *arena, const JournalMigration **found,
                  Error *err)
{
    *found = NULL;
    bool exists = false;
    if (!journal_exists(dest, &exists, err))
        return false;
    if (!exists)
        return true;
    const char *const values[] = {states};
    AUTO(result_free) PGresult *result = NULL;
    if (!conn_query(dest,
                    "SELECT id, state, source_as_of, created_at, fingerprint,"
                    " to_char(cleaned_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI \"UTC\"')"
                    " FROM pgzm.migration WHERE state = ANY (string_to_array($1, ',')) ORDER BY id "
                    "DESC LIMIT 1",
                    1, values, &result, err))
        return error_wrap(err, "reading the journal");
    if (PQntuples(result) == 0)
        return true;
    JournalMigration *migration = arena_alloc(arena, sizeof *migration);
    migration->id = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
    migration->state = cell(result, 0, 1, arena);
    migration->source_as_of = cell(result, 0, 2, arena);
    migration->created_at = cell(result, 0, 3, arena);
    migration->fingerprint = cell(result, 0, 4, arena);
    migration->cleaned_at = cell(result, 0, 5, arena);
    *found = migration;
    return true;
}

bool journal_refuse_cleaned(int64_t id, const char *cleaned_at, const char *what, Error *err)
{
    error_set(err, ERROR_STATE,
              "the backup of migration %lld was dropped by cleanup on %s: it cannot be %s",
              (long long)id, cleaned_at, what);
    return error_hint(err, "Only later ones can; pgzm-copy list shows them.");
}

static bool insert_migration(Run *run, Error *err)
{
    Arena *arena = run->arena;
    run->id = clock_wall_ms();
    const char *const values[] = {journal_id_text(arena, run->id),
                                  conn_label(run->source),
                                  arena_printf(arena, "%d", conn_version(run->source)),
                                  arena_printf(arena, "%d", conn_version(run->dest)),
                                  pgzm_version(),
                                  arena_printf(arena, "%d", run->settings->jobs)};
    AUTO(result_free) PGresult *result = NULL;
    /* Never before an earlier one, even if the clock went back. */
    if (conn_query_row(run->dest,
                       "INSERT INTO pgzm.migration (id, state, source, source_version,"
                       " dest_version, tool_version, jobs) SELECT greatest($1::bigint,"
                       " (SELECT max(id) + 1 FROM pgzm.migration)), 'PREPARING', $2, $3::int,"
                       " $4::int, $5, $6::int RETURNING id",
                       6, values, &result, err)) {
        run->id = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
        return true;
    }
    run->id = 0;
    if (!error_is_state(err, "23505"))
        return error_wrap(err, "recording the migration");
    error_clear(err);
    error_set(err, ERROR_STATE, "a migration into this destination is unfinished");
    return error_hint(err, "Run pgzm-copy status; then swap it or abort it.");
}

bool journal_begin(Run *run, Error *err)
{
    if (!insert_migration(run, err))
        return false;
    audit_begin(run); /* the journal may be new */
    audit_migration(run);
    return journal_event(run->dest, run->id, "prepare", conn_label(run->source), err);
}

bool journal_schema(Run *run, const JournalSchema *schema, Error *err)
{
    const char *const values[] = {journal_id_text(run->arena, run->id),
                                  schema->live,
                                  schema->shadow,
                                  schema->backup,
                                  schema->undone,
                                  schema->created ? "t" : "f"};
    AUTO(result_free) PGresult *result = NULL;
    return conn_query(run->dest,
                      "INSERT INTO pgzm.schema (migration, live, shadow, backup, undone, created)"
                      " VALUES ($1::bigint, $2, $3, $4, $5, $6::boolean)",
                      6, values, &result, err) ||
           error_wrap(err, "recording the migration's schemas");
}

bool journal_schemas(Conn *dest, int64_t id, Arena *arena, JournalSchemas *schemas, Error *err)
{
    const char *const values[] = {journal_id_text(arena, id)};
    AUTO(result_free) PGresult *result = NULL;
    if (!conn_query(dest,
                    "SELECT live, shadow, backup, undone, created FROM pgzm.schema"
                    " WHERE migration = $1::bigint ORDER BY live",
                    1, values, &result, err))
        return error_wrap(err, "reading the journal");
    schemas->count = (size_t)PQntuples(result);
    schemas->items = arena_alloc(arena, (schemas->count + 1) * sizeof *schemas->items);
    for (int i = 0; i < PQntuples(result); i++)
        schemas->items[i] = (JournalSchema){.live = cell(result, i, 0, arena),
                                            .shadow = cell(result, i, 1, arena),
                                            .backup = cell(result, i, 2, arena),
                                            .undone = cell(result, i, 3, arena),
                                            .created = PQgetvalue(result, i, 4)[0] == 't'};
    return true;
}

const char **journal_live_names(const JournalSchemas *schemas, Arena *arena)
{
    const char **names = arena_alloc(arena, (schemas->count + 1) * sizeof *names);
    for (size_t i = 0; i < schemas->count; i++)
        names[i] = schemas->items[i].live;
    return names;
}

const char **journal_shadow_names(const JournalSchemas *schemas, Arena *arena)
{
    const char **names = arena_alloc(arena, (schemas->count + 1) * sizeof *names);
    for (size_t i = 0; i < schemas->count; i++)
        names[i] = schemas->items[i].shadow;
    return names;
}

bool journal_change(Conn *dest, int64_t id, const char *from, const char *to, Error *err)
{
    AUTO(mem_free) char *number = mem_printf("%lld", (long long)id);
    const char *const values[] = {number, from, to};
    AUTO(result_free) PGresult *result = NULL;
    /* one statement: who dies between the state and the event leaves neither */
    if (!conn_query(dest,
                    "WITH changed AS ("
                    "UPDATE pgzm.migration SET state = $3, changed_at = clock_timestamp()"
                    " WHERE id = $1::bigint AND state = $2 RETURNING id"
                    "), noted AS (INSERT INTO pgzm.event (migration, what, detail)"
                    " SELECT id, 'state', $3 FROM changed) SELECT id FROM changed",
                    3, values, &result, err))
        return error_wrap(err, "changing the migration's state");
    if (PQntuples(result) != 1)
        return error_set(err, ERROR_STATE, "migration %s is not %s any more", number, from);
    return true;
}

bool journal_event(Conn *dest, int64_t id, const char *what, const char *detail, Error *err)
{
    AUTO(mem_free) char *number = mem_printf("%lld", (long long)id);
    const char *const values[] = {number, what, detail};
    AUTO(result_free) PGresult *result = NULL;
    return conn_query(dest,
                      "INSERT INTO pgzm.event (migration, what, detail)"
                      " VALUES (nullif($1::bigint, 0), $2, $3)",
                      3, values, &result, err) ||
           error_wrap(err, "writing to the journal");
}

bool journal_step(Conn *dest, int64_t id, const char *part, int ordinal, const char *label,
                  const char *statement, Error *err)
{
    AUTO(mem_free) char *number = mem_printf("%lld", (long long)id);
    AUTO(mem_free) char *position = mem_printf("%d", ordinal);
    const char *const values[] = {number, part, position, label, statement};
    AUTO(result_free) PGresult *result = NULL;
    return conn_query(dest,
                      "INSERT INTO pgzm.step (migration, part, id, label, statement)"
                      " VALUES ($1::bigint, $2, $3::int, $4, $5)",
                      5, values, &result, err) ||
           error_wrap(err, "writing to the journal");
}
