#include "engine/subset.h"

#include <stdlib.h>
#include <string.h>

#include "engine/array.h"

/* ---- the options ------------------------------------------------------------------------- */

static bool is_blank(const char *text)
{
    return text[strspn(text, " \t\r\n")] == '\0';
}

bool subset_split(PgzmOption option, const char *value, size_t *name_len, Error *err)
{
    bool where = option == PGZM_WHERE;
    char separator = where ? ':' : '=';
    const char *p = value;
    for (bool quoted = false; *p != '\0' && (quoted || *p != separator); p++)
        if (*p == '"')
            quoted = !quoted;
    *name_len = (size_t)(p - value);
    AUTO(mem_free) char *name = mem_printf("%.*s", (int)*name_len, value);
    if (*p != '\0' && !is_blank(name) && !is_blank(p + 1))
        return true;
    error_set(err, ERROR_USAGE, "%s has no %s: \"%s\"", where ? "--where" : "--mask",
              is_blank(name) ? (where ? "table" : "column") : (where ? "condition" : "expression"),
              value);
    return error_hint(err, where ? "Write 'table:condition', for example 'orders:id > 1000'."
                                 : "Write 'table.column=expression', for example "
                                   "'users.email=md5(email)'.");
}

bool subset_is_asked(const Settings *settings)
{
    return settings->where.count > 0 || settings->mask.count > 0;
}

/* ---- names ------------------------------------------------------------------------------- */

/* One value of an option, taken apart. */
typedef struct Wish {
    const char *option, *named; /* "--where", the name as it was written */
    const char *schema, *table; /* schema NULL: not said */
    const char *column;         /* NULL for a condition */
    const char *sql;
} Wish;

static bool refuse_name(const Wish *wish, Error *err)
{
    error_set(err, ERROR_USAGE, "\"%s\" in %s is no SQL identifier", wish->named, wish->option);
    return error_hint(err,
                      "Write %s, with a schema where the name alone is ambiguous; names with "
                      "capitals or special characters in double quotes.",
                      wish->column != NULL ? "table.column" : "table");
}

/* Folded and split by the server. */
static bool read_name(Run *run, Wish *wish, bool has_column, Error *err)
{
    const char *const values[] = {wish->named};
    AUTO(result_free) PGresult *result = NULL;
    AUTO(error_clear) Error failure = ERROR_INIT;
    wish->column = has_column ? "" : NULL;
    if (!conn_query_row(run->dest,
                        "SELECT n, p[n], p[n - 1], p[n - 2] FROM (SELECT p, array_length(p, 1)"
                        " FROM (SELECT parse_ident($1)) AS i(p)) AS t(p, n)",
                        1, values, &result, &failure)) {
        if (failure.sqlstate[0] == '\0' || failure.kind == ERROR_CONNECTION)
            return error_move(err, &failure);
        return refuse_name(wish, err);
    }
    int least = has_column ? 2 : 1, n = atoi(PQgetvalue(result, 0, 0));
    if (n < least || n > least + 1)
        return refuse_name(wish, err);
    if (has_column)
        wish->column = arena_strdup(run->arena, PQgetvalue(result, 0, 1));
    wish->table = arena_strdup(run->arena, PQgetvalue(result, 0, least));
    if (n > least)
        wish->schema = arena_strdup(run->arena, PQgetvalue(result, 0, least + 1));
    return true;
}

static bool read_wish(Run *run, PgzmOption option, const char *value, Wish *wish, Error *err)
{
    size_t len = 0;
    if (!subset_split(option, value, &len, err))
        return false;
    *wish = (Wish){.option = option == PGZM_WHERE ? "--where" : "--mask",
                   .named = arena_printf(run->arena, "%.*s", (int)len, value),
                   .sql = arena_strdup(run->arena, value + len + 1)};
    return read_name(run, wish, option == PGZM_MASK, err);
}

static bool is_named(const Object *object, const Wish *wish)
{
    return object->schema != NULL && strcmp(object->name, wish->table) == 0 &&
           (wish->schema == NULL || strcmp(object->schema, wish->schema) == 0);
}

