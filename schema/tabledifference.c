#include "schema/tabledifference.h"

#include <stdbool.h>
#include <string.h>

#include "base/str.h"
#include "schema/column.h"

/* One table while it is compared. */
typedef struct Comparing {
    Findings *findings;
    const Model *source_model, *dest_model;
    const Table *source, *dest;
    const char *identity; /* "public.orders" */
    const char *column;   /* "public.orders.total", of the column at hand */
} Comparing;

static void report(const Comparing *c, DifferenceRisk risk, const char *operation,
                   const char *source, const char *dest)
{
    bool of_column = c->column != NULL;
    finding_compare(c->findings,
                    (Difference){.class = DIFFERENCE_CHANGE,
                                 .risk = risk,
                                 .operation = operation,
                                 .kind = of_column ? "column" : "table",
                                 .identity = of_column ? c->column : c->identity},
                    source, dest);
}

/* ---- one column on both sides ------------------------------------------------------------ */

static const char *storage_word(char storage)
{
    switch (storage) {
    case 'p':
        return "plain";
    case 'e':
        return "external";
    case 'm':
        return "main";
    case 'x':
        return "extended";
    default:
        return "as the type has it";
    }
}

static const char *compression_word(char compression)
{
    return compression == 'l' ? "lz4" : compression == 'p' ? "pglz" : "default";
}

static const char *statistics_text(const Comparing *c, int target)
{
    return target < 0 ? "default" : arena_printf(c->findings->arena, "%d", target);
}

/* Before 18 NOT NULL has nothing but itself to compare. */
static void compare_not_null_kind(const Comparing *c, const Column *source, const Column *dest)
{
    bool both_know = c->findings->source_version >= 180000 && c->findings->dest_version >= 180000;
    const char *old = dest->not_null_name, *new = source->not_null_name;
    if (both_know) {
        report(c, DIFFERENCE_RISK_LOW, "RENAME_CONSTRAINT",
               arena_printf(c->findings->arena, "NOT NULL %s",
                            new != NULL ? new : "of its usual name"),
               arena_printf(c->findings->arena, "NOT NULL %s",
                            old != NULL ? old : "of its usual name"));
    } else if (old != NULL || new != NULL) {
        finding_add(c->findings,
                    (Difference){.class = DIFFERENCE_EXPECTED,
                                 .risk = DIFFERENCE_RISK_LOW,
                                 .operation = "RENAME_CONSTRAINT",
                                 .kind = "column",
                                 .identity = c->column,
                                 .source = new,
                                 .dest = old,
                                 .reason = "before PostgreSQL 18 NOT NULL has no name"});
    }
    if (!both_know && source->not_null_valid && dest->not_null_valid)
        return;
    const bool flags[][2] = {{source->not_null_valid, source->not_null_no_inherit},
                             {dest->not_null_valid, dest->not_null_no_inherit}};
    const char *texts[2];
    for (size_t i = 0; i < 2; i++)
        texts[i] = arena_printf(c->findings->arena, "NOT NULL%s%s",
                                flags[i][1] && both_know ? " NO INHERIT" : "",
                                flags[i][0] ? "" : " NOT VALID");
    report(c, DIFFERENCE_RISK_MEDIUM, "ALTER_NOT_NULL", texts[0], texts[1]);
}

static void compare_not_null(const Comparing *c, const Column *source, const Column *dest)
{
    if (source->not_null && dest->not_null)
        compare_not_null_kind(c, source, dest);
    else if (source->not_null)
        report(c, DIFFERENCE_RISK_MEDIUM, "SET_NOT_NULL", "NOT NULL", NULL);
    else if (dest->not_null)
        report(c, DIFFERENCE_RISK_MEDIUM, "DROP_NOT_NULL", NULL, "NOT NULL");
}

static const char *generation_text(const Comparing *c, const Column *column)
{
    if (column->generated == '\0')
        return NULL;
    return arena_printf(c->findings->arena, "GENERATED ALWAYS AS (%s) %s",
                        column->default_expr != NULL ? column->default_expr : "",
                        column->generated == 'v' ? "VIRTUAL" : "STORED");
}

static void compare_value(const Comparing *c, const Column *source, const Column *dest)
{
    const char *new = generation_text(c, source), *old = generation_text(c, dest);
    bool becomes = (new == NULL) != (old == NULL);
    report(c, becomes ? DIFFERENCE_RISK_HIGH : DIFFERENCE_RISK_MEDIUM, "ALTER_COLUMN_GENERATED",
           new, old);
    report(c, DIFFERENCE_RISK_MEDIUM, "ALTER_COLUMN_DEFAULT",
           new == NULL ? source->default_expr : NULL, old == NULL ? dest->default_expr : NULL);
}

