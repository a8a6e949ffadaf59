#include "engine/sync.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "engine/array.h"
#include "engine/preserved.h"
#include "engine/synctable.h"

enum {
    CHUNK_ROWS = 500, /* locked at once; more makes applications wait and deadlock */
    CHUNK_PAUSE_MS = 20,
    DRAIN_KEYS = 1000,
    INSTALL_PATIENCE_MS = 60000, /* for the lock that putting triggers on takes */
    COLLISIONS = 20,             /* in a row, before a duplicate key is taken for a real one */
};

static const char *quoted_name(Run *run, const char *schema, const char *name)
{
    AUTO(str_clear) Str s = STR_INIT;
    conn_add_name(run->dest, &s, schema, name);
    return arena_strdup(run->arena, str_text(&s));
}

/* ---- syncing --------------------------------------------------------------------------- */

/* From the live table to its shadow. */
static bool forward_sync(Run *run, const Plan *plan, const PreservedTable *table, SyncTrigger *sync,
                         Error *err)
{
    const Object *live = &table->live->object;
    const JournalSchema *schema = plan_schema(plan, live->schema);
    *sync = (SyncTrigger){.id = table->id,
                          .from_schema = schema->live,
                          .from_name = live->name,
                          .to_schema = schema->shadow,
                          .to_name = live->name};
    return synctable_describe(run, live->address.oid, table->shadow, table->keys, table->key_count,
                              sync, err);
}

/* From the new table to the old one, as they are called after the swap. */
static bool reverse_sync(Run *run, const Plan *plan, const PreservedTable *table, SyncTrigger *sync,
                         Error *err)
{
    const Object *live = &table->live->object;
    const JournalSchema *schema = plan_schema(plan, live->schema);
    *sync = (SyncTrigger){.id = table->id,
                          .reverse = true,
                          .from_schema = schema->live,
                          .from_name = live->name,
                          .to_schema = schema->backup,
                          .to_name = live->name};
    if (!synctable_describe(run, table->shadow, live->address.oid, table->keys, table->key_count,
                            sync, err))
        return false;
    SyncPart *parts = arena_alloc(run->arena, (sync->part_count + 1) * sizeof *parts);
    for (size_t i = 0; i < sync->part_count; i++) {
        const JournalSchema *moved = plan_shadow_schema(plan, sync->parts[i].schema);
        parts[i] = (SyncPart){.schema = moved != NULL ? moved->live : sync->parts[i].schema,
                              .name = sync->parts[i].name};
    }
    sync->parts = parts;
    return true;
}

static bool record_table(Run *run, PreservedTable *table, const SyncTrigger *sync, Error *err)
{
    const char *const values[] = {journal_id_text(run->arena, run->id),
                                  table->live->object.schema,
                                  table->live->object.name,
                                  arena_printf(run->arena, "%u", table->live->object.address.oid),
                                  arena_printf(run->arena, "%u", table->shadow),
                                  array_literal(run->arena, sync->columns, sync->column_count),
                                  array_literal(run->arena, sync->keys, sync->key_count)};
    AUTO(result_free) PGresult *result = NULL;
    if (!conn_query_row(run->dest,
                        "INSERT INTO pgzm.preserved (migration, live, name, old_oid, new_oid,"
                        " columns, key_columns) VALUES ($1::bigint, $2, $3, $4::oid, $5::oid,"
                        " $6::text[], $7::text[]) RETURNING id",
                        7, values, &result, err))
        return error_wrap(err, "recording preserved table %s", table->live->object.name);
    table->id = atoi(PQgetvalue(result, 0, 0));
    return true;
}

/* Statements in one transaction whose lock waits are short; false with ERROR_LOCK to try again. */
static bool try_statements(Run *run, const char *const *statements, size_t count, int64_t timeout,
                           Error *err)
{
    bool ok = conn_exec(run->dest, "BEGIN", err) &&
              conn_execf(run->dest, err, "SET LOCAL lock_timeout = %lld", (long long)timeout);
    for (size_t i = 0; i < count && ok; i++)
        ok = conn_exec(run->dest, statements[i], err);
    if (ok && conn_exec(run->dest, "COMMIT", err))
        return true;
    conn_rollback(run->dest);
    return false;
}

