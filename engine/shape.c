#include "engine/shape.h"

#include <stdarg.h>
#include <string.h>

#include "base/str.h"
#include "engine/check.h"

enum {
    NAMED_AT_MOST = 20,    /* the rest is only in result.predicted */
    FIRST_USER_OID = 16384 /* FirstNormalObjectId: below are the server's own */
};

/* One table or view on both sides. */
typedef struct Relation {
    const Object *object;
    const Column *columns;
    size_t count;
} Relation;

/* What changes about one of them. */
typedef struct Shape {
    Run *run;
    const Plan *plan;
    Relation before, after;
    Str change;     /* what a person reads */
    json_t *breaks; /* sentences */
    bool result;    /* SELECT * has other columns than before */
} Shape;

static void say(Str *text, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void say(Str *text, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    AUTO(mem_free) char *part = mem_vprintf(fmt, args);
    va_end(args);
    str_separate(text, "; ");
    str_add(text, part);
}

static void breaks(Shape *shape, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void breaks(Shape *shape, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    AUTO(mem_free) char *sentence = mem_vprintf(fmt, args);
    va_end(args);
    json_array_append_new(shape->breaks, json_string(sentence));
}

static const Column *find(const Relation *relation, const char *name)
{
    for (size_t i = 0; i < relation->count; i++)
        if (strcmp(relation->columns[i].name, name) == 0)
            return &relation->columns[i];
    return NULL;
}

/* ---- one column -------------------------------------------------------------------------- */

static bool stays(const Plan *plan, Oid live_type)
{
    for (size_t i = 0; i < plan->same_count; i++)
        if (plan->same[i].theirs == live_type)
            return true;
    return false;
}

/* A type of the live schemas that is not the same on both sides has a namesake after the swap: to
 * sessions it is another one. */
static bool is_replaced(const Plan *plan, Oid type)
{
    const Model *live = plan->live;
    if (type < FIRST_USER_OID)
        return false;
    for (size_t i = 0; i < live->types.count; i++) {
        const Type *t = &live->types.items[i];
        if (t->object.address.oid == type || t->array_oid == type || t->multirange_oid == type)
            return !stays(plan, t->object.address.oid);
    }
    for (size_t i = 0; i < live->tables.count; i++)
        if (live->tables.items[i].row_type == type || live->tables.items[i].row_type_array == type)
            return true;
    return false;
}

static bool same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* What a domain is made of; other types are themselves. */
static const char *base_of(const Model *model, const Column *column)
{
    for (size_t i = 0; i < model->types.count; i++) {
        const Type *type = &model->types.items[i];
        if (type->object.address.oid == column->type_oid && type->typtype == 'd')
            return type->base_type;
    }
    return column->type;
}

/* What parameters and expressions of the old type can do with the new one. */
typedef struct Casts {
    bool writable, comparable, usable;
} Casts;

static bool ask_casts(const Shape *shape, const Column *before, const Column *after, Casts *casts,
                      Error *err)
{
    const char *const values[] = {base_of(shape->plan->live, before),
                                  base_of(shape->plan->source, after)};
    Conn *dest = shape->run->dest;
    AUTO(result_free) PGresult *result = NULL;
    if (!conn_query_row(dest, run_sql("check_casts", conn_version(dest)), 2, values, &result, err))
        return error_wrap(err, "comparing the types of column %s", before->name);
    *casts = (Casts){.writable = PQgetvalue(result, 0, 0)[0] == 't',
                     .comparable = PQgetvalue(result, 0, 1)[0] == 't',
                     .usable = PQgetvalue(result, 0, 2)[0] == 't'};
    return true;
}

/* Parameters of a statement that is prepared keep the types that they were given then. */
static bool compare_type(Shape *shape, const Column *before, const Column *after, Error *err)
{
    bool replaced = is_replaced(shape->plan, before->type_oid);
    bool retyped = strcmp(before->type, after->type) != 0;
    Casts casts = {0};
    if (!replaced && !retyped) {
        if (same_text(before->collation, after->collation))
            return true;
        shape->result = true;
        say(&shape->change, "column %s has another collation", before->name);
        breaks(shape, "prepared statements that return column %s", before->name);
        return true;
    }
    /* of two types by the same name only domains go into each other */
    bool domain = base_of(shape->plan->live, before) != before->type;
    if ((retyped || domain) && !ask_casts(shape, before, after, &casts, err))
        return false;
    shape->result = true;
    if (retyped)
        say(&shape->change, "column %s: %s becomes %s", before->name, before->type, after->type);
    else
        say(&shape->change, "the type of column %s is replaced: %s", before->name, before->type);
    breaks(shape, "prepared statements that return column %s", before->name);
    if (!casts.writable)
        breaks(shape, "prepared statements that write a parameter into column %s", before->name);
    if (!casts.comparable)
        breaks(shape, "prepared statements that compare column %s with a parameter", before->name);
    if (retyped && !casts.usable)
        breaks(shape, "expressions with column %s that are for %s only", before->name,
               before->type);
    return true;
}

static bool fills_itself(const Column *column)
{
    return column->default_expr != NULL || column->identity != '\0' || column->generated != '\0';
}

/* What may be written. Of views nothing of this is known. */
static void compare_writes(Shape *shape, const Column *before, const Column *after)
{
    const char *name = after->name;
    if (after->not_null && !before->not_null) {
        say(&shape->change, "column %s becomes NOT NULL", name);
        breaks(shape, "statements that write NULL into column %s", name);
    }
    if (after->not_null && !fills_itself(after) && (!before->not_null || fills_itself(before))) {
        if (before->not_null)
            say(&shape->change, "column %s loses its default", name);
        breaks(shape, "INSERT that gives column %s no value", name);
    }
    if (after->generated != '\0' && before->generated == '\0') {
        say(&shape->change, "column %s becomes generated", name);
        breaks(shape, "statements that write column %s", name);
    }
    if (after->identity == 'a' && before->identity != 'a') {
        say(&shape->change, "column %s becomes GENERATED ALWAYS AS IDENTITY", name);
        breaks(shape, "statements that write column %s", name);
    }
}

/* ---- all columns ------------------------------------------------------------------------- */

static bool same_order(const Shape *shape)
{
    size_t k = 0;
    for (size_t i = 0; i < shape->before.count; i++) {
        const char *name = shape->before.columns[i].name;
        if (find(&shape->after, name) == NULL)
            continue;
        while (find(&shape->before, shape->after.columns[k].name) == NULL)
            k++;
        if (strcmp(name, shape->after.columns[k++].name) != 0)
            return false;
    }
    return true;
}

static bool compare_columns(Shape *shape, Error *err)
{
    for (size_t i = 0; i < shape->before.count; i++) {
        const Column *before = &shape->before.columns[i];
        const Column *after = find(&shape->after, before->name);
        if (after == NULL) {
            shape->result = true;
            say(&shape->change, "column %s is gone", before->name);
            breaks(shape, "statements that name column %s", before->name);
            continue;
        }
        if (!compare_type(shape, before, after, err))
            return false;
        compare_writes(shape, before, after);
    }
    for (size_t i = 0; i < shape->after.count; i++) {
        const Column *after = &shape->after.columns[i];
        if (find(&shape->before, after->name) != NULL)
            continue;
        shape->result = true;
        say(&shape->change, "column %s is new", after->name);
        if (after->not_null && !fills_itself(after))
            breaks(shape, "INSERT that gives column %s no value", after->name);
    }
    if (!same_order(shape)) {
        shape->result = true;
        say(&shape->change, "the columns are in another order");
    }
    return true;
}

/* ---- without a column list --------------------------------------------------------------- */

/* As many values as the table had columns go into the first of the new ones. */
static bool judge_positions(Shape *shape, Error *err)
{
    const Relation *before = &shape->before, *after = &shape->after;
    if (before->count > after->count) {
        breaks(shape, "INSERT without a column list");
        return true;
    }
    bool moved = false;
    for (size_t i = 0; i < before->count; i++) {
        const Column *from = &before->columns[i], *to = &after->columns[i];
        Casts casts = {.writable = true};
        if (strcmp(from->name, to->name) == 0)
            continue; /* what its type does is said already */
        moved = true;
        if ((is_replaced(shape->plan, from->type_oid) || strcmp(from->type, to->type) != 0) &&
            !ask_casts(shape, from, to, &casts, err))
            return false;
        if (!casts.writable || to->generated != '\0' || to->identity == 'a') {
            breaks(shape, "INSERT without a column list");
            return true;
        }
    }
    if (moved)
        breaks(shape, "INSERT without a column list: it does not fail, but writes its values into "
                      "other columns");
    return true;
}

static size_t copied_columns(const Relation *relation)
{
    size_t count = 0;
    for (size_t i = 0; i < relation->count; i++)
        count += column_is_copied(&relation->columns[i]);
    return count;
}

static bool judge_lists(Shape *shape, Error *err)
{
    bool other_names = shape->before.count != shape->after.count || !same_order(shape);
    for (size_t i = 0; i < shape->before.count && !other_names; i++)
        other_names = strcmp(shape->before.columns[i].name, shape->after.columns[i].name) != 0;
    if (!other_names)
        return true;
    if (copied_columns(&shape->before) != copied_columns(&shape->after))
        breaks(shape, "COPY FROM without a column list");
    return judge_positions(shape, err);
}

/* ---- functions that only the destination has --------------------------------------------- */

static bool has_word(const char *text, const char *word)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    size_t length = strlen(word);
    for (const char *at = strstr(text, word); at != NULL; at = strstr(at + 1, word))
        if ((at == text || strchr(letters, at[-1]) == NULL) &&
            (at[length] == '\0' || strchr(letters, at[length]) == NULL))
            return true;
    return false;
}

static bool is_on_source(const Plan *plan, const Function *live)
{
    for (size_t i = 0; i < plan->source->functions.count; i++) {
        const Function *ours = &plan->source->functions.items[i];
        if (strcmp(ours->object.name, live->object.name) == 0 &&
            strcmp(ours->object.schema, live->object.schema) == 0 &&
            strcmp(ours->identity_args, live->identity_args) == 0)
            return true;
    }
    return false;
}

/* The rows of a function that returns the table's own have the new shape, too. */
static bool returns_rows(const Function *function, const char *table)
{
    const char *returns = strstr(function->def, " RETURNS ");
    AUTO(mem_free)
    char *line = returns == NULL ? NULL : mem_printf("%.*s", (int)strcspn(returns, "\n"), returns);
    return line != NULL && strstr(line, "TABLE(") == NULL && has_word(line, table);
}

/* Bodies are text, looked into when they run. */
static bool may_break(const Shape *shape, const Function *function)
{
    const char *table = shape->before.object->name;
    const char *body = function->def != NULL ? strstr(function->def, "AS $") : NULL;
    if (function->sql_body || body == NULL || !has_word(body, table))
        return false;
    for (size_t i = 0; i < shape->before.count; i++)
        if (find(&shape->after, shape->before.columns[i].name) == NULL &&
            has_word(body, shape->before.columns[i].name))
            return true;
    return (strchr(body, '*') != NULL && !returns_rows(function, table)) ||
           strcasestr(body, "insert ") != NULL;
}

static void judge_functions(Shape *shape)
{
    AUTO(str_clear) Str names = STR_INIT;
    const Model *live = shape->plan->live;
    for (size_t i = 0; i < live->functions.count; i++) {
        const Function *function = &live->functions.items[i];
        if (!may_break(shape, function) || is_on_source(shape->plan, function))
            continue;
        str_separate(&names, ", ");
        str_addf(&names, "%s.%s(%s)", function->object.schema, function->object.name,
                 function->identity_args);
    }
    if (names.len > 0)
        breaks(shape, "functions of the destination, by what their bodies say: %s",
               str_text(&names));
}

/* ---- one relation ------------------------------------------------------------------------ */

static bool compare(Shape *shape, bool table, Error *err)
{
    if (!compare_columns(shape, err))
        return false;
    if (shape->result) {
        json_array_insert_new(shape->breaks, 0,
                              json_string("prepared statements that return all columns (SELECT *, "
                                          "RETURNING *, functions that return its rows)"));
        breaks(shape, "functions that return its rows, where a call is under way at the swap");
    }
    if (table && !judge_lists(shape, err))
        return false;
    if (shape->change.len > 0)
        judge_functions(shape);
    return true;
}

static void describe(Shape *shape, size_t position)
{
    const Object *object = shape->before.object;
    AUTO(mem_free) char *name = mem_printf("%s.%s", object->schema, object->name);
    json_t *list = json_object_get(shape->run->result, "predicted");
    json_array_append_new(list, json_pack("{s:s, s:s, s:O}", "table", name, "change",
                                          str_text(&shape->change), "breaks", shape->breaks));
    if (position >= NAMED_AT_MOST)
        return;
    AUTO(str_clear) Str sentences = STR_INIT;
    for (size_t i = 0; i < json_array_size(shape->breaks); i++)
        say(&sentences, "%s", json_string_value(json_array_get(shape->breaks, i)));
    check_warn(shape->run,
               "Sessions prepare statements again after DEALLOCATE or when they reconnect; change "
               "the others before the swap.",
               "%s changes its shape (%s); from the swap on fail: %s", name,
               str_text(&shape->change), str_text(&sentences));
}

/* The same name on both sides, whatever it is there. */
static Relation live_relation(const Plan *plan, const Object *object)
{
    const Table *table = model_table_named(plan->live, object->schema, object->name);
    if (table != NULL)
        return (Relation){&table->object, table->columns, table->column_count};
    for (size_t i = 0; i < plan->live->views.count; i++) {
        const View *view = &plan->live->views.items[i];
        if (strcmp(view->object.name, object->name) == 0 &&
            strcmp(view->object.schema, object->schema) == 0)
            return (Relation){&view->object, view->columns, view->column_count};
    }
    return (Relation){0};
}

static bool look(Run *run, const Plan *plan, Relation after, bool table, size_t *found, Error *err)
{
    Shape shape = {.run = run,
                   .plan = plan,
                   .before = live_relation(plan, after.object),
                   .after = after,
                   .change = STR_INIT};
    if (shape.before.object == NULL)
        return true;
    shape.breaks = json_array();
    bool ok = compare(&shape, table, err);
    if (ok && shape.change.len > 0)
        describe(&shape, (*found)++);
    json_decref(shape.breaks);
    str_clear(&shape.change);
    return ok;
}

/* What sessions keep of any table: all of them are others after the swap. */
static void describe_always(Run *run)
{
    static const char rows[] =
        "prepared statements that return a whole row as one value (SELECT t FROM t)";
    static const char values[] = "currval before nextval was called again";
    json_object_set_new(run->result, "predicted",
                        json_pack("[{s:s, s:s, s:[s, s]}]", "table", "*", "change",
                                  "each is another one", "breaks", rows, values));
    check_note(run, "whatever the shape, from the swap on fail: %s; %s", rows, values);
}

static bool look_at_all(Run *run, const Plan *plan, Error *err)
{
    size_t found = 0;
    for (size_t i = 0; i < plan->source->tables.count; i++) {
        const Table *t = &plan->source->tables.items[i];
        if (!t->is_partition &&
            !look(run, plan, (Relation){&t->object, t->columns, t->column_count}, true, &found,
                  err))
            return false;
    }
    for (size_t i = 0; i < plan->source->views.count; i++) {
        const View *v = &plan->source->views.items[i];
        if (!look(run, plan, (Relation){&v->object, v->columns, v->column_count}, false, &found,
                  err))
            return false;
    }
    if (found > NAMED_AT_MOST)
        check_warn(run, NULL, "%zu more tables and views change their shape",
                   found - NAMED_AT_MOST);
    return true;
}

/* Types of extensions are printed as that path has them. */
bool shape_check(Run *run, const Plan *plan, Error *err)
{
    describe_always(run);
    return set_path(run->dest, plan->live_path, false, err) && look_at_all(run, plan, err) &&
           set_path(run->dest, "", false, err);
}