static void compare_column(Comparing *c, const Column *source, const Column *dest)
{
    static const char usual[] = "of the type";
    report(c, DIFFERENCE_RISK_HIGH, "ALTER_COLUMN_TYPE", source->type, dest->type);
    report(c, DIFFERENCE_RISK_MEDIUM, "ALTER_COLUMN_COLLATION",
           source->collation != NULL ? source->collation : usual,
           dest->collation != NULL ? dest->collation : usual);
    compare_not_null(c, source, dest);
    compare_value(c, source, dest);
    report(c, DIFFERENCE_RISK_LOW, "ALTER_COLUMN_STORAGE", storage_word(source->storage),
           storage_word(dest->storage));
    report(c, DIFFERENCE_RISK_LOW, "ALTER_COLUMN_COMPRESSION",
           compression_word(source->compression), compression_word(dest->compression));
    report(c, DIFFERENCE_RISK_LOW, "ALTER_COLUMN_STATISTICS",
           statistics_text(c, source->statistics), statistics_text(c, dest->statistics));
    report(c, DIFFERENCE_RISK_LOW, "ALTER_COLUMN_OPTIONS", source->options, dest->options);
}

/* ---- all columns ------------------------------------------------------------------------- */

/* "integer NOT NULL DEFAULT 0" */
static const char *column_text(const Comparing *c, const Column *column)
{
    AUTO(str_clear) Str s = STR_INIT;
    str_add(&s, column->type);
    if (column->collation != NULL)
        str_addf(&s, " COLLATE %s", column->collation);
    if (column->not_null)
        str_add(&s, " NOT NULL");
    if (column->generated != '\0')
        str_addf(&s, " %s", generation_text(c, column));
    else if (column->default_expr != NULL)
        str_addf(&s, " DEFAULT %s", column->default_expr);
    if (column->identity != '\0')
        str_addf(&s, " GENERATED %s AS IDENTITY",
                 column->identity == 'a' ? "ALWAYS" : "BY DEFAULT");
    return arena_strdup(c->findings->arena, str_text(&s));
}

/* The names of columns in an order. */
typedef struct Order {
    const char **names;
    size_t count;
} Order;

static bool order_has(const Order *order, const char *name)
{
    for (size_t i = 0; i < order->count; i++)
        if (strcmp(order->names[i], name) == 0)
            return true;
    return false;
}

static Order order_of(const Comparing *c, const Table *table)
{
    Order order = {
        .names = arena_alloc(c->findings->arena, (table->column_count + 1) * sizeof(*order.names))};
    for (size_t i = 0; i < table->column_count; i++)
        order.names[order.count++] = table->columns[i].name;
    return order;
}

/* As the table would be made anew: what it inherits first, although columns that a parent got later
 * stand behind its own. */
static Order order_anew(const Comparing *c, const Model *model, const Table *table)
{
    Order own = order_of(c, table);
    if (table->is_partition || table->parent_count == 0)
        return own;
    Order order = {.names =
                       arena_alloc(c->findings->arena, (own.count + 1) * sizeof(*order.names))};
    for (size_t i = 0; i < table->parent_count; i++) {
        const Table *parent = model_table(model, table->parents[i]);
        if (parent == NULL)
            return own;
        const Order above = order_anew(c, model, parent);
        for (size_t k = 0; k < above.count; k++)
            if (order_has(&own, above.names[k]) && !order_has(&order, above.names[k]))
                order.names[order.count++] = above.names[k];
    }
    for (size_t i = 0; i < own.count; i++)
        if (!order_has(&order, own.names[i]))
            order.names[order.count++] = own.names[i];
    return order;
}

/* True when the columns that both have come in the same order. */
static bool same_order(const Order *source, const Order *dest)
{
    size_t k = 0;
    for (size_t i = 0; i < source->count; i++) {
        if (k < dest->count && strcmp(dest->names[k], source->names[i]) == 0) {
            k++;
            continue;
        }
        if (!order_has(dest, source->names[i]))
            continue;
        while (k < dest->count && !order_has(source, dest->names[k]))
            k++;
        if (k == dest->count || strcmp(dest->names[k], source->names[i]) != 0)
            return false;
        k++;
    }
    return true;
}

static const char *order_text(const Comparing *c, const Order *order)
{
    AUTO(str_clear) Str s = STR_INIT;
    for (size_t i = 0; i < order->count; i++) {
        str_separate(&s, ", ");
        str_add(&s, order->names[i]);
    }
    return arena_strdup(c->findings->arena, str_text(&s));
}

