#include "engine/sync.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "engine/preserved.h"
#include "engine/synctrigger.h"

enum {
    CHUNK_ROWS = 500,            /* locked at once; more makes applications wait and deadlock */
    CHUNK_LOCK_TIMEOUT_MS = 100, /* far below deadlock_timeout */
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

static SyncTrigger sync_of(Run *run, const PreservedTable *table, const char *key_type,
                           const char *from_schema, const char *to_schema, bool reverse)
{
    const Table *live = table->live;
    const char **columns = arena_alloc(run->arena, (live->column_count + 1) * sizeof *columns);
    bool *fixed = arena_alloc(run->arena, (live->column_count + 1) * sizeof *fixed);
    size_t count = 0;
    for (size_t i = 0; i < live->column_count; i++) {
        const Column *column = &live->columns[i];
        if (!column_is_copied(column))
            continue;
        const Column *written = reverse ? column : preserved_column(table->source, column->name);
        fixed[count] = written->identity == 'a';
        columns[count++] = column->name;
    }
    return (SyncTrigger){.id = table->id,
                         .reverse = reverse,
                         .from_schema = from_schema,
                         .from_name = live->object.name,
                         .to_schema = to_schema,
                         .to_name = live->object.name,
                         .columns = columns,
                         .fixed = fixed,
                         .column_count = count,
                         .key = table->key,
                         .key_type = key_type};
}

static SyncTrigger forward_sync(Run *run, const Plan *plan, const PreservedTable *table)
{
    const JournalSchema *schema = plan_schema(plan, table->live->object.schema);
    return sync_of(run, table, table->key_type, schema->live, schema->shadow, false);
}

static bool record_table(Run *run, PreservedTable *table, Error *err)
{
    json_t *columns = json_array();
    for (size_t i = 0; i < table->live->column_count; i++)
        if (column_is_copied(&table->live->columns[i]))
            json_array_append_new(columns, json_string(table->live->columns[i].name));
    char *list = json_dumps(columns, JSON_COMPACT);
    json_decref(columns);
    const char *const values[] = {journal_id_text(run->arena, run->id),
                                  table->live->object.schema,
                                  table->live->object.name,
                                  arena_printf(run->arena, "%u", table->live->object.address.oid),
                                  arena_printf(run->arena, "%u", table->shadow),
                                  list,
                                  table->key};
    AUTO(result_free) PGresult *result = NULL;
    bool ok = list != NULL &&
              conn_query_row(
                  run->dest,
                  "INSERT INTO pgzm.preserved (migration, live, name, old_oid, new_oid, columns,"
                  " key_column, key_type) SELECT $1::bigint, $2, $3, $4::oid, $5::oid,"
                  " ARRAY(SELECT json_array_elements_text($6::json)), $7::text,"
                  " format_type(a.atttypid, -1) FROM pg_attribute a"
                  " WHERE a.attrelid = $4::oid AND a.attname = $7::text RETURNING id, key_type",
                  7, values, &result, err);
    free(list);
    if (!ok)
        return error_wrap(err, "recording preserved table %s", table->live->object.name);
    table->id = atoi(PQgetvalue(result, 0, 0));
    table->key_type = arena_strdup(run->arena, PQgetvalue(result, 0, 1));
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

/* The statements of one table's copy, made once: a large table takes many rounds. */
typedef struct CopyTexts {
    const char *lock;
    const char *copy[2], *next[2]; /* [0] for the first range, [1] after a key */
} CopyTexts;

static CopyTexts copy_texts(Run *run, const SyncTrigger *sync)
{
    CopyTexts texts = {.lock = arena_printf(run->arena, "LOCK TABLE ONLY %s IN ROW SHARE MODE",
                                            quoted_name(run, sync->from_schema, sync->from_name))};
    for (int after = 0; after < 2; after++) {
        texts.copy[after] = synctrigger_copy(sync, run->dest, run->arena, after == 1);
        texts.next[after] = synctrigger_next(sync, run->dest, run->arena, after == 1);
    }
    return texts;
}

/* The upper end of the next range of keys; NULL when there are no more. */
static bool next_range(Run *run, const CopyTexts *texts, const char *after, int limit, char **end,
                       Error *err)
{
    AUTO(mem_free) char *rows = mem_printf("%d", limit);
    const char *const values[] = {rows, after};
    AUTO(result_free) PGresult *result = NULL;
    *end = NULL;
    if (!conn_query(run->dest, texts->next[after != NULL], after != NULL ? 2 : 1, values, &result,
                    err))
        return false;
    if (PQntuples(result) == 1)
        *end = mem_strdup(PQgetvalue(result, 0, 0));
    return true;
}

static bool copy_range(Run *run, const CopyTexts *texts, const char *after, const char *end,
                       int64_t *rows, Error *err)
{
    const char *const values[] = {end, after};
    AUTO(result_free) PGresult *result = NULL;
    if (conn_exec(run->dest, "BEGIN", err) &&
        conn_execf(run->dest, err, "SET LOCAL lock_timeout = %d", CHUNK_LOCK_TIMEOUT_MS) &&
        conn_exec(run->dest, texts->lock, err) &&
        conn_query(run->dest, texts->copy[after != NULL], after != NULL ? 2 : 1, values, &result,
                   err) &&
        conn_exec(run->dest, "COMMIT", err)) {
        *rows += strtoll(PQcmdTuples(result), NULL, 10);
        return true;
    }
    conn_rollback(run->dest);
    return false;
}

/* Worth another try: a lock, or a duplicate key where a trigger wrote the same row at the same
 * moment. ON CONFLICT sees that in the key's index alone, not in other unique ones. */
static bool may_pass(const Error *failure, int *collisions)
{
    return failure->kind == ERROR_LOCK ||
           (error_is_state(failure, "23505") && ++*collisions < COLLISIONS);
}

static bool copy_rows(Run *run, const SyncTrigger *sync, int64_t *rows, Error *err)
{
    const CopyTexts texts = copy_texts(run, sync);
    AUTO(mem_free) char *after = NULL;
    int limit = CHUNK_ROWS, collisions = 0;
    for (;;) {
        AUTO(error_clear) Error failure = ERROR_INIT;
        AUTO(mem_free) char *end = NULL;
        if (!next_range(run, &texts, after, limit, &end, &failure))
            return error_move(err, &failure);
        if (end == NULL)
            return true;
        if (copy_range(run, &texts, after, end, rows, &failure)) {
            mem_free(after);
            after = TAKE(end);
            collisions = 0;
            limit = limit * 2 < CHUNK_ROWS ? limit * 2 : CHUNK_ROWS;
        } else if (may_pass(&failure, &collisions)) {
            limit = limit > 1 ? limit / 2 : 1;
            if (!cancel_sleep(run->cancel, CHUNK_PAUSE_MS))
                return cancel_check(run->cancel, err);
        } else {
            error_kind(&failure, ERROR_COPY);
            return error_move(err, &failure);
        }
    }
}

/* Copies again what the triggers could not write, until little is left for the swap. */
static bool drain(Run *run, const char *query, Error *err)
{
    int collisions = 0;
    for (;;) {
        AUTO(result_free) PGresult *result = NULL;
        AUTO(error_clear) Error failure = ERROR_INIT;
        if (!conn_query_row(run->dest, query, 0, NULL, &result, &failure)) {
            if (may_pass(&failure, &collisions) && cancel_sleep(run->cancel, CHUNK_PAUSE_MS))
                continue;
            error_kind(&failure, ERROR_COPY);
            return error_move(err, &failure);
        }
        collisions = 0;
        if (strtoll(PQgetvalue(result, 0, 0), NULL, 10) < DRAIN_KEYS)
            return true;
    }
}

bool sync_drain(Run *run, bool reverse, Error *err)
{
    const char *const values[] = {journal_id_text(run->arena, run->id)};
    AUTO(result_free) PGresult *tables = NULL;
    if (!conn_query(run->dest,
                    "SELECT p.id, p.live || '.' || p.name FROM pgzm.preserved p"
                    " WHERE p.migration = $1::bigint AND EXISTS (SELECT FROM pgzm.redo r"
                    " WHERE r.preserved = p.id) ORDER BY p.id",
                    1, values, &tables, err))
        return error_wrap(err, "reading the journal");
    for (int i = 0; i < PQntuples(tables); i++) {
        const SyncTrigger sync = {.id = atoi(PQgetvalue(tables, i, 0)), .reverse = reverse};
        if (!drain(run, synctrigger_drain(&sync, run->arena, DRAIN_KEYS), err))
            return error_wrap(err, "bringing preserved table %s in step", PQgetvalue(tables, i, 1));
    }
    return true;
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
    return copy_rows(run, sync, rows, err) &&
           drain(run, synctrigger_drain(sync, run->arena, DRAIN_KEYS), err) &&
           conn_execf(run->dest, err, "ANALYZE %s",
                      quoted_name(run, sync->to_schema, sync->to_name));
}

static bool sync_table(Run *run, const Plan *plan, PreservedTable *table, int64_t *rows, Error *err)
{
    const char *name =
        arena_printf(run->arena, "%s.%s", table->live->object.schema, table->live->object.name);
    if (!record_table(run, table, err))
        return false;
    const SyncTrigger sync = forward_sync(run, plan, table);
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
        /* the live table numbered its rows without a sequence: go on after the largest */
        const char *key = quoted_name(run, table->live->object.schema, table->live->object.name);
        AUTO(str_clear) Str s = STR_INIT;
        str_add(&s, "SELECT setval(");
        conn_add_literal(run->dest, &s, shadow);
        str_add(&s, "::regclass, max(");
        conn_add_ident(run->dest, &s, column->name);
        str_addf(&s, ")::bigint) FROM %s", key);
        return preserved_column(table->live, column->name) == NULL ||
               journal_step(run->dest, run->id, "before swap", (*ordinal)++, label, str_text(&s),
                            err);
    }
    const JournalSchema *live_schema = plan_schema(plan, live->object.schema);
    const char *old = quoted_name(run, live->object.schema, live->object.name);
    const char *backup = quoted_name(
        run, live_schema != NULL ? live_schema->backup : live->object.schema, live->object.name);
    return journal_step(run->dest, run->id, "before swap", (*ordinal)++, label,
                        setval_statement(run, shadow, old), err) &&
           journal_step(run->dest, run->id, "before rollback", (*ordinal)++, label,
                        setval_statement(run, backup, final), err);
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

static bool record_switch(Run *run, const Plan *plan, const PreservedTable *table, int *ordinal,
                          Error *err)
{
    const JournalSchema *schema = plan_schema(plan, table->live->object.schema);
    const SyncTrigger forward = forward_sync(run, plan, table);
    const SyncTrigger reverse =
        sync_of(run, table, table->key_type, schema->live, schema->backup, true);
    const SyncStatements remove = synctrigger_remove(&forward, run->dest, run->arena);
    const SyncStatements install = synctrigger_install(&reverse, run->dest, run->arena);
    const SyncStatements uninstall = synctrigger_remove(&reverse, run->dest, run->arena);
    const char *label =
        arena_printf(run->arena, "sync of %s.%s", schema->live, table->live->object.name);
    const char *last_forward = synctrigger_drain(&forward, run->arena, 0);
    const char *last_reverse = synctrigger_drain(&reverse, run->arena, 0);
    return journal_step(run->dest, run->id, "before swap", (*ordinal)++, label, last_forward,
                        err) &&
           record_statements(run, "before swap", ordinal, label, &remove, err) &&
           record_statements(run, "after swap", ordinal, label, &install, err) &&
           journal_step(run->dest, run->id, "before rollback", (*ordinal)++, label, last_reverse,
                        err) &&
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

bool sync_stop(Run *run, Error *err)
{
    const char *const values[] = {journal_id_text(run->arena, run->id)};
    AUTO(result_free) PGresult *tables = NULL;
    if (!conn_query(run->dest,
                    "SELECT p.id, n.nspname, c.relname FROM pgzm.preserved p"
                    " JOIN pg_class c ON c.oid = p.old_oid"
                    " JOIN pg_namespace n ON n.oid = c.relnamespace"
                    " WHERE p.migration = $1::bigint ORDER BY p.id",
                    1, values, &tables, err))
        return false;
    for (int i = 0; i < PQntuples(tables); i++) {
        const SyncTrigger sync = {.id = atoi(PQgetvalue(tables, i, 0)),
                                  .from_schema = PQgetvalue(tables, i, 1),
                                  .from_name = PQgetvalue(tables, i, 2),
                                  .to_schema = "",
                                  .to_name = "",
                                  .key = "",
                                  .key_type = ""};
        const SyncStatements remove = synctrigger_remove(&sync, run->dest, run->arena);
        if (!patiently(run, remove.items, remove.count, "taking sync triggers off the live table",
                       err))
            return false;
    }
    AUTO(result_free) PGresult *cleared = NULL;
    return conn_query(run->dest,
                      "DELETE FROM pgzm.redo WHERE preserved IN"
                      " (SELECT id FROM pgzm.preserved WHERE migration = $1::bigint)",
                      1, values, &cleared, err);
}