static bool patiently(Run *run, const char *const *statements, size_t count, const char *what,
                      Error *err)
{
    int64_t end = clock_monotonic_ms() + INSTALL_PATIENCE_MS;
    for (;;) {
        AUTO(error_clear) Error failure = ERROR_INIT;
        if (try_statements(run, statements, count, run->settings->lock_timeout_ms, &failure))
            return true;
        if (failure.kind != ERROR_LOCK || clock_monotonic_ms() > end) {
            if (failure.kind == ERROR_LOCK)
                error_hint(&failure,
                           "A transaction holds the table for long: end it, or try again.");
            error_move(err, &failure);
            return error_wrap(err, "%s", what);
        }
        if (!cancel_sleep(run->cancel, CHUNK_PAUSE_MS * 5))
            return cancel_check(run->cancel, err);
    }
}

/* Worth another try: a lock, or a duplicate key where a trigger wrote the same row at the same
 * moment. ON CONFLICT sees that in the key's index alone, not in other unique ones. */
static bool may_pass(const Error *failure, int *collisions)
{
    return failure->kind == ERROR_LOCK ||
           (error_is_state(failure, "23505") && ++*collisions < COLLISIONS);
}

/* One range of keys after `after` (NULL: from the start), in one round trip and one transaction.
 * `end` is its last key, NULL when there are no more rows. */
static bool copy_range(Run *run, const char *query, const char *after, int limit, char **end,
                       int64_t *rows, Error *err)
{
    AUTO(mem_free) char *most = mem_printf("%d", limit);
    const char *const values[] = {after, most};
    AUTO(result_free) PGresult *result = NULL;
    *end = NULL;
    if (!conn_query_row(run->dest, query, 2, values, &result, err))
        return false;
    if (!PQgetisnull(result, 0, 0))
        *end = mem_strdup(PQgetvalue(result, 0, 0));
    *rows += strtoll(PQgetvalue(result, 0, 1), NULL, 10);
    return true;
}

static bool copy_rows(Run *run, const SyncTrigger *sync, int64_t *rows, Error *err)
{
    const char *query = synctrigger_copy(sync, run->arena);
    AUTO(mem_free) char *after = NULL;
    int limit = CHUNK_ROWS, collisions = 0;
    for (;;) {
        AUTO(error_clear) Error failure = ERROR_INIT;
        AUTO(mem_free) char *end = NULL;
        if (!cancel_check(run->cancel, err))
            return false;
        if (copy_range(run, query, after, limit, &end, rows, &failure)) {
            if (end == NULL)
                return true;
            mem_free(after);
            after = TAKE(end);
            collisions = 0;
            limit = limit * 2 < CHUNK_ROWS ? limit * 2 : CHUNK_ROWS;
        } else if (may_pass(&failure, &collisions)) {
            limit = limit > 1 ? limit / 2 : 1;
            if (!cancel_sleep(run->cancel, CHUNK_PAUSE_MS))
                return cancel_check(run->cancel, err);
        } else {
            if (failure.kind == ERROR_OTHER || failure.kind == ERROR_LOCK)
                error_kind(&failure, ERROR_COPY);
            return error_move(err, &failure);
        }
    }
}

/* Names the key that cannot be written, for a person to look at. */
static bool cannot_write(Run *run, const SyncTrigger *sync, Error *failure, Error *err)
{
    const char *const values[] = {arena_printf(run->arena, "%d", sync->id)};
    AUTO(result_free) PGresult *result = NULL;
    AUTO(error_clear) Error ignored = ERROR_INIT;
    if (conn_query(run->dest, "SELECT key FROM pgzm.redo WHERE preserved = $1::int LIMIT 1", 1,
                   values, &result, &ignored) &&
        PQntuples(result) == 1)
        error_wrap(failure, "the row with key %s", PQgetvalue(result, 0, 0));
    error_kind(failure, ERROR_COPY);
    error_hint(failure, "Correct the row in the live table, or the definition on the source.");
    return error_move(err, failure);
}

/* Copies again what the triggers could not write, until little is left. `total` grows by the number
 * of redo rows. */
