#include "engine/preserve.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "engine/synctrigger.h"

enum {
    CHUNK_ROWS = 500,            /* locked at once; more makes applications wait and deadlock */
    CHUNK_LOCK_TIMEOUT_MS = 100, /* far below deadlock_timeout */
    CHUNK_PAUSE_MS = 20,
    DRAIN_KEYS = 1000,
    INSTALL_PATIENCE_MS = 60000, /* for the lock that putting triggers on takes */
};

/* ---- which tables, and whether they can be carried
 * ----------------------------------------------- */

static bool refuse(Error *err, const char *name, const char *why)
{
    error_set(err, ERROR_PREFLIGHT, "table %s cannot be preserved: %s", name, why);
    return error_hint(err, "Leave it out of --preserved-tables, or make both sides alike.");
}

static bool is_user_type_shared(const Plan *plan, Oid type)
{
    for (size_t i = 0; i < plan->source->types.count; i++) {
        const Type *t = &plan->source->types.items[i];
        if (t->object.address.oid != type && t->array_oid != type && t->multirange_oid != type)
            continue;
        for (size_t k = 0; k < plan->same_count; k++)
            if (plan->same[k].ours == t->object.address.oid)
                return true;
        return false;
    }
    return true; /* built in, or an extension's */
}

static const Column *find_column(const Table *table, const char *name)
{
    for (size_t i = 0; i < table->column_count; i++)
        if (strcmp(table->columns[i].name, name) == 0)
            return &table->columns[i];
    return NULL;
}

static const char *column_trouble(const Plan *plan, const Table *source, const Column *live,
                                  Arena *arena)
{
    const Column *ours = find_column(source, live->name);
    if (ours == NULL)
        return arena_printf(arena, "its column %s is missing on the source", live->name);
    if (strcmp(ours->type, live->type) != 0)
        return arena_printf(arena, "its column %s is %s here and %s on the source", live->name,
                            live->type, ours->type);
    if (!is_user_type_shared(plan, ours->type_oid))
        return arena_printf(arena, "the type of its column %s differs between both sides",
                            live->name);
    if (ours->generated != live->generated)
        return arena_printf(arena, "its column %s is generated on one side only", live->name);
    return NULL;
}

static const char *new_column_trouble(const Table *live, const Column *ours, Arena *arena)
{
    bool filled = !ours->not_null || ours->default_expr != NULL || ours->identity != '\0';
    if (find_column(live, ours->name) != NULL || filled)
        return NULL;
    return arena_printf(arena, "the source's new column %s is NOT NULL and has no default",
                        ours->name);
}

static bool has_children(const Model *model, const Table *table)
{
    for (size_t i = 0; i < model->tables.count; i++)
        for (size_t k = 0; k < model->tables.items[i].parent_count; k++)
            if (model->tables.items[i].parents[k] == table->object.address.oid)
                return true;
    return false;
}

/* The name of the primary key's one column, or NULL. */
static const char *single_key(const Model *model, const Table *table)
{
    const Index *index = model_primary_key(model, table->object.address.oid);
    if (index == NULL || index->column_count != 1 || index->columns_def == NULL)
        return NULL;
    /* columns_def is quoted as needed: the column whose quoted or bare name it is */
    for (size_t i = 0; i < table->column_count; i++) {
        const char *name = table->columns[i].name;
        AUTO(str_clear) Str quoted = STR_INIT;
        str_add(&quoted, "\"");
        for (const char *p = name; *p != '\0'; p++) {
            str_add_bytes(&quoted, p, 1);
            if (*p == '"')
                str_add(&quoted, "\"");
        }
        str_add(&quoted, "\"");
        if (strcmp(index->columns_def, name) == 0 ||
            strcmp(index->columns_def, str_text(&quoted)) == 0)
            return name;
    }
    return NULL;
}

static const char *trouble(const Plan *plan, PreservedTable *table, Arena *arena)
{
    const Table *source = table->source, *live = table->live;
    if (source->relkind != 'r' || live->relkind != 'r' || source->parent_count > 0 ||
        live->parent_count > 0 || has_children(plan->source, source) ||
        has_children(plan->live, live))
        return "partitioned and inherited tables are not supported";
    const char *ours = single_key(plan->source, source);
    const char *theirs = single_key(plan->live, live);
    if (ours == NULL || theirs == NULL || strcmp(ours, theirs) != 0)
        return "it needs a primary key of one column, the same on both sides";
    table->key = ours;
    for (size_t i = 0; i < live->column_count; i++) {
        const char *why = column_trouble(plan, source, &live->columns[i], arena);
        if (why != NULL)
            return why;
    }
    for (size_t i = 0; i < source->column_count; i++) {
        const char *why = new_column_trouble(live, &source->columns[i], arena);
        if (why != NULL)
            return why;
    }
    return NULL;
}

