#include <stdlib.h>
#include <string.h>

#include "engine/journal.h"
#include "engine/patient.h"
#include "engine/unsync.h"

/* A finished migration whose backup (or what its rollback set aside) is to go. */
typedef struct Backup {
    int64_t id;
    const char *state;
    const char *tables, *bytes;
    json_t *schemas; /* owned */
    bool begun;      /* an earlier cleanup was cut short */
} Backup;

typedef struct Backups {
    Backup *items; /* the oldest first */
    size_t count;
} Backups;

/* ---- which ----------------------------------------------------------------------------- */

/* Columns of cleanup_list.sql. */
enum { ID, STATE, CLEANED, LEFT_OVER, SCHEMAS, TABLES, BYTES, OLDER };

static bool is_state(const PGresult *rows, int row, const char *state)
{
    return strcmp(PQgetvalue(rows, row, STATE), state) == 0;
}

static bool refuse_unfinished(const PGresult *rows, Error *err)
{
    error_set(err, ERROR_STATE, "migration %s is %s: it has no backup yet", PQgetvalue(rows, 0, ID),
              PQgetvalue(rows, 0, STATE));
    return error_hint(err, "pgzm-copy abort drops what an unfinished migration has built.");
}

/* Its new objects are in the backup of the later one: a rollback of it needs both. */
static bool refuse_younger(const PGresult *rows, Error *err)
{
    error_set(err, ERROR_STATE,
              "the backup of migration %s is needed to roll back migration %s, whose own is there",
              PQgetvalue(rows, 0, ID), PQgetvalue(rows, 0, OLDER));
    return error_hint(err,
                      "Run pgzm-copy cleanup --timestamp %s first, or clean up all of them with "
                      "--before.",
                      PQgetvalue(rows, 0, OLDER));
}

static bool check_named(Run *run, const PGresult *rows, Error *err)
{
    if (PQntuples(rows) == 0) {
        error_set(err, ERROR_STATE, "there is no migration %lld in the journal",
                  (long long)run->settings->timestamp);
        return error_hint(err, "pgzm-copy list shows what there is.");
    }
    if (is_state(rows, 0, STATE_PREPARING) || is_state(rows, 0, STATE_PREPARED))
        return refuse_unfinished(rows, err);
    return PQgetisnull(rows, 0, OLDER) || refuse_younger(rows, err);
}

/* An aborted one has nothing to drop, and one that an earlier cleanup was cut short on still has.
 */
static bool is_wanted(const PGresult *rows, int row)
{
    return PQgetvalue(rows, row, LEFT_OVER)[0] == 't' ||
           (PQgetisnull(rows, row, CLEANED) && !is_state(rows, row, STATE_ABORTED));
}

/* Of --before: what is not verified yet stays, and so does what it needs to be rolled back. */
static bool stays(Run *run, const PGresult *rows, int row, const char **kept)
{
    const char *id = PQgetvalue(rows, row, ID);
    if (run->settings->timestamp != 0)
        return false;
    if (is_state(rows, row, STATE_SWAPPED) && PQgetisnull(rows, row, CLEANED)) {
        run_warning(
            run,
            "the backup of migration %s stays: it is live, but not fully verified (pgzm-copy "
            "swap verifies it; --timestamp %s drops it all the same)",
            id, id);
        *kept = arena_strdup(run->arena, id);
        return true;
    }
    if (*kept == NULL || is_state(rows, row, STATE_ROLLED_BACK))
        return false;
    run_warning(run, "the backup of migration %s stays: a rollback of migration %s needs it", id,
                *kept);
    return true;
}

static void choose(Run *run, const PGresult *rows, Backups *backups)
{
    const char *kept = NULL;
    backups->items =
        arena_alloc(run->arena, ((size_t)PQntuples(rows) + 1) * sizeof *backups->items);
    for (int i = 0; i < PQntuples(rows); i++) {
        if (!is_wanted(rows, i) || stays(run, rows, i, &kept))
            continue;
        json_t *schemas = json_loads(PQgetvalue(rows, i, SCHEMAS), 0, NULL);
        backups->items[backups->count++] =
            (Backup){.id = strtoll(PQgetvalue(rows, i, ID), NULL, 10),
                     .state = arena_strdup(run->arena, PQgetvalue(rows, i, STATE)),
                     .tables = arena_strdup(run->arena, PQgetvalue(rows, i, TABLES)),
                     .bytes = arena_strdup(run->arena, PQgetvalue(rows, i, BYTES)),
                     .schemas = schemas != NULL ? schemas : json_array(),
                     .begun = !PQgetisnull(rows, i, CLEANED)};
    }
}