static bool drain(Run *run, const SyncTrigger *sync, int64_t *total, Error *err)
{
    int collisions = 0, limit = DRAIN_KEYS, small = 0;
    while (small < 2) { /* the first may have turned a TRUNCATE into keys */
        AUTO(result_free) PGresult *result = NULL;
        AUTO(error_clear) Error failure = ERROR_INIT;
        if (!cancel_check(run->cancel, err))
            return false;
        if (!conn_query_row(run->dest, synctrigger_drain(sync, run->arena, limit), 0, NULL, &result,
                            &failure)) {
            if (failure.kind == ERROR_CONNECTION || failure.kind == ERROR_INTERRUPTED)
                return error_move(err, &failure);
            if (may_pass(&failure, &collisions)) {
                limit = limit > 1 ? limit / 2 : 1;
                if (!cancel_sleep(run->cancel, CHUNK_PAUSE_MS))
                    return cancel_check(run->cancel, err);
                continue;
            }
            if (limit == 1)
                return cannot_write(run, sync, &failure, err);
            limit = 1; /* the one that fails does not keep the others back, and can be named */
            continue;
        }
        int64_t taken = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
        collisions = 0;
        *total += taken;
        if (taken == 0)
            return true;
        small = taken < limit ? small + 1 : 0;
        limit = limit * 2 < DRAIN_KEYS ? limit * 2 : DRAIN_KEYS;
    }
    return true;
}

/* Snapshots from before this moment do not see all that was drained. */
static bool move_horizon(Run *run, Error *err)
{
    const char *const values[] = {journal_id_text(run->arena, run->id)};
    AUTO(result_free) PGresult *result = NULL;
    return conn_query(run->dest,
                      "UPDATE pgzm.migration SET horizon ="
                      " (txid_current() % 4294967296)::text::xid, changed_at = clock_timestamp()"
                      " WHERE id = $1::bigint",
                      1, values, &result, err);
}

bool sync_drain(Run *run, bool reverse, Error *err)
{
    const char *const values[] = {journal_id_text(run->arena, run->id)};
    AUTO(result_free) PGresult *tables = NULL;
    int64_t total = 0;
    if (!conn_query(run->dest,
                    "SELECT p.id, p.live || '.' || p.name FROM pgzm.preserved p"
                    " WHERE p.migration = $1::bigint AND EXISTS (SELECT FROM pgzm.redo r"
                    " WHERE r.preserved = p.id) ORDER BY p.id",
                    1, values, &tables, err))
        return error_wrap(err, "reading the journal");
    for (int i = 0; i < PQntuples(tables); i++) {
        const SyncTrigger sync = {.id = atoi(PQgetvalue(tables, i, 0)), .reverse = reverse};
        if (!drain(run, &sync, &total, err))
            return error_wrap(err, "bringing preserved table %s in step", PQgetvalue(tables, i, 1));
    }
    return total == 0 || move_horizon(run, err);
}

static bool note_synced(Run *run, const PreservedTable *table, int64_t rows, Error *err)
{
    const char *const values[] = {arena_printf(run->arena, "%d", table->id),
                                  arena_printf(run->arena, "%lld", (long long)rows)};
    AUTO(result_free) PGresult *result = NULL;
    return conn_query(run->dest,
                      "UPDATE pgzm.preserved SET synced = true, rows = $2::bigint"
                      " WHERE id = $1::int",
                      2, values, &result, err);
}

static size_t count_statements(const char *const *list)
{
    size_t count = 0;
    while (list != NULL && list[count] != NULL)
        count++;
    return count;
}

bool sync_install(Run *run, const SyncTrigger *sync, const char *const *before,
                  const char *const *after, Error *err)
{
    const SyncStatements install = synctrigger_install(sync, run->dest, run->arena);
    size_t first = count_statements(before), last = count_statements(after), count = 0;
    const char **all = arena_alloc(run->arena, (first + install.count + last + 1) * sizeof *all);
    for (size_t i = 0; i < first; i++)
        all[count++] = before[i];
    for (size_t i = 0; i < install.count; i++)
        all[count++] = install.items[i];
    for (size_t i = 0; i < last; i++)
        all[count++] = after[i];
    return patiently(run, all, count, "putting sync triggers on the live table", err);
}

bool sync_copy(Run *run, const SyncTrigger *sync, int64_t *rows, Error *err)
{
    int64_t drained = 0;
    return copy_rows(run, sync, rows, err) && drain(run, sync, &drained, err) &&
           conn_execf(run->dest, err, "ANALYZE %s",
                      quoted_name(run, sync->to_schema, sync->to_name));
}