/* One SQL identifier of the list, folded and split by the server: schema (NULL if not given), name.
 */
static bool parse_name(Run *run, const char *text, const char **schema, const char **name,
                       Error *err)
{
    const char *const values[] = {text};
    AUTO(result_free) PGresult *result = NULL;
    AUTO(error_clear) Error failure = ERROR_INIT;
    if (!conn_query_row(
            run->dest,
            "SELECT p[1], p[2], array_length(p, 1) FROM (SELECT parse_ident($1)) AS t(p)", 1,
            values, &result, &failure)) {
        if (failure.sqlstate[0] == '\0' || failure.kind == ERROR_CONNECTION)
            return error_move(err, &failure);
        error_set(err, ERROR_USAGE, "\"%s\" in --preserved-tables is no SQL identifier", text);
        return error_hint(err, "Write table or schema.table; names with capitals or special "
                               "characters in double quotes.");
    }
    bool qualified = strcmp(PQgetvalue(result, 0, 2), "2") == 0;
    *schema = qualified ? arena_strdup(run->arena, PQgetvalue(result, 0, 0)) : NULL;
    *name = arena_strdup(run->arena, PQgetvalue(result, 0, qualified ? 1 : 0));
    return true;
}

static bool find_source(const Plan *plan, const char *text, const char *schema, const char *name,
                        const Table **found, Error *err)
{
    *found = NULL;
    for (size_t i = 0; i < plan->source->tables.count; i++) {
        const Table *table = &plan->source->tables.items[i];
        if (strcmp(table->object.name, name) != 0 ||
            (schema != NULL && strcmp(table->object.schema, schema) != 0))
            continue;
        if (*found != NULL) {
            error_set(err, ERROR_PREFLIGHT, "preserved table %s is ambiguous: %s.%s and %s.%s",
                      text, (*found)->object.schema, name, table->object.schema, name);
            return error_hint(err, "Write it with its schema.");
        }
        *found = table;
    }
    if (*found != NULL)
        return true;
    error_set(err, ERROR_PREFLIGHT, "preserved table %s does not exist on the source", text);
    return error_hint(err, "Check the spelling in --preserved-tables; names with capitals are "
                           "written in double quotes.");
}

static bool resolve_one(Run *run, Plan *plan, const char *text, Error *err)
{
    const char *schema = NULL, *name = NULL;
    PreservedTable table = {0};
    if (!parse_name(run, text, &schema, &name, err) ||
        !find_source(plan, text, schema, name, &table.source, err))
        return false;
    if (plan_preserved(plan, table.source) != NULL)
        return true;
    table.live = model_table_named(plan->live, table.source->object.schema, name);
    if (table.live == NULL) {
        error_set(err, ERROR_PREFLIGHT, "preserved table %s does not exist in the destination",
                  text);
        return error_hint(err, "Only a table that the destination has can keep its rows.");
    }
    const char *why = trouble(plan, &table, run->arena);
    if (why != NULL)
        return refuse(err, text, why);
    plan->preserved[plan->preserved_count++] = table;
    return true;
}

/* The next item of a comma separated list with double-quoted parts, without the spaces around it;
 * NULL at the end. */
static char *next_item(Arena *arena, const char **list)
{
    const char *p = *list;
    while (*p == ' ' || *p == ',' || *p == '\n' || *p == '\t')
        p++;
    if (*p == '\0')
        return NULL;
    const char *start = p;
    for (bool quoted = false; *p != '\0' && (quoted || *p != ','); p++)
        if (*p == '"')
            quoted = !quoted;
    *list = p;
    while (p > start && (p[-1] == ' ' || p[-1] == '\n' || p[-1] == '\t'))
        p--;
    return arena_printf(arena, "%.*s", (int)(p - start), start);
}

bool preserve_resolve(Run *run, Plan *plan, Error *err)
{
    const char *list = run->settings->preserved;
    if (list == NULL)
        return true;
    plan->preserved = arena_alloc(run->arena, (strlen(list) + 1) * sizeof *plan->preserved);
    char *item;
    while ((item = next_item(run->arena, &list)) != NULL)
        if (!resolve_one(run, plan, item, err))
            return false;
    return true;
}

void preserve_locate(Plan *plan)
{
    for (size_t i = 0; i < plan->preserved_count; i++)
        plan->preserved[i].shadow =
            plan_shadow_of(plan, plan->preserved[i].source)->object.address.oid;
}