static bool find(Run *run, Backups *backups, Error *err)
{
    const Settings *s = run->settings;
    bool exists = false;
    if ((s->timestamp == 0) == (s->before_ms == INT64_MIN)) {
        error_set(err, ERROR_USAGE, "cleanup needs --before or --timestamp%s",
                  s->timestamp != 0 ? ", not both" : "");
        return error_hint(err, "pgzm-copy list shows what there is.");
    }
    if (!run_open_dest(run, err) || !journal_lock(run->dest, err) ||
        !journal_exists(run->dest, &exists, err))
        return false;
    const char *const values[] = {
        s->timestamp != 0 ? journal_id_text(run->arena, s->timestamp) : NULL,
        s->timestamp != 0 ? NULL : journal_id_text(run->arena, s->before_ms)};
    AUTO(result_free) PGresult *rows = NULL;
    if (!exists)
        return s->timestamp == 0 ||
               error_set(err, ERROR_STATE, "there is no migration %s", values[0]);
    if (!conn_query(run->dest, run_sql("cleanup_list", conn_version(run->dest)), 2, values, &rows,
                    err))
        return error_wrap(err, "reading the journal");
    if (s->timestamp != 0 && !check_named(run, rows, err))
        return false;
    choose(run, rows, backups);
    return true;
}

/* ---- what would be hurt ---------------------------------------------------------------- */

/* Of the migrations that are not dropped yet, as an array. */
static const char *ids_from(Run *run, const Backups *backups, size_t first)
{
    AUTO(str_clear) Str s = STR_INIT;
    for (size_t i = first; i < backups->count; i++)
        str_addf(&s, "%s%lld", i == first ? "{" : ",", (long long)backups->items[i].id);
    str_add(&s, backups->count == first ? "{}" : "}");
    return arena_strdup(run->arena, str_text(&s));
}

static const char *problem_text(Run *run, const PGresult *rows, int row)
{
    if (PQgetisnull(rows, row, 1))
        return arena_printf(run->arena, "%s is in %s, but no part of the backup",
                            PQgetvalue(rows, row, 0), PQgetvalue(rows, row, 2));
    return arena_printf(run->arena, "%s leans on %s", PQgetvalue(rows, row, 0),
                        PQgetvalue(rows, row, 1));
}

/* Nothing that somebody uses goes, and nothing that is not the journal's. */
static bool check_problems(Run *run, const char *ids, Error *err)
{
    const char *const values[] = {ids};
    AUTO(result_free) PGresult *rows = NULL;
    if (!conn_query(run->dest, run_sql("cleanup_problems", conn_version(run->dest)), 1, values,
                    &rows, err))
        return error_wrap(err, "looking for what depends on the backups");
    int count = PQntuples(rows);
    if (count == 0)
        return true;
    for (int i = 1; i < count; i++)
        run_warning(run, "%s", problem_text(run, rows, i));
    error_set(err, ERROR_STATE, "%s%s", problem_text(run, rows, 0),
              count > 1 ? arena_printf(run->arena, " (and %d more: see the warnings)", count - 1)
                        : "");
    if (PQgetisnull(rows, 0, 1))
        return error_hint(err,
                          "Move it to another schema or drop it, then run this command again.");
    return error_hint(err, "Drop it or make it use the live object, then run this command again.");
}

/* Before anything is done: half a backup is of no use. */
static bool check_rights(Run *run, const char *ids, Error *err)
{
    const char *const values[] = {ids};
    AUTO(result_free) PGresult *rows = NULL;
    if (!conn_query(run->dest, run_sql("cleanup_rights", conn_version(run->dest)), 1, values, &rows,
                    err))
        return error_wrap(err, "looking for who owns the backups");
    if (PQntuples(rows) == 0)
        return true;
    error_set(err, ERROR_PREFLIGHT, "%s belongs to %s: it cannot be dropped or changed",
              PQgetvalue(rows, 0, 0), PQgetvalue(rows, 0, 1));
    return error_hint(err, "Connect as a member of role %s.", PQgetvalue(rows, 0, 1));
}