static void compare_order(const Comparing *c)
{
    const Order source = order_of(c, c->source), dest = order_of(c, c->dest);
    if (same_order(&source, &dest))
        return;
    const Order anew = order_anew(c, c->source_model, c->source);
    const Order dest_anew = order_anew(c, c->dest_model, c->dest);
    if (same_order(&anew, &dest) || same_order(&source, &dest_anew))
        finding_add(c->findings,
                    (Difference){.class = DIFFERENCE_EXPECTED,
                                 .risk = DIFFERENCE_RISK_MEDIUM,
                                 .operation = "ALTER_COLUMN_ORDER",
                                 .kind = "table",
                                 .identity = c->identity,
                                 .source = order_text(c, &source),
                                 .dest = order_text(c, &dest),
                                 .reason = "a table that is made anew has the columns that it "
                                           "inherits before its own"});
    else
        report(c, DIFFERENCE_RISK_MEDIUM, "ALTER_COLUMN_ORDER", order_text(c, &source),
               order_text(c, &dest));
}

/* Rows that are written without the new column go on being possible. */
static DifferenceRisk new_column_risk(const Column *column)
{
    bool fills = !column->not_null || column->default_expr != NULL || column->identity != '\0';
    return fills ? DIFFERENCE_RISK_LOW : DIFFERENCE_RISK_MEDIUM;
}

static void compare_columns(Comparing *c)
{
    const Table *source = c->source, *dest = c->dest;
    Arena *arena = c->findings->arena;
    for (size_t i = 0; i < source->column_count; i++) {
        const Column *new = &source->columns[i];
        const Column *old = i < dest->column_count && strcmp(dest->columns[i].name, new->name) == 0
                                ? &dest->columns[i]
                                : column_named(dest->columns, dest->column_count, new->name);
        c->column = arena_printf(arena, "%s.%s", c->identity, new->name);
        if (old != NULL)
            compare_column(c, new, old);
        else
            report(c, new_column_risk(new), "ADD_COLUMN", column_text(c, new), NULL);
    }
    for (size_t i = 0; i < dest->column_count; i++) {
        const Column *old = &dest->columns[i];
        if (column_named(source->columns, source->column_count, old->name) != NULL)
            continue;
        c->column = arena_printf(arena, "%s.%s", c->identity, old->name);
        report(c, DIFFERENCE_RISK_HIGH, "DROP_COLUMN", NULL, column_text(c, old));
    }
    c->column = NULL;
    compare_order(c);
}

/* ---- the table --------------------------------------------------------------------------- */

/* Those it inherits from; a partition's parent is part of its own statement. */
static const char *parents_text(const Comparing *c, const Model *model, const Table *table)
{
    AUTO(str_clear) Str s = STR_INIT;
    for (size_t i = 0; i < table->parent_count && !table->is_partition; i++) {
        const Table *parent = model_table(model, table->parents[i]);
        str_separate(&s, ", ");
        if (parent == NULL)
            str_add(&s, "a table elsewhere");
        else
            str_addf(&s, "%s.%s", parent->object.schema, parent->object.name);
    }
    return s.len == 0 ? NULL : arena_strdup(c->findings->arena, str_text(&s));
}

void tabledifference_find(Findings *findings, const Model *source_model, const Table *source,
                          const Model *dest_model, const Table *dest)
{
    Comparing c = {.findings = findings,
                   .source_model = source_model,
                   .dest_model = dest_model,
                   .source = source,
                   .dest = dest,
                   .identity = arena_printf(findings->arena, "%s.%s", source->object.schema,
                                            source->object.name)};
    compare_columns(&c);
    report(&c, DIFFERENCE_RISK_HIGH, "ALTER_PARTITION_KEY", source->partition_key,
           dest->partition_key);
    report(&c, DIFFERENCE_RISK_HIGH, "ALTER_INHERITANCE", parents_text(&c, source_model, source),
           parents_text(&c, dest_model, dest));
    report(&c, DIFFERENCE_RISK_MEDIUM, "ALTER_TABLE_OF_TYPE", source->of_type, dest->of_type);
    /* Before 18 a partitioned table could be called unlogged, which meant nothing. */
    if (source->relkind != 'p')
        report(&c, DIFFERENCE_RISK_MEDIUM, "ALTER_PERSISTENCE",
               source->persistence == PERSISTENCE_UNLOGGED ? "UNLOGGED" : "LOGGED",
               dest->persistence == PERSISTENCE_UNLOGGED ? "UNLOGGED" : "LOGGED");
    report(&c, DIFFERENCE_RISK_MEDIUM, "ALTER_ACCESS_METHOD", source->access_method,
           dest->access_method);
    report(&c, DIFFERENCE_RISK_LOW, "ALTER_TABLESPACE", source->tablespace, dest->tablespace);
    report(&c, DIFFERENCE_RISK_LOW, "ALTER_TABLE_OPTIONS", source->options, dest->options);
}