/* ---- sequences
 * ------------------------------------------------------------------------------------ */

/* The preserved table (and column) that a sequence of the source feeds, through ownership or
 * through a default that calls nextval. */
static const PreservedTable *fed_by(const Plan *plan, const Sequence *sequence,
                                    const Column **column)
{
    for (size_t i = 0; i < plan->preserved_count; i++) {
        const Table *table = plan->preserved[i].source;
        for (size_t k = 0; k < table->column_count; k++) {
            *column = &table->columns[k];
            if (sequence->owned_by.classid != 0 &&
                sequence->owned_by.oid == table->object.address.oid &&
                sequence->owned_by.subid == (*column)->number)
                return &plan->preserved[i];
            for (size_t d = 0; (*column)->default_oid != 0 && d < plan->source->dependencies.count;
                 d++) {
                const Dependency *dependency = &plan->source->dependencies.items[d];
                if (dependency->from.classid == CATALOG_ATTRDEF &&
                    dependency->from.oid == (*column)->default_oid &&
                    dependency->to.classid == CATALOG_CLASS &&
                    dependency->to.oid == sequence->object.address.oid)
                    return &plan->preserved[i];
            }
        }
    }
    return NULL;
}

bool preserve_keeps_sequence(const Plan *plan, const Sequence *sequence)
{
    const Column *column;
    return plan->preserved_count > 0 && fed_by(plan, sequence, &column) != NULL;
}

/* The live sequence whose value it takes over: of the same column, else of the same name. */
static const Sequence *live_sequence(const Plan *plan, const Sequence *sequence,
                                     const PreservedTable *table, const Column *column)
{
    const Column *live = find_column(table->live, column->name);
    for (size_t i = 0; live != NULL && i < plan->live->sequences.count; i++) {
        const Sequence *candidate = &plan->live->sequences.items[i];
        if (candidate->owned_by.classid != 0 &&
            candidate->owned_by.oid == table->live->object.address.oid &&
            candidate->owned_by.subid == live->number)
            return candidate;
    }
    return model_sequence_named(plan->live, sequence->object.schema, sequence->object.name);
}