static bool sync_table(Run *run, const Plan *plan, PreservedTable *table, int64_t *rows, Error *err)
{
    const char *name =
        arena_printf(run->arena, "%s.%s", table->live->object.schema, table->live->object.name);
    SyncTrigger sync;
    if (!forward_sync(run, plan, table, &sync, err) || !record_table(run, table, &sync, err))
        return false;
    sync.id = table->id;
    if (!sync_install(run, &sync, NULL, NULL, err) || !sync_copy(run, &sync, rows, err) ||
        !note_synced(run, table, *rows, err))
        return error_wrap(err, "preserving table %s", name);
    log_info(&run->log, "preserved table %s: %lld rows, in step with the live one", name,
             (long long)*rows);
    return true;
}

bool sync_start(Run *run, Plan *plan, int64_t *rows, Error *err)
{
    json_t *list = json_array();
    json_object_set_new(run->result, "preserved", list);
    for (size_t i = 0; i < plan->preserved_count; i++) {
        PreservedTable *table = &plan->preserved[i];
        int64_t copied = 0;
        if (!sync_table(run, plan, table, &copied, err))
            return false;
        *rows += copied;
        json_array_append_new(list, json_pack("{s:o, s:I}", "table",
                                              json_sprintf("%s.%s", table->live->object.schema,
                                                           table->live->object.name),
                                              "rows", (json_int_t)copied));
    }
    return true;
}

/* ---- sequences ------------------------------------------------------------------------- */

/* The live sequence whose value it takes over: of the same column, else of the same name. */
static const Sequence *live_sequence(const Plan *plan, const Sequence *sequence,
                                     const PreservedTable *table, const Column *column)
{
    const Column *live = preserved_column(table->live, column->name);
    for (size_t i = 0; live != NULL && i < plan->live->sequences.count; i++) {
        const Sequence *candidate = &plan->live->sequences.items[i];
        if (candidate->owned_by.classid != 0 &&
            candidate->owned_by.oid == table->live->object.address.oid &&
            candidate->owned_by.subid == live->number)
            return candidate;
    }
    return model_sequence_named(plan->live, sequence->object.schema, sequence->object.name);
}

static const char *setval_statement(Run *run, const char *to, const char *from)
{
    AUTO(str_clear) Str s = STR_INIT;
    str_add(&s, "SELECT setval(");
    conn_add_literal(run->dest, &s, to);
    str_addf(&s, "::regclass, last_value, is_called) FROM %s", from);
    return arena_strdup(run->arena, str_text(&s));
}

/* True when `one` can take every value that `other` can have. */
static bool may_hold(const Sequence *one, const Sequence *other)
{
    return one->min <= other->min && one->max >= other->max;
}

/* setval() refuses a value out of range, and with it the whole swap: that must be known before. */
static bool check_range(Run *run, const Sequence *sequence, const Sequence *live, Error *err)
{
    if (may_hold(sequence, live))
        return true;
    const char *name = quoted_name(run, live->object.schema, live->object.name);
    const char *query = arena_printf(run->arena, "SELECT last_value FROM %s", name);
    AUTO(result_free) PGresult *result = NULL;
    if (!conn_query_row(run->dest, query, 0, NULL, &result, err))
        return error_wrap(err, "reading sequence %s", name);
    const char *value = PQgetvalue(result, 0, 0);
    long long number = strtoll(value, NULL, 10);
    if (number >= sequence->min && number <= sequence->max)
        return true;
    error_set(
        err, ERROR_PREFLIGHT,
        "sequence %s.%s of a preserved table stands at %s: on the source it goes from %lld to "
        "%lld only",
        live->object.schema, live->object.name, value, (long long)sequence->min,
        (long long)sequence->max);
    return error_hint(err, "Widen the sequence on the source (ALTER SEQUENCE, or the type of its "
                           "column).");
}

/* Going back must be possible: an old sequence that cannot go as far stands at its end. */
static const char *clamped_statement(Run *run, const Sequence *to, const char *name,
                                     const char *from)
{
    AUTO(str_clear) Str s = STR_INIT;
    long long min = to->min, max = to->max;
    str_add(&s, "SELECT setval(");
    conn_add_literal(run->dest, &s, name);
    str_addf(&s,
             "::regclass, greatest(%lld, least(%lld, last_value)),"
             " is_called OR last_value NOT BETWEEN %lld AND %lld) FROM %s",
             min, max, min, max, from);
    return arena_strdup(run->arena, str_text(&s));
}

/* The live table numbered its rows without a sequence: the new one goes on after the last of them
 * that it could have given. NULL where there are no such numbers. */
