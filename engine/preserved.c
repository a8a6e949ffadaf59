#include "engine/preserved.h"

#include <string.h>

#include "engine/synctable.h"

/* ---- which tables, and whether they can be carried ------------------------------------- */

static bool refuse(Error *err, const char *name, const char *why)
{
    error_set(err, ERROR_PREFLIGHT, "table %s cannot be preserved: %s", name, why);
    return error_hint(err, "Leave it out of --preserved-tables, or make both sides alike.");
}

static const Type *type_of(const Model *model, Oid type)
{
    for (size_t i = 0; i < model->types.count; i++) {
        const Type *t = &model->types.items[i];
        if (t->object.address.oid == type || t->array_oid == type || t->multirange_oid == type)
            return t;
    }
    return NULL; /* built in, or an extension's */
}

/* The destination's type that the source's type is, or NULL. */
static const Type *shared_type(const Plan *plan, const Type *ours)
{
    for (size_t i = 0; i < plan->same_count; i++)
        if (plan->same[i].ours == ours->object.address.oid)
            return model_type(plan->live, plan->same[i].theirs);
    return NULL;
}

/* Types of the schemas are compared as such: each side prints their names bare or qualified as its
 * extensions' schemas have it. */
static bool same_column_type(const Plan *plan, const Column *ours, const Column *live)
{
    const Type *type = type_of(plan->source, ours->type_oid);
    const Type *theirs = type != NULL ? shared_type(plan, type) : NULL;
    if (theirs == NULL || type_of(plan->live, live->type_oid) != theirs)
        return strcmp(ours->type, live->type) == 0;
    return (ours->type_oid == type->array_oid) == (live->type_oid == theirs->array_oid) &&
           (ours->type_oid == type->multirange_oid) == (live->type_oid == theirs->multirange_oid);
}

const Column *preserved_column(const Table *table, const char *name)
{
    for (size_t i = 0; i < table->column_count; i++)
        if (strcmp(table->columns[i].name, name) == 0)
            return &table->columns[i];
    return NULL;
}

static bool is_key(const PreservedTable *table, const char *column)
{
    for (size_t i = 0; i < table->key_count; i++)
        if (strcmp(table->keys[i], column) == 0)
            return true;
    return false;
}

/* "integer" and "bigint" compare with each other through an index, and so do texts. */
static bool alike(const char *one, const char *other)
{
    static const char *const families[][3] = {{"smallint", "integer", "bigint"},
                                              {"text", "character varying", NULL}};
    for (size_t f = 0; f < LENGTH(families); f++) {
        int found = 0;
        for (size_t i = 0; i < LENGTH(families[f]) && families[f][i] != NULL; i++) {
            size_t len = strlen(families[f][i]);
            found += strncmp(one, families[f][i], len) == 0 && (one[len] == 0 || one[len] == '(');
            found +=
                strncmp(other, families[f][i], len) == 0 && (other[len] == 0 || other[len] == '(');
        }
        if (found == 2)
            return true;
    }
    return false;
}

/* Whether values of the one type may be assigned to the other and back. Both are built in. */
static bool castable(Run *run, const char *one, const char *other, bool *may, Error *err)
{
    const char *const values[] = {one, other};
    AUTO(result_free) PGresult *result = NULL;
    if (!conn_query_row(run->dest, run_sql("castable", conn_version(run->dest)), 2, values, &result,
                        err))
        return error_wrap(err, "comparing the types %s and %s", one, other);
    *may = PQgetvalue(result, 0, 0)[0] == 't';
    return true;
}

/* Types that differ, of one column. */
static bool type_trouble(Run *run, const Plan *plan, const PreservedTable *table,
                         const Column *ours, const Column *live, const char **why, Error *err)
{
    const char *differs = arena_printf(run->arena, "its column %s is %s here and %s on the source",
                                       live->name, live->type, ours->type);
    bool may = false;
    *why = differs;
    if (type_of(plan->source, ours->type_oid) != NULL ||
        type_of(plan->live, live->type_oid) != NULL ||
        (is_key(table, live->name) && !alike(ours->type, live->type)))
        return true;
    if (!castable(run, live->type, ours->type, &may, err))
        return false;
    if (!may) {
        *why = arena_printf(run->arena, "%s, which cannot be assigned to each other", differs);
        return true;
    }
    *why = NULL;
    run_warning(run,
                "preserved table %s.%s: %s: a value that does not fit keeps the tables out of step",
                table->live->object.schema, table->live->object.name, differs);
    return true;
}