static bool refuse_missing(const Run *run, const Plan *plan, const Wish *wish, Error *err)
{
    for (size_t i = 0; i < plan->source->views.count; i++) {
        const View *view = &plan->source->views.items[i];
        if (!is_named(&view->object, wish))
            continue;
        error_set(err, ERROR_PREFLIGHT, "%s: %s.%s is a %sview", wish->option, view->object.schema,
                  view->object.name, view->relkind == 'm' ? "materialized " : "");
        return error_hint(err, "Only tables have rows that are copied: name those that it reads.");
    }
    error_set(err, ERROR_PREFLIGHT, "%s: table %s%s%s does not exist on the source", wish->option,
              wish->schema != NULL ? wish->schema : "", wish->schema != NULL ? "." : "",
              wish->table);
    if (run->settings->filter.count > 0)
        return error_hint(err, "It must be among those that the filters take.");
    return error_hint(err, "Check the spelling; names with capitals are written in double quotes.");
}

static bool find_table(const Run *run, const Plan *plan, const Wish *wish, const Table **found,
                       Error *err)
{
    *found = NULL;
    for (size_t i = 0; i < plan->source->tables.count; i++) {
        const Table *table = &plan->source->tables.items[i];
        if (!is_named(&table->object, wish))
            continue;
        if (*found != NULL) {
            error_set(err, ERROR_PREFLIGHT, "%s: table %s is ambiguous: %s.%s and %s.%s",
                      wish->option, wish->table, (*found)->object.schema, wish->table,
                      table->object.schema, wish->table);
            return error_hint(err, "Write it with its schema.");
        }
        *found = table;
    }
    if (*found == NULL)
        return refuse_missing(run, plan, wish, err);
    const char *schema = (*found)->object.schema;
    if ((*found)->relkind == 'f') {
        error_set(err, ERROR_PREFLIGHT, "%s: %s.%s is a foreign table", wish->option, schema,
                  wish->table);
        return error_hint(err, "Its rows are elsewhere and are not copied.");
    }
    if (plan_preserved(plan, *found) == NULL)
        return true;
    error_set(err, ERROR_PREFLIGHT, "%s: table %s.%s is preserved", wish->option, schema,
              wish->table);
    return error_hint(err,
                      "Its rows are the destination's: leave it out of %s or of "
                      "--preserved-tables.",
                      wish->option);
}

/* ---- what is asked for ------------------------------------------------------------------- */

/* While plan->subset is made. */
typedef struct Making {
    Run *run;
    Plan *plan;
    SubsetTable *tables; /* by position in the source's model */
    bool *lacking;       /* by position: rows of it, or of a table below it, may be missing */
    json_t *masked;      /* for subset_keys.sql */
} Making;

static bool is_below(const Model *model, const Table *table, const Table *top)
{
    if (table == top)
        return true;
    for (size_t i = 0; table != NULL && i < table->parent_count; i++) {
        const Table *parent = model_table(model, table->parents[i]);
        if (parent != NULL && is_below(model, parent, top))
            return true;
    }
    return false;
}

static const Column *column_of(const Table *table, const char *name, size_t *position)
{
    for (size_t i = 0; i < table->column_count; i++) {
        *position = i;
        if (strcmp(table->columns[i].name, name) == 0)
            return &table->columns[i];
    }
    return NULL;
}

static void add_condition(Making *making, SubsetTable *subset, const char *sql)
{
    size_t count = subset->condition_count;
    const char **grown = arena_alloc(making->run->arena, (count + 1) * sizeof *grown);
    for (size_t i = 0; i < count; i++)
        grown[i] = subset->conditions[i];
    grown[count] = sql;
    subset->conditions = grown;
    subset->condition_count = count + 1;
}

static bool add_value(Making *making, SubsetTable *subset, const Wish *wish, const char *type,
                      Error *err)
{
    const Table *table = subset->source;
    size_t position = 0;
    const Column *column = column_of(table, wish->column, &position);
    if (column == NULL || !column_is_copied(column)) {
        error_set(err, ERROR_PREFLIGHT, "%s: column %s of %s.%s is generated", wish->option,
                  wish->column, table->object.schema, table->object.name);
        return error_hint(err, "Mask the columns that it is computed from.");
    }
    if (subset->values == NULL) {
        size_t bytes = (table->column_count + 1) * sizeof *subset->values;
        subset->values = arena_alloc(making->run->arena, bytes);
        memset(subset->values, 0, bytes);
    }
    if (subset->values[position].expression != NULL) {
        error_set(err, ERROR_PREFLIGHT, "%s: column %s of %s.%s has two expressions", wish->option,
                  wish->column, table->object.schema, table->object.name);
        return error_hint(err, "Give one of them.");
    }
    subset->values[position] = (CopyValue){wish->sql, type};
    return true;
}