/* ---- dropping -------------------------------------------------------------------------- */

/* One transaction must not need more of the lock table than it has. */
enum { TABLES_PER_DROP = 100 };

/* Several tables, or a schema with what is left in it. */
typedef struct Drop {
    const char *ids;   /* migrations that are looked at again under the locks */
    const char *names; /* quoted, separated by commas */
    bool tables;       /* tables, not a schema */
} Drop;

/* In the order of their dependencies nothing else goes along; where they depend on each other in
 * circles (a function over a table's rows in its default) CASCADE is needed, and what it will take
 * was looked at under the locks. */
static bool drop_some(Run *run, const void *context, Error *err)
{
    const Drop *drop = context;
    const char *kind = drop->tables ? "TABLE" : "SCHEMA";
    if (drop->tables &&
        !conn_execf(run->dest, err, "LOCK TABLE %s IN ACCESS EXCLUSIVE MODE", drop->names))
        return false;
    AUTO(error_clear) Error failure = ERROR_INIT;
    if (!check_problems(run, drop->ids, err) || !conn_exec(run->dest, "SAVEPOINT pgzm", err))
        return false;
    if (conn_execf(run->dest, &failure, "DROP %s %s", kind, drop->names))
        return true;
    if (!error_is_state(&failure, "2BP01"))
        return error_move(err, &failure);
    return conn_exec(run->dest, "ROLLBACK TO SAVEPOINT pgzm", err) &&
           conn_execf(run->dest, err, "DROP %s %s CASCADE", kind, drop->names);
}

static bool drop(Run *run, const Drop *what, Error *err)
{
    if (!run->settings->dry_run)
        return patient_run(run, drop_some, what, "dropping a backup", err);
    run_plan(run, arena_printf(run->arena, "DROP %s %s", what->tables ? "TABLE" : "SCHEMA",
                               what->names));
    return true;
}

static bool drop_key(Run *run, const PGresult *plan, int row, Error *err)
{
    const char *statement = arena_printf(run->arena, "ALTER TABLE %s DROP CONSTRAINT %s",
                                         PQgetvalue(plan, row, 1), PQgetvalue(plan, row, 2));
    return patient_exec(run, &statement, 1, "dropping a foreign key of a backup", err);
}

static bool is_kind(const PGresult *plan, int row, const char *kind)
{
    return row < PQntuples(plan) && strcmp(PQgetvalue(plan, row, 0), kind) == 0;
}

static bool drop_tables(Run *run, const PGresult *plan, int *row, const char *ids, Error *err)
{
    AUTO(str_clear) Str names = STR_INIT;
    for (int n = 0; n < TABLES_PER_DROP && is_kind(plan, *row, "table"); n++, ++*row) {
        str_separate(&names, ", ");
        str_add(&names, PQgetvalue(plan, *row, 1));
    }
    const Drop what = {.ids = ids, .names = str_text(&names), .tables = true};
    return drop(run, &what, err);
}

static bool take_apart(Run *run, const char *ids, Error *err)
{
    const char *const values[] = {journal_id_text(run->arena, run->id)};
    AUTO(result_free) PGresult *plan = NULL;
    if (!conn_query(run->dest, run_sql("cleanup_plan", conn_version(run->dest)), 1, values, &plan,
                    err))
        return error_wrap(err, "reading the backup");
    for (int row = 0; row < PQntuples(plan);) {
        if (is_kind(plan, row, "table")) {
            if (!drop_tables(run, plan, &row, ids, err))
                return false;
            continue;
        }
        const Drop schema = {.ids = ids, .names = PQgetvalue(plan, row, 1)};
        if (is_kind(plan, row, "key") ? !drop_key(run, plan, row, err) : !drop(run, &schema, err))
            return false;
        row++;
    }
    return true;
}

/* ---- one of them ----------------------------------------------------------------------- */