static const char *quoted_name(Run *run, const char *schema, const char *name)
{
    AUTO(str_clear) Str s = STR_INIT;
    conn_add_name(run->dest, &s, schema, name);
    return arena_strdup(run->arena, str_text(&s));
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
static bool record_sequence(Run *run, const Plan *plan, const Sequence *sequence, int *ordinal,
                            Error *err)
{
    const Column *column;
    const PreservedTable *table = fed_by(plan, sequence, &column);
    if (table == NULL)
        return true;
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
        return find_column(table->live, column->name) == NULL ||
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

/* ---- syncing
 * --------------------------------------------------------------------------------------- */

static SyncTrigger sync_of(Run *run, const PreservedTable *table, const char *key_type,
                           const char *from_schema, const char *to_schema, bool reverse)
{
    const Table *live = table->live;
    const char **columns = arena_alloc(run->arena, (live->column_count + 1) * sizeof *columns);
    size_t count = 0;
    for (size_t i = 0; i < live->column_count; i++)
        if (column_is_copied(&live->columns[i]))
            columns[count++] = live->columns[i].name;
    return (SyncTrigger){.id = table->id,
                         .reverse = reverse,
                         .from_schema = from_schema,
                         .from_name = live->object.name,
                         .to_schema = to_schema,
                         .to_name = live->object.name,
                         .columns = columns,
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

static void roll_back(Run *run)
{
    AUTO(error_clear) Error ignored = ERROR_INIT;
    conn_shield_begin(run->dest);
    bool ok = conn_exec(run->dest, "ROLLBACK", &ignored);
    (void)ok; /* a lost connection rolls back by itself */
    conn_shield_end(run->dest);
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
    roll_back(run);
    return false;
}

static bool patiently(Run *run, const SyncStatements *list, const char *what, Error *err)
{
    int64_t end = clock_monotonic_ms() + INSTALL_PATIENCE_MS;
    for (;;) {
        AUTO(error_clear) Error failure = ERROR_INIT;
        if (try_statements(run, list->items, list->count, run->settings->lock_timeout_ms, &failure))
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

/* The upper end of the next range of keys; NULL when there are no more. */
static bool next_range(Run *run, const SyncTrigger *sync, const char *after, int limit, char **end,
                       Error *err)
{
    const char *const values[] = {after};
    AUTO(result_free) PGresult *result = NULL;
    *end = NULL;
    if (!conn_query(run->dest, synctrigger_next(sync, run->dest, run->arena, after != NULL, limit),
                    after != NULL ? 1 : 0, values, &result, err))
        return false;
    if (PQntuples(result) == 1)
        *end = mem_strdup(PQgetvalue(result, 0, 0));
    return true;
}

static bool copy_range(Run *run, const SyncTrigger *sync, const char *after, const char *end,
                       int64_t *rows, Error *err)
{
    const char *const values[] = {end, after};
    AUTO(result_free) PGresult *result = NULL;
    if (conn_exec(run->dest, "BEGIN", err) &&
        conn_execf(run->dest, err, "SET LOCAL lock_timeout = %d", CHUNK_LOCK_TIMEOUT_MS) &&
        conn_execf(run->dest, err, "LOCK TABLE ONLY %s IN ROW SHARE MODE",
                   quoted_name(run, sync->from_schema, sync->from_name)) &&
        conn_query(run->dest, synctrigger_copy(sync, run->dest, run->arena, after != NULL),
                   after != NULL ? 2 : 1, values, &result, err) &&
        conn_exec(run->dest, "COMMIT", err)) {
        *rows += strtoll(PQcmdTuples(result), NULL, 10);
        return true;
    }
    roll_back(run);
    return false;
}

static bool copy_rows(Run *run, const SyncTrigger *sync, int64_t *rows, Error *err)
{
    AUTO(mem_free) char *after = NULL;
    int limit = CHUNK_ROWS;
    for (;;) {
        AUTO(error_clear) Error failure = ERROR_INIT;
        AUTO(mem_free) char *end = NULL;
        if (!next_range(run, sync, after, limit, &end, &failure))
            return error_move(err, &failure);
        if (end == NULL)
            return true;
        if (copy_range(run, sync, after, end, rows, &failure)) {
            mem_free(after);
            after = TAKE(end);
            limit = limit * 2 < CHUNK_ROWS ? limit * 2 : CHUNK_ROWS;
        } else if (failure.kind == ERROR_LOCK) {
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
static bool drain(Run *run, const SyncTrigger *sync, Error *err)
{
    const char *query = synctrigger_drain(sync, run->arena, DRAIN_KEYS);
    for (;;) {
        AUTO(result_free) PGresult *result = NULL;
        AUTO(error_clear) Error failure = ERROR_INIT;
        if (!conn_query_row(run->dest, query, 0, NULL, &result, &failure)) {
            if (failure.kind == ERROR_LOCK && cancel_sleep(run->cancel, CHUNK_PAUSE_MS))
                continue;
            error_kind(&failure, ERROR_COPY);
            return error_move(err, &failure);
        }
        if (strtoll(PQgetvalue(result, 0, 0), NULL, 10) < DRAIN_KEYS)
            return true;
    }
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

static bool sync_table(Run *run, const Plan *plan, PreservedTable *table, int64_t *rows, Error *err)
{
    const char *name =
        arena_printf(run->arena, "%s.%s", table->live->object.schema, table->live->object.name);
    if (!record_table(run, table, err))
        return false;
    const SyncTrigger sync = forward_sync(run, plan, table);
    const SyncStatements install = synctrigger_install(&sync, run->dest, run->arena);
    if (!patiently(run, &install, "putting sync triggers on the live table", err) ||
        !copy_rows(run, &sync, rows, err) || !drain(run, &sync, err) ||
        !conn_execf(run->dest, err, "ANALYZE %s", quoted_name(run, sync.to_schema, sync.to_name)) ||
        !note_synced(run, table, *rows, err))
        return error_wrap(err, "preserving table %s", name);
    log_info(&run->log, "preserved table %s: %lld rows, in step with the live one", name,
             (long long)*rows);
    return true;
}

bool preserve_sync(Run *run, Plan *plan, int64_t *rows, Error *err)
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

/* ---- swap and rollback
 * ------------------------------------------------------------------------------ */

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

bool preserve_record(Run *run, const Plan *plan, int *ordinal, Error *err)
{
    for (size_t i = 0; i < plan->preserved_count; i++)
        if (!record_switch(run, plan, &plan->preserved[i], ordinal, err))
            return false;
    for (size_t i = 0; i < plan->source->sequences.count && plan->preserved_count > 0; i++)
        if (!record_sequence(run, plan, &plan->source->sequences.items[i], ordinal, err))
            return false;
    return true;
}

bool preserve_stop(Run *run, int64_t migration, Error *err)
{
    const char *const values[] = {journal_id_text(run->arena, migration)};
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
        if (!patiently(run, &remove, "taking sync triggers off the live table", err))
            return false;
    }
    return true;
}