/* The type of the column, whose values may be other ones. */
static bool find_type(Making *making, const Wish *wish, const Table *table, const char **type,
                      Error *err)
{
    size_t position;
    const Object *name = &table->object;
    if (column_of(table, wish->column, &position) == NULL) {
        error_set(err, ERROR_PREFLIGHT, "%s: table %s.%s has no column %s", wish->option,
                  name->schema, name->name, wish->column);
        return error_hint(err, "Check the spelling; names with capitals are written in double "
                               "quotes.");
    }
    const char *const values[] = {arena_printf(making->run->arena, "%u", name->address.oid),
                                  wish->column};
    AUTO(result_free) PGresult *result = NULL;
    Conn *source = making->run->source;
    if (!conn_query_row(source, run_sql("subset_column", conn_version(source)), 2, values, &result,
                        err))
        return error_wrap(err, "reading the type of a column");
    *type = arena_strdup(making->run->arena, PQgetvalue(result, 0, 0));
    if (PQgetvalue(result, 0, 1)[0] != 't')
        return true;
    error_set(err, ERROR_PREFLIGHT, "%s: column %s of %s.%s is part of the partition key",
              wish->option, wish->column, name->schema, name->name);
    return error_hint(err, "Each row goes into the partition that it is in on the source: mask "
                           "other columns.");
}

static bool is_rowless(const Run *run, const Table *table)
{
    return run->scope != NULL && scope_is_rowless(run->scope, table->object.address.oid);
}

/* The tables above and below, whose rows the table's are, too. */
static void note_family(Making *making, const Wish *wish, const Table *named)
{
    const Model *model = making->plan->source;
    for (size_t i = 0; i < model->tables.count; i++) {
        const Table *table = &model->tables.items[i];
        bool below = is_below(model, table, named), above = is_below(model, named, table);
        if (!below && !above)
            continue;
        if (wish->column == NULL)
            making->lacking[i] = true;
        else
            json_array_append_new(making->masked, json_pack("{s:I, s:s}", "t",
                                                            (json_int_t)table->object.address.oid,
                                                            "c", wish->column));
    }
}

static bool grant(Making *making, const Wish *wish, Error *err)
{
    const Plan *plan = making->plan;
    const Table *named = NULL;
    const char *type = NULL;
    size_t found = 0, rowless = 0;
    if (!find_table(making->run, plan, wish, &named, err) ||
        (wish->column != NULL && !find_type(making, wish, named, &type, err)))
        return false;
    for (size_t i = 0; i < plan->source->tables.count; i++) {
        const Table *table = &plan->source->tables.items[i];
        if (!table_has_rows(table) || !is_below(plan->source, table, named))
            continue;
        if (is_rowless(making->run, table)) {
            rowless++;
            continue;
        }
        found++;
        SubsetTable *subset = &making->tables[i];
        if (subset->source == NULL) {
            subset->source = table;
            subset->alias = table == named ? NULL : named->object.name;
        }
        if (wish->column == NULL)
            add_condition(making, subset, wish->sql);
        else if (!add_value(making, subset, wish, type, err))
            return false;
    }
    note_family(making, wish, named);
    if (found > 0 || (rowless == 0 && named->relkind == 'p'))
        return true;
    error_set(err, ERROR_PREFLIGHT, "%s: table %s.%s comes without its rows", wish->option,
              named->object.schema, named->object.name);
    return error_hint(err, "Leave it out of %s or of --exclude-table-data.", wish->option);
}

/* ---- foreign keys ------------------------------------------------------------------------ */

static const char *lacking_tables(const Making *making)
{
    const Model *model = making->plan->source;
    AUTO(str_clear) Str list = STR_INIT;
    str_add(&list, "{");
    for (size_t i = 0; i < model->tables.count; i++)
        if (making->lacking[i])
            str_addf(&list, "%s%u", list.len > 1 ? "," : "",
                     model->tables.items[i].object.address.oid);
    str_add(&list, "}");
    return arena_strdup(making->run->arena, str_text(&list));
}