static const char *after_largest(Run *run, const KeptSequence *kept, const char *shadow)
{
    const Sequence *sequence = kept->sequence;
    const Column *live = preserved_column(kept->table->live, kept->column->name);
    if (live == NULL || (strcmp(live->type, "bigint") != 0 && strcmp(live->type, "integer") != 0 &&
                         strcmp(live->type, "smallint") != 0 &&
                         strncmp(live->type, "numeric", strlen("numeric")) != 0))
        return NULL;
    const Object *table = &kept->table->live->object;
    AUTO(str_clear) Str s = STR_INIT;
    str_add(&s, "SELECT setval(");
    conn_add_literal(run->dest, &s, shadow);
    str_addf(&s, "::regclass, v::bigint) FROM (SELECT %s(",
             sequence->increment < 0 ? "min" : "max");
    conn_add_ident(run->dest, &s, live->name);
    str_addf(&s, ") AS v FROM %s) AS m WHERE v BETWEEN %lld AND %lld",
             quoted_name(run, table->schema, table->name), (long long)sequence->min,
             (long long)sequence->max);
    return arena_strdup(run->arena, str_text(&s));
}

/* Before the move each side's sequence is found under the name it has then. */
static bool record_sequence(Run *run, const Plan *plan, const KeptSequence *kept, int *ordinal,
                            Error *err)
{
    const Sequence *sequence = kept->sequence;
    const PreservedTable *table = kept->table;
    const Column *column = kept->column;
    const JournalSchema *schema = plan_schema(plan, sequence->object.schema);
    const char *shadow = quoted_name(run, schema->shadow, sequence->object.name);
    const char *final = quoted_name(run, schema->live, sequence->object.name);
    const Sequence *live = live_sequence(plan, sequence, table, column);
    const char *label =
        arena_printf(run->arena, "value of sequence %s.%s", schema->live, sequence->object.name);
    if (live == NULL) {
        const char *go_on = after_largest(run, kept, shadow);
        return go_on == NULL ||
               journal_step(run->dest, run->id, "before swap", (*ordinal)++, label, go_on, err);
    }
    if (!check_range(run, sequence, live, err))
        return false;
    const JournalSchema *live_schema = plan_schema(plan, live->object.schema);
    const char *old = quoted_name(run, live->object.schema, live->object.name);
    const char *backup = quoted_name(
        run, live_schema != NULL ? live_schema->backup : live->object.schema, live->object.name);
    return journal_step(run->dest, run->id, "before swap", (*ordinal)++, label,
                        setval_statement(run, shadow, old), err) &&
           journal_step(run->dest, run->id, "before rollback", (*ordinal)++, label,
                        may_hold(live, sequence) ? setval_statement(run, backup, final)
                                                 : clamped_statement(run, live, backup, final),
                        err);
}

/* ---- swap and rollback ----------------------------------------------------------------- */

static bool record_statements(Run *run, const char *part, int *ordinal, const char *label,
                              const SyncStatements *list, Error *err)
{
    for (size_t i = 0; i < list->count; i++)
        if (!journal_step(run->dest, run->id, part, (*ordinal)++, label, list->items[i], err))
            return false;
    return true;
}

/* What the triggers left is copied before the locks are taken (sync_drain): rows that the swap
 * itself wrote would be hidden from snapshots that are older than it. */
static bool record_switch(Run *run, const Plan *plan, const PreservedTable *table, int *ordinal,
                          Error *err)
{
    SyncTrigger reverse;
    if (!reverse_sync(run, plan, table, &reverse, err))
        return false;
    const SyncTrigger forward = {.id = table->id};
    const SyncStatements remove = synctrigger_remove(&forward, run->arena);
    const SyncStatements install = synctrigger_install(&reverse, run->dest, run->arena);
    const SyncStatements uninstall = synctrigger_remove(&reverse, run->arena);
    const char *label = arena_printf(run->arena, "sync of %s.%s", table->live->object.schema,
                                     table->live->object.name);
    return record_statements(run, "before swap", ordinal, label, &remove, err) &&
           record_statements(run, "after swap", ordinal, label, &install, err) &&
           record_statements(run, "before rollback", ordinal, label, &uninstall, err);
}

bool sync_record(Run *run, const Plan *plan, int *ordinal, Error *err)
{
    for (size_t i = 0; i < plan->preserved_count; i++)
        if (!record_switch(run, plan, &plan->preserved[i], ordinal, err))
            return false;
    for (size_t i = 0; i < plan->kept_count; i++)
        if (!record_sequence(run, plan, &plan->kept[i], ordinal, err))
            return false;
    return true;
}