/* From now on nothing rolls it back or verifies it, whatever happens to us. */
static bool begin(Run *run, const void *context, Error *err)
{
    const Backup *backup = context;
    const char *const values[] = {journal_id_text(run->arena, backup->id), backup->state};
    AUTO(result_free) PGresult *result = NULL;
    if (!conn_query(run->dest,
                    "UPDATE pgzm.migration SET cleaned_at = coalesce(cleaned_at, clock_timestamp())"
                    " WHERE id = $1::bigint AND state = $2 RETURNING id",
                    2, values, &result, err))
        return error_wrap(err, "writing to the journal");
    if (PQntuples(result) != 1)
        return error_set(err, ERROR_STATE, "migration %s is not %s any more", values[0], values[1]);
    return journal_event(run->dest, backup->id, "cleanup",
                         backup->begun ? "goes on dropping the backup" : "drops the backup", err);
}

static void plan_begin(Run *run, const Backup *backup)
{
    run_plan(run, arena_printf(run->arena,
                               "UPDATE pgzm.migration SET cleaned_at = clock_timestamp()"
                               " WHERE id = %lld",
                               (long long)backup->id));
}

static bool name_leftovers(Run *run, const Backup *backup, Error *err)
{
    const char *const values[] = {journal_id_text(run->arena, backup->id)};
    AUTO(result_free) PGresult *rows = NULL;
    if (strcmp(backup->state, STATE_ROLLED_BACK) != 0)
        return true;
    if (!conn_query(run->dest, run_sql("left_by_rollback", conn_version(run->dest)), 1, values,
                    &rows, err))
        return error_wrap(err, "looking for what else migration %s made", values[0]);
    for (int i = 0; i < PQntuples(rows); i++)
        run_warning(run, "%s stays: migration %s made it, and somebody may use it by now",
                    PQgetvalue(rows, i, 0), values[0]);
    return true;
}

static json_t *describe(const Backup *backup)
{
    return json_pack("{s:o, s:s, s:O, s:I, s:I}", "timestamp",
                     json_sprintf("%lld", (long long)backup->id), "state", backup->state, "schemas",
                     backup->schemas, "tables", (json_int_t)strtoll(backup->tables, NULL, 10),
                     "bytes", (json_int_t)strtoll(backup->bytes, NULL, 10));
}

static bool clean(Run *run, const Backups *backups, size_t index, Error *err)
{
    const Backup *backup = &backups->items[index];
    const char *ids = ids_from(run, backups, index);
    run->id = backup->id;
    if (run->settings->dry_run)
        plan_begin(run, backup);
    else if (!patient_run(run, begin, backup, "beginning to drop a backup", err))
        return false;
    if (!unsync_run(run, err) || !take_apart(run, ids, err) || !name_leftovers(run, backup, err))
        return false;
    if (run->settings->dry_run)
        return true;
    log_info(&run->log, "the backup of migration %lld is dropped", (long long)backup->id);
    return journal_event(run->dest, backup->id, "cleanup", "the backup is dropped", err);
}

static bool clean_all(Run *run, const Backups *backups, Error *err)
{
    json_t *list = json_array();
    json_object_set_new(run->result, "cleaned", list);
    for (size_t i = 0; i < backups->count; i++) {
        if (!clean(run, backups, i, err)) {
            if (!run->settings->dry_run)
                run_next(run, arena_printf(run->arena, "pgzm-copy cleanup --timestamp %lld",
                                           (long long)backups->items[i].id));
            return error_wrap(err, "migration %lld", (long long)backups->items[i].id);
        }
        json_array_append_new(list, describe(&backups->items[i]));
    }
    return true;
}

static bool check_all(Run *run, const Backups *backups, Error *err)
{
    const char *ids = ids_from(run, backups, 0);
    return backups->count == 0 || (check_problems(run, ids, err) && check_rights(run, ids, err));
}

/* ---- the command ----------------------------------------------------------------------- */

bool command_cleanup(Run *run, Error *err)
{
    Backups backups = {0};
    run_phase(run, "cleanup");
    bool ok =
        find(run, &backups, err) && check_all(run, &backups, err) && clean_all(run, &backups, err);
    for (size_t i = 0; i < backups.count; i++)
        json_decref(backups.items[i].schemas);
    if (ok && backups.count == 0)
        log_info(&run->log, "there is nothing to drop");
    if (ok && backups.count != 1)
        run->id = 0; /* the result is about several */
    return ok;
}