static bool find_keys(const Making *making, Subset *subset, Error *err)
{
    Conn *source = making->run->source;
    char *masked = json_dumps(making->masked, JSON_COMPACT);
    const char *const values[] = {lacking_tables(making), masked};
    AUTO(result_free) PGresult *result = NULL;
    bool ok = masked != NULL && conn_query(source, run_sql("subset_keys", conn_version(source)), 2,
                                           values, &result, err);
    free(masked);
    if (!ok)
        return error_wrap(err, "looking for foreign keys of what comes in part");
    int count = PQntuples(result);
    Oid *keys = arena_alloc(making->run->arena, ((size_t)count + 1) * sizeof *keys);
    for (int i = 0; i < count; i++)
        keys[i] = (Oid)strtoul(PQgetvalue(result, i, 0), NULL, 10);
    subset->keys = keys;
    subset->key_count = (size_t)count;
    return true;
}

static int compare_oids(const void *a, const void *b)
{
    Oid x = *(const Oid *)a, y = *(const Oid *)b;
    return (x > y) - (x < y);
}

bool subset_doubts(const Plan *plan, const Constraint *key)
{
    return plan->subset != NULL && key != NULL && plan->subset->key_count > 0 &&
           bsearch(&key->object.address.oid, plan->subset->keys, plan->subset->key_count,
                   sizeof(Oid), compare_oids) != NULL;
}

bool subset_doubts_shadow(const Plan *plan, const Constraint *key)
{
    if (plan->subset == NULL || key == NULL || key->contype != 'f')
        return false;
    const Table *shadow = model_table(plan->shadow, key->table);
    const Table *source = shadow == NULL ? NULL : plan_source_of(plan, shadow);
    size_t count = 0;
    const Constraint *const *keys =
        source == NULL ? NULL
                       : model_table_constraints(plan->source, source->object.address.oid, &count);
    for (size_t i = 0; i < count && keys != NULL; i++)
        if (keys[i]->contype == 'f' && strcmp(keys[i]->object.name, key->object.name) == 0)
            return subset_doubts(plan, keys[i]);
    return false;
}

/* ---- the whole --------------------------------------------------------------------------- */

static bool take_wishes(Making *making, PgzmOption option, const TextList *list, Error *err)
{
    for (size_t i = 0; i < list->count; i++) {
        Wish wish;
        if (!read_wish(making->run, option, list->items[i], &wish, err) ||
            !grant(making, &wish, err))
            return false;
    }
    return true;
}

/* Whether there is anything to prove is known; in the order of the tables. */
static bool prove(Making *making, Subset *subset, Error *err)
{
    const Plan *plan = making->plan;
    subset->items =
        arena_alloc(making->run->arena, (plan->source->tables.count + 1) * sizeof *subset->items);
    for (size_t i = 0; i < plan->source->tables.count; i++)
        if (making->tables[i].source != NULL)
            subset->items[subset->count++] = making->tables[i];
    if (!set_path(making->run->source, subset_path(making->run, plan), false, err))
        return false;
    for (size_t i = 0; i < subset->count; i++)
        if (!subset_prove(making->run, &subset->items[i], err))
            return false;
    return set_path(making->run->source, "", false, err);
}

bool subset_resolve(Run *run, Plan *plan, Error *err)
{
    size_t count = plan->source->tables.count;
    Subset *subset = arena_alloc(run->arena, sizeof *subset);
    *subset = (Subset){0};
    Making making = {.run = run,
                     .plan = plan,
                     .tables = arena_alloc(run->arena, (count + 1) * sizeof(SubsetTable)),
                     .lacking = arena_alloc(run->arena, (count + 1) * sizeof(bool)),
                     .masked = json_array()};
    memset(making.tables, 0, (count + 1) * sizeof(SubsetTable));
    memset(making.lacking, 0, (count + 1) * sizeof(bool));
    bool ok = take_wishes(&making, PGZM_WHERE, &run->settings->where, err) &&
              take_wishes(&making, PGZM_MASK, &run->settings->mask, err) &&
              prove(&making, subset, err) && find_keys(&making, subset, err);
    json_decref(making.masked);
    if (ok)
        plan->subset = subset;
    return ok;
}

const SubsetTable *subset_of(const Plan *plan, const Table *source)
{
    for (size_t i = 0; plan->subset != NULL && i < plan->subset->count; i++)
        if (plan->subset->items[i].source == source)
            return &plan->subset->items[i];
    return NULL;
}