/* Why a live column cannot be carried; NULL when it can, or is left behind. */
static bool column_trouble(Run *run, const Plan *plan, const PreservedTable *table,
                           const Column *live, const char **why, Error *err)
{
    const Column *ours = preserved_column(table->source, live->name);
    *why = NULL;
    if (ours == NULL) {
        bool filled = !live->not_null || live->default_expr != NULL || live->identity != '\0';
        if (!filled)
            *why = arena_printf(run->arena,
                                "its column %s, which the source does not have, is NOT NULL and "
                                "has no default: rows of the new table could not get back",
                                live->name);
        else
            run_warning(run,
                        "preserved table %s.%s: the source has no column %s: its values stay in "
                        "the backup",
                        table->live->object.schema, table->live->object.name, live->name);
        return true;
    }
    if (!same_column_type(plan, ours, live))
        return type_trouble(run, plan, table, ours, live, why, err);
    const Type *type = type_of(plan->source, ours->type_oid);
    if (type != NULL && shared_type(plan, type) == NULL)
        *why = arena_printf(run->arena, "the type of its column %s differs between both sides",
                            live->name);
    /* a trigger does not see the values of virtual columns (18) */
    else if (ours->generated != live->generated &&
             (ours->generated == 'v' || live->generated == 'v'))
        *why = arena_printf(run->arena, "its column %s is virtual on one side only", live->name);
    /* the server lets nobody update such a column, so changes could not be mirrored */
    else if ((ours->identity == 'a') != (live->identity == 'a') && !is_key(table, live->name))
        *why = arena_printf(run->arena,
                            "its column %s is GENERATED ALWAYS AS IDENTITY on one side only",
                            live->name);
    return true;
}

static const char *new_column_trouble(const Table *live, const Column *ours, Arena *arena)
{
    bool filled = !ours->not_null || ours->default_expr != NULL || ours->identity != '\0';
    if (preserved_column(live, ours->name) != NULL || filled)
        return NULL;
    return arena_printf(arena, "the source's new column %s is NOT NULL and has no default",
                        ours->name);
}

/* Why the tables below a table, or above it, are in the way; NULL when they are not. */
static const char *family_trouble(const Model *model, const Table *table, Arena *arena)
{
    if (table->is_partition)
        return "it is a partition: name the partitioned table";
    if (table->parent_count > 0)
        return "it inherits from another table";
    for (size_t i = 0; i < model->tables.count; i++) {
        const Table *child = &model->tables.items[i];
        for (size_t k = 0; k < child->parent_count; k++) {
            if (child->parents[k] != table->object.address.oid)
                continue;
            if (!child->is_partition)
                return "another table inherits from it";
            if (child->server != NULL)
                return arena_printf(arena, "its partition %s is a foreign table",
                                    child->object.name);
        }
    }
    return NULL;
}

/* The server refuses INSERT ... ON CONFLICT into such a table even when the rule is disabled. */
static bool has_write_rule(const Model *model, const Table *table)
{
    for (size_t i = 0; i < model->rules.count; i++) {
        const Rule *rule = &model->rules.items[i];
        if (rule->table == table->object.address.oid && strstr(rule->def, " ON DELETE TO ") == NULL)
            return true;
    }
    return false;
}

/* A subscription writes rows without firing statement triggers (12 to 18). Policies that are forced
 * hide rows from the owner, too: those of the live table now, the source's after the swap. */
static bool server_trouble(Run *run, const PreservedTable *table, const char **why, Error *err)
{
    const Table *live = table->live, *source = table->source;
    const char *const values[] = {arena_printf(run->arena, "%u", live->object.address.oid)};
    AUTO(result_free) PGresult *result = NULL;
    if (!conn_query_row(run->dest,
                        "SELECT EXISTS (SELECT FROM pg_subscription_rel s WHERE s.srrelid = $1::oid"
                        " OR s.srrelid IN (SELECT relid FROM pg_partition_tree($1::oid))),"
                        " EXISTS (SELECT FROM pg_roles WHERE rolname = current_user"
                        " AND (rolsuper OR rolbypassrls))",
                        1, values, &result, err))
        return error_wrap(err, "looking at what writes to a table and who may read it");
    bool forced = (live->row_security && live->force_row_security) ||
                  (source->row_security && source->force_row_security);
    if (PQgetvalue(result, 0, 0)[0] == 't')
        *why = "a subscription writes to it, which fires no statement triggers";
    else if (forced && PQgetvalue(result, 0, 1)[0] != 't')
        *why = "row-level security is forced on it, and the user may not bypass it";
    return true;
}

/* Why the tables cannot be kept in step as such; NULL when they can. */
static const char *kind_trouble(const Plan *plan, const PreservedTable *table, Arena *arena)
{
    const Table *source = table->source, *live = table->live;
    if (source->server != NULL || live->server != NULL)
        return "the rows of a foreign table are elsewhere";
    const char *why = family_trouble(plan->source, source, arena);
    if (why == NULL)
        why = family_trouble(plan->live, live, arena);
    if (why == NULL && (has_write_rule(plan->source, source) || has_write_rule(plan->live, live)))
        return "it has a rule on INSERT or UPDATE";
    return why;
}