void subset_apply(const Plan *plan, CopyTable *table)
{
    const SubsetTable *subset = subset_of(plan, table->source);
    if (subset == NULL)
        return;
    table->conditions = subset->conditions;
    table->condition_count = subset->condition_count;
    table->values = subset->values;
    table->alias = subset->alias;
}

const char *subset_path(const Run *run, const Plan *plan)
{
    AUTO(str_clear) Str path = STR_INIT;
    for (size_t i = 0; i < plan->schemas.count; i++) {
        str_separate(&path, ", ");
        conn_add_ident(run->source, &path, plan->schemas.items[i].live);
    }
    return arena_strdup(run->arena, str_text(&path));
}

/* ---- the journal ------------------------------------------------------------------------- */

static const Table *topmost(const Plan *plan, const Table *table)
{
    while (table->is_partition && table->parent_count == 1) {
        const Table *parent = model_table(plan->source, table->parents[0]);
        if (parent == NULL)
            break;
        table = parent;
    }
    return table;
}

static json_t *masked_columns(const SubsetTable *subset)
{
    json_t *names = json_array();
    for (size_t i = 0; subset->values != NULL && i < subset->source->column_count; i++)
        if (subset->values[i].expression != NULL)
            json_array_append_new(names, json_string(subset->source->columns[i].name));
    return names;
}

/* The texts are those of the option: the same ones stand in the same places. */
static bool is_alike(const SubsetTable *a, const SubsetTable *b)
{
    if (a == NULL || b == NULL || a->condition_count != b->condition_count)
        return false;
    for (size_t i = 0; i < a->condition_count; i++)
        if (a->conditions[i] != b->conditions[i])
            return false;
    json_t *ours = masked_columns(a), *theirs = masked_columns(b);
    bool same = json_equal(ours, theirs);
    json_decref(ours);
    json_decref(theirs);
    return same;
}

/* The table as verify looks at it: with its partitions. */
static json_t *describe_table(const Run *run, const Plan *plan, const SubsetTable *subset,
                              const Table *top)
{
    bool alike = true;
    for (size_t i = 0; i < plan->source->tables.count; i++) {
        const Table *table = &plan->source->tables.items[i];
        if (table_has_rows(table) && topmost(plan, table) == top && !is_rowless(run, table))
            alike = alike && is_alike(subset, subset_of(plan, table));
    }
    const char *alias = subset->alias != NULL ? subset->alias : subset->source->object.name;
    json_t *conditions = json_array();
    for (size_t i = 0; i < subset->condition_count; i++)
        json_array_append_new(conditions, json_string(subset->conditions[i]));
    json_t *entry =
        json_pack("{s:s, s:s, s:o, s:o, s:b}", "live", top->object.schema, "name", top->object.name,
                  "conditions", conditions, "masked", masked_columns(subset), "alike", alike);
    if (subset->source != top || subset->alias != NULL)
        json_object_set_new(entry, "alias", json_string(alias));
    return entry;
}

bool subset_record(Run *run, const Plan *plan, Error *err)
{
    if (plan->subset == NULL)
        return true;
    json_t *rows = json_array();
    const Table **tops = arena_alloc(run->arena, (plan->subset->count + 1) * sizeof *tops);
    size_t count = 0;
    for (size_t i = 0; i < plan->subset->count; i++) {
        const Table *top = topmost(plan, plan->subset->items[i].source);
        bool known = false;
        for (size_t k = 0; k < count && !known; k++)
            known = tops[k] == top;
        if (known)
            continue;
        tops[count++] = top;
        json_array_append_new(rows, describe_table(run, plan, &plan->subset->items[i], top));
    }
    char *text = json_dumps(rows, JSON_COMPACT);
    json_decref(rows);
    const char *const values[] = {journal_id_text(run->arena, run->id), text};
    AUTO(result_free) PGresult *result = NULL;
    bool ok = text != NULL &&
              conn_query(run->dest,
                         "INSERT INTO pgzm.subset (migration, live, name, alias, conditions,"
                         " masked, alike) SELECT $1::bigint, live, name, alias, conditions,"
                         " masked, alike FROM json_to_recordset($2::json) AS t(live text,"
                         " name text, alias text, conditions json, masked json, alike boolean)",
                         2, values, &result, err);
    free(text);
    return ok || error_wrap(err, "noting in the journal what came in part");
}