static bool find_trouble(Run *run, const Plan *plan, PreservedTable *table, const char **why,
                         Error *err)
{
    const Table *source = table->source, *live = table->live;
    *why = kind_trouble(plan, table, run->arena);
    if (*why != NULL)
        return true;
    if (!server_trouble(run, table, why, err) ||
        !synctable_key(run, run->dest, live->object.address.oid, run->source,
                       source->object.address.oid, &table->keys, &table->key_count, err))
        return false;
    if (*why == NULL && table->key_count == 0)
        *why = "it needs a primary key, or a unique index over NOT NULL columns, of the same "
               "columns on both sides";
    for (size_t i = 0; i < live->column_count && *why == NULL; i++)
        if (!column_trouble(run, plan, table, &live->columns[i], why, err))
            return false;
    for (size_t i = 0; i < source->column_count && *why == NULL; i++)
        *why = new_column_trouble(live, &source->columns[i], run->arena);
    return true;
}

bool preserved_parse_name(Run *run, const char *option, const char *text, const char **schema,
                          const char **name, Error *err)
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
        error_set(err, ERROR_USAGE, "\"%s\" in %s is no SQL identifier", text, option);
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
    if (!preserved_parse_name(run, "--preserved-tables", text, &schema, &name, err))
        return false;
    if (!find_source(plan, text, schema, name, &table.source, err))
        return run->settings->filter.count > 0 && table.source == NULL
                   ? error_hint(err, "Preserved tables must be among those that the filters take.")
                   : false;
    if (plan_preserved(plan, table.source) != NULL)
        return true;
    table.live = model_table_named(plan->live, table.source->object.schema, name);
    if (table.live == NULL) {
        error_set(err, ERROR_PREFLIGHT, "preserved table %s does not exist in the destination",
                  text);
        return error_hint(err, "Only a table that the destination has can keep its rows.");
    }
    const char *why = NULL;
    if (!find_trouble(run, plan, &table, &why, err))
        return false;
    if (why != NULL)
        return refuse(err, text, why);
    plan->preserved[plan->preserved_count++] = table;
    return true;
}

char *preserved_next_name(Arena *arena, const char **list)
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

/* ---- sequences ------------------------------------------------------------------------- */

static void keep_sequence(Plan *plan, const Sequence *sequence, const PreservedTable *table,
                          const Column *column)
{
    if (!preserved_keeps_sequence(plan, sequence))
        plan->kept[plan->kept_count++] = (KeptSequence){sequence, table, column};
}

static const Column *column_of_default(const Table *table, Oid attrdef)
{
    for (size_t i = 0; i < table->column_count; i++)
        if (table->columns[i].default_oid == attrdef)
            return &table->columns[i];
    return NULL;
}

static const Column *column_numbered(const Table *table, int number)
{
    for (size_t i = 0; i < table->column_count; i++)
        if (table->columns[i].number == number)
            return &table->columns[i];
    return NULL;
}

static const Sequence *sequence_of(const Model *model, Oid oid)
{
    for (size_t i = 0; i < model->sequences.count; i++)
        if (model->sequences.items[i].object.address.oid == oid)
            return &model->sequences.items[i];
    return NULL;
}

/* A sequence feeds a table through ownership or through a default that calls nextval. */
static void find_kept_sequences(Plan *plan, Arena *arena)
{
    const Model *source = plan->source;
    plan->kept = arena_alloc(arena, (source->sequences.count + 1) * sizeof *plan->kept);
    for (size_t t = 0; t < plan->preserved_count; t++) {
        const PreservedTable *table = &plan->preserved[t];
        for (size_t i = 0; i < source->sequences.count; i++) {
            const Sequence *sequence = &source->sequences.items[i];
            if (sequence->owned_by.classid != 0 &&
                sequence->owned_by.oid == table->source->object.address.oid)
                keep_sequence(plan, sequence, table,
                              column_numbered(table->source, sequence->owned_by.subid));
        }
        for (size_t i = 0; i < source->dependencies.count; i++) {
            const Dependency *d = &source->dependencies.items[i];
            if (d->from.classid != CATALOG_ATTRDEF || d->to.classid != CATALOG_CLASS)
                continue;
            const Column *column = column_of_default(table->source, d->from.oid);
            const Sequence *sequence = column != NULL ? sequence_of(source, d->to.oid) : NULL;
            if (sequence != NULL)
                keep_sequence(plan, sequence, table, column);
        }
    }
}

bool preserved_keeps_sequence(const Plan *plan, const Sequence *sequence)
{
    for (size_t i = 0; i < plan->kept_count; i++)
        if (plan->kept[i].sequence == sequence)
            return true;
    return false;
}

/* ---- the whole ------------------------------------------------------------------------- */

bool preserved_resolve(Run *run, Plan *plan, Error *err)
{
    const char *list = run->settings->preserved;
    if (list == NULL)
        return true;
    plan->preserved = arena_alloc(run->arena, (strlen(list) + 1) * sizeof *plan->preserved);
    char *item;
    while ((item = preserved_next_name(run->arena, &list)) != NULL)
        if (!resolve_one(run, plan, item, err))
            return false;
    find_kept_sequences(plan, run->arena);
    return true;
}

void preserved_locate(Plan *plan)
{
    for (size_t i = 0; i < plan->preserved_count; i++)
        plan->preserved[i].shadow =
            plan_shadow_of(plan, plan->preserved[i].source)->object.address.oid;
}
