#include <stddef.h>
#include <string.h>

#include "schema/column.h"
#include "schema/kind.h"

/*
 * Ordinary, partitioned and foreign tables: the bare table, and one fragment for each property that
 * ALTER can set. A partition is made by itself, with all columns, and attached; a child of
 * inheritance is made with INHERITS and prints only what it does not inherit.
 */

static const Field fields[] = {
    FIELD(FIELD_CHAR, Table, relkind, "relkind"),
    FIELD(FIELD_CHAR, Table, persistence, "persistence"),
    FIELD(FIELD_OID, Table, row_type, "row_type"),
    FIELD(FIELD_OID, Table, row_type_array, "row_type_array"),
    FIELD_LIST(FIELD_OIDS, Table, parents, parent_count, "parents"),
    FIELD(FIELD_BOOL, Table, is_partition, "is_partition"),
    FIELD(FIELD_TEXT, Table, partition_key, "partition_key"),
    FIELD(FIELD_TEXT, Table, partition_bound, "partition_bound"),
    FIELD(FIELD_BOOL, Table, hash_enum_key, "hash_enum_key"),
    FIELD(FIELD_TEXT, Table, of_type, "of_type"),
    FIELD(FIELD_TEXT, Table, access_method, "access_method"),
    FIELD(FIELD_TEXT, Table, tablespace, "tablespace"),
    FIELD(FIELD_TEXT, Table, options, "options"),
    FIELD(FIELD_TEXT, Table, server, "server"),
    FIELD(FIELD_OID, Table, server_oid, "server_oid"),
    FIELD(FIELD_TEXT, Table, foreign_options, "foreign_options"),
    FIELD(FIELD_CHAR, Table, replica_identity, "replica_identity"),
    FIELD(FIELD_BOOL, Table, row_security, "row_security"),
    FIELD(FIELD_BOOL, Table, force_row_security, "force_row_security"),
    FIELD(FIELD_BIGINT, Table, heap_pages, "heap_pages"),
    FIELD(FIELD_BIGINT, Table, total_bytes, "total_bytes"),
    FIELD(FIELD_DOUBLE, Table, row_estimate, "row_estimate"),
};

/* One table while its fragments are made. */
typedef struct Making {
    Builder *builder;
    const Model *model;
    const Table *table;
    const char *name;      /* quoted */
    const Table **parents; /* owned; whose columns it inherits by INHERITS */
    size_t parent_count;
    bool is_child;   /* made with INHERITS: prints only its own columns */
    bool prints_all; /* a parent is not in the model, so all columns are printed */
} Making;

/* ---- inherited columns ----------------------------------------------------------------- */

/* The first parent's column of that name for which `test` (NULL: any) holds. */
static const Column *parent_column(const Making *m, const Column *column,
                                   bool (*test)(const Column *parent, const Column *child))
{
    for (size_t i = 0; i < m->parent_count; i++) {
        const Column *found =
            column_named(m->parents[i]->columns, m->parents[i]->column_count, column->name);
        if (found != NULL && (test == NULL || test(found, column)))
            return found;
    }
    return NULL;
}

static bool hands_down_not_null(const Column *parent, const Column *child)
{
    (void)child;
    return parent->not_null && parent->not_null_valid && !parent->not_null_no_inherit;
}

static bool is_generated_alike(const Column *parent, const Column *child)
{
    return parent->generated == child->generated && parent->default_expr != NULL &&
           child->default_expr != NULL && strcmp(parent->default_expr, child->default_expr) == 0;
}

/* A generation expression that is the parent's is inherited; up to 15 it must not be repeated. */
static bool states_generation(const Making *m, const Column *column)
{
    if (column->generated == '\0' || column->default_expr == NULL)
        return false;
    return !m->is_child || parent_column(m, column, is_generated_alike) == NULL;
}

static bool states_column(const Making *m, const Column *column)
{
    return !m->is_child || m->prints_all || column->local || states_generation(m, column);
}

static bool hands_down_not_valid(const Column *parent, const Column *child)
{
    (void)child;
    return parent->not_null && !parent->not_null_valid && !parent->not_null_no_inherit;
}

/* From 18 on NOT NULL is a constraint, with a name, declared here or inherited. Before, it is a
 * property of the column. */
static bool has_not_null_constraints(const Making *m)
{
    return m->model->server_version >= 180000 && builder_target(m->builder) >= 180000;
}

/* Inherited from a parent where it is not validated, and validated here. */
static bool is_validated_later(const Making *m, const Column *column)
{
    return m->is_child && has_not_null_constraints(m) && column->not_null &&
           column->not_null_valid && !column->not_null_local &&
           parent_column(m, column, hands_down_not_null) == NULL &&
           parent_column(m, column, hands_down_not_valid) != NULL;
}

/* Whether NOT NULL has to be said for this table: it is in force, validated, and does not come from
 * a parent alone. Before 18 nothing tells whether it was declared here. */
static bool states_not_null(const Making *m, const Column *column)
{
    if (!column->not_null || !column->not_null_valid || is_validated_later(m, column))
        return false;
    if (!m->is_child)
        return true;
    bool inherits = parent_column(m, column, hands_down_not_null) != NULL;
    return !inherits || (column->not_null_local && has_not_null_constraints(m));
}

/* ---- the bare table -------------------------------------------------------------------- */

static void add_not_null(const Making *m, Str *s, const Column *column, const char *of)
{
    if (column->not_null_name != NULL && has_not_null_constraints(m))
        str_addf(s, "CONSTRAINT %s ", builder_ident(m->builder, column->not_null_name));
    bool no_inherit = column->not_null_no_inherit && has_not_null_constraints(m);
    str_addf(s, "NOT NULL%s%s", of, no_inherit ? " NO INHERIT" : "");
}

static void add_column_constraints(const Making *m, Str *s, const Column *column)
{
    if (states_generation(m, column))
        str_addf(s, " GENERATED ALWAYS AS (%s) %s", column->default_expr,
                 column->generated == 'v' ? "VIRTUAL" : "STORED");
    if (states_not_null(m, column)) {
        str_add(s, " ");
        add_not_null(m, s, column, "");
    }
}

/* Whether the NOT NULL is called what it would be called if it came from the parent alone. */
static bool has_inherited_name(const Making *m, const Column *column)
{
    for (size_t i = 0; i < m->parent_count; i++) {
        const Table *parent = m->parents[i];
        const Column *above = column_named(parent->columns, parent->column_count, column->name);
        if (above == NULL || !hands_down_not_null(above, column))
            continue;
        AUTO(mem_free)
        char *generated = mem_printf("%s_%s_not_null", parent->object.name, above->name);
        const char *name = above->not_null_name == NULL ? generated : above->not_null_name;
        return column->not_null_name != NULL && strcmp(column->not_null_name, name) == 0;
    }
    return column->not_null_name == NULL;
}

/* A NOT NULL on a column that is only inherited, of a kind that ALTER COLUMN ... SET NOT NULL would
 * not make: it is written as a table constraint, which only 18 takes. */
static bool is_table_not_null(const Making *m, const Column *column)
{
    return has_not_null_constraints(m) && !states_column(m, column) && states_not_null(m, column) &&
           (column->not_null_no_inherit || !has_inherited_name(m, column));
}

static void add_columns(const Making *m, Str *s)
{
    for (size_t i = 0; i < m->table->column_count; i++) {
        const Column *column = &m->table->columns[i];
        AUTO(str_clear) Str one = STR_INIT;
        if (is_table_not_null(m, column)) {
            AUTO(str_clear) Str of = STR_INIT;
            str_addf(&of, " %s", builder_ident(m->builder, column->name));
            add_not_null(m, &one, column, str_text(&of));
        } else if (!states_column(m, column)) {
            continue;
        } else if (m->table->of_type != NULL) {
            AUTO(str_clear) Str constraints = STR_INIT;
            add_column_constraints(m, &constraints, column);
            if (constraints.len == 0)
                continue;
            str_addf(&one, "%s WITH OPTIONS%s", builder_ident(m->builder, column->name),
                     str_text(&constraints));
        } else {
            column_add_type(m->builder, &one, column);
            add_column_constraints(m, &one, column);
        }
        str_separate(s, ", ");
        str_add(s, str_text(&one));
    }
}

static void add_parents(const Making *m, Str *s)
{
    for (size_t i = 0; i < m->parent_count; i++)
        str_addf(
            s, "%s%s", i == 0 ? " INHERITS (" : ", ",
            builder_name(m->builder, m->parents[i]->object.schema, m->parents[i]->object.name));
    str_add(s, m->parent_count > 0 ? ")" : "");
}

static size_t build_bare(const Making *m)
{
    const Table *table = m->table;
    AUTO(str_clear) Str columns = STR_INIT;
    add_columns(m, &columns);
    AUTO(str_clear) Str s = STR_INIT;
    if (table->of_type != NULL)
        str_addf(&s, " OF %s", table->of_type);
    if (table->of_type == NULL || columns.len > 0)
        str_addf(&s, " (%s)", str_text(&columns));
    if (m->is_child)
        add_parents(m, &s);
    if (table->partition_key != NULL)
        str_addf(&s, " PARTITION BY %s", table->partition_key);
    /* a partitioned table has one from 17 on */
    if (table->access_method != NULL &&
        (table->relkind != 'p' || builder_target(m->builder) >= 170000))
        str_addf(&s, " USING %s", builder_ident(m->builder, table->access_method));
    if (table->options != NULL)
        str_addf(&s, " WITH (%s)", table->options);
    if (table->tablespace != NULL)
        str_addf(&s, " TABLESPACE %s", builder_ident(m->builder, table->tablespace));
    if (table->server != NULL)
        str_addf(&s, " SERVER %s", builder_ident(m->builder, table->server));
    if (table->foreign_options != NULL)
        str_addf(&s, " OPTIONS (%s)", table->foreign_options);
    /* 18 refuses an unlogged partitioned table; before, the word meant nothing. */
    bool unlogged = table->persistence == PERSISTENCE_UNLOGGED && table->relkind != 'p';
    size_t index = builder_add(m->builder, FRAGMENT_TABLE, SECTION_PRE, &table->object,
                               table->object.address.oid, "CREATE %sTABLE %s%s",
                               table->relkind == 'f' ? "FOREIGN "
                               : unlogged            ? "UNLOGGED "
                                                     : "",
                               m->name, str_text(&s));
    /* The wrapper's validator may look at the server's options too. */
    if (table->server_oid != 0)
        builder_needs(m->builder, index,
                      (Address){CATALOG_FOREIGN_SERVER, table->server_oid, SUBID_COMPLETE});
    for (size_t i = 0; i < table->column_count; i++)
        if (table->columns[i].generated != '\0' && table->columns[i].default_oid != 0)
            builder_provides(m->builder, index,
                             (Address){CATALOG_ATTRDEF, table->columns[i].default_oid, 0});
    for (size_t i = 0; i < m->parent_count; i++)
        builder_needs(m->builder, index, m->parents[i]->object.address);
    return index;
}

/* ---- columns after the table ----------------------------------------------------------- */

/* What sets defaults and properties of columns comes after all children made with INHERITS: a child
 * made later would take the parent's default or storage for its own, and two parents' could
 * contradict each other. */
static void needs_children(const Making *m, const size_t *fragments, size_t count)
{
    for (size_t i = 0; i < m->model->tables.count && count > 0; i++) {
        const Table *child = &m->model->tables.items[i];
        for (size_t k = 0; k < child->parent_count && !child->is_partition; k++) {
            if (child->parents[k] != m->table->object.address.oid)
                continue;
            for (size_t f = 0; f < count; f++)
                builder_needs(m->builder, fragments[f], child->object.address);
        }
    }
}

/* NOT NULL of an inherited column that the child does not print and the parent does not have. */
static void build_child_not_null(const Making *m, size_t index, const Column *column)
{
    if (states_column(m, column) || !states_not_null(m, column) || is_table_not_null(m, column))
        return;
    Object object = column_object(m->builder, &m->table->object, column);
    size_t added = builder_add(m->builder, FRAGMENT_PROPERTY, SECTION_PRE, &object,
                               m->table->object.address.oid,
                               "ALTER TABLE ONLY %s ALTER COLUMN %s SET NOT NULL", m->name,
                               builder_ident(m->builder, column->name));
    builder_needs_fragment(m->builder, added, index);
}

/* What stands for the statement that adds a NOT NULL as NOT VALID. */
static Address not_valid_address(const Table *table, const Column *column)
{
    return (Address){CATALOG_ATTRIBUTE, table->object.address.oid, column->number};
}

/* Such a statement is that of the table, however far up, where the constraint was declared. */
static void needs_not_valid(const Making *m, size_t index, const Table *table, const char *name)
{
    for (size_t i = 0; i < table->parent_count; i++) {
        const Table *parent = model_table(m->model, table->parents[i]);
        const Column *above =
            parent == NULL ? NULL : column_named(parent->columns, parent->column_count, name);
        if (above == NULL || !hands_down_not_valid(above, NULL))
            continue;
        builder_needs(m->builder, index, not_valid_address(parent, above));
        needs_not_valid(m, index, parent, name);
    }
}

/* Options of an inherited column that the child, a foreign table, does not print. */
static void build_child_options(const Making *m, size_t index, const Column *column)
{
    if (states_column(m, column) || column->foreign_options == NULL)
        return;
    Object object = column_object(m->builder, &m->table->object, column);
    size_t added = builder_add(m->builder, FRAGMENT_PROPERTY, SECTION_PRE, &object,
                               m->table->object.address.oid,
                               "ALTER FOREIGN TABLE ONLY %s ALTER COLUMN %s OPTIONS (%s)", m->name,
                               builder_ident(m->builder, column->name), column->foreign_options);
    builder_needs_fragment(m->builder, added, index);
}

/* 18: a NOT NULL that is NOT VALID holds for new rows only, so it has to wait for the old ones. */
static void build_not_valid(const Making *m, size_t index, const Column *column)
{
    if (!column->not_null || column->not_null_valid || !column->not_null_local)
        return;
    Object object = column_object(m->builder, &m->table->object, column);
    AUTO(str_clear) Str s = STR_INIT;
    AUTO(str_clear) Str of = STR_INIT;
    str_addf(&of, " %s", builder_ident(m->builder, column->name));
    add_not_null(m, &s, column, str_text(&of));
    size_t added = builder_add(m->builder, FRAGMENT_PROPERTY, SECTION_POST, &object,
                               m->table->object.address.oid, "ALTER TABLE %s ADD %s NOT VALID",
                               m->name, str_text(&s));
    builder_needs_fragment(m->builder, added, index);
    builder_provides(m->builder, added, not_valid_address(m->table, column));
}

/* 18: it comes with the parent's, after the rows, and is then tested for this table alone. */
static void build_validated_later(const Making *m, const Column *column)
{
    if (!is_validated_later(m, column))
        return;
    Object object = column_object(m->builder, &m->table->object, column);
    AUTO(mem_free)
    char *generated = mem_printf("%s_%s_not_null", m->table->object.name, column->name);
    const char *name = column->not_null_name != NULL ? column->not_null_name : generated;
    size_t added = builder_add(
        m->builder, FRAGMENT_PROPERTY, SECTION_POST, &object, m->table->object.address.oid,
        "ALTER TABLE %s VALIDATE CONSTRAINT %s", m->name, builder_ident(m->builder, name));
    builder_fragment(m->builder, added)->weight = m->table->total_bytes;
    needs_not_valid(m, added, m->table, column->name);
}

static void build_columns(const Making *m, size_t index)
{
    const Table *table = m->table;
    column_build_comments(m->builder, index, &table->object, table->columns, table->column_count);
    AUTO(mem_free) size_t *changes = mem_alloc((2 * table->column_count + 1) * sizeof(*changes));
    size_t change_count = 0;
    for (size_t i = 0; i < table->column_count; i++) {
        const Column *column = &table->columns[i];
        size_t value = column_build_default(m->builder, &table->object, "TABLE ONLY", column);
        if (value != BUILDER_NONE)
            changes[change_count++] = value;
        size_t property = column_build_property(m->builder, &table->object, "TABLE ONLY", column);
        if (property != BUILDER_NONE)
            changes[change_count++] = property;
        build_child_not_null(m, index, column);
        build_child_options(m, index, column);
        build_not_valid(m, index, column);
        build_validated_later(m, column);
    }
    needs_children(m, changes, change_count);
}

/* ---- the table as a whole -------------------------------------------------------------- */

static void needs_checks(const Making *m, size_t attach, const Table *table)
{
    size_t count = 0;
    const Constraint *const *constraints =
        model_table_constraints(m->model, table->object.address.oid, &count);
    for (size_t i = 0; i < count; i++)
        if (constraints[i]->contype == 'c' && constraints[i]->validated)
            builder_needs(m->builder, attach, constraints[i]->object.address);
}

static void build_attach(const Making *m, size_t index)
{
    const Table *table = m->table;
    const Table *parent =
        table->parent_count == 0 ? NULL : model_table(m->model, table->parents[0]);
    if (parent == NULL)
        return;
    size_t attach =
        builder_add(m->builder, FRAGMENT_ATTACH, SECTION_PRE, &table->object,
                    table->object.address.oid, "ALTER TABLE ONLY %s ATTACH PARTITION %s %s",
                    builder_name(m->builder, parent->object.schema, parent->object.name), m->name,
                    table->partition_bound);
    builder_needs_fragment(m->builder, attach, index);
    builder_needs(m->builder, attach, parent->object.address);
    /* Checks first, on both: ATTACH wants the partition to have its parent's, and a check that is
     * added to the parent later would be tested once more. */
    needs_checks(m, attach, table);
    needs_checks(m, attach, parent);
}

static void build_properties(const Making *m, size_t index)
{
    const Table *table = m->table;
    Oid oid = table->object.address.oid;
    if (table->replica_identity == 'n' || table->replica_identity == 'f') {
        size_t identity = builder_add(m->builder, FRAGMENT_PROPERTY, SECTION_PRE, &table->object,
                                      oid, "ALTER TABLE ONLY %s REPLICA IDENTITY %s", m->name,
                                      table->replica_identity == 'f' ? "FULL" : "NOTHING");
        builder_needs_fragment(m->builder, identity, index);
    }
    if (table->row_security) {
        size_t enabled =
            builder_add(m->builder, FRAGMENT_ROW_SECURITY, SECTION_POST, &table->object, oid,
                        "ALTER TABLE %s ENABLE ROW LEVEL SECURITY", m->name);
        builder_needs_fragment(m->builder, enabled, index);
    }
    if (table->force_row_security) {
        size_t forced = builder_add(m->builder, FRAGMENT_ROW_SECURITY, SECTION_POST, &table->object,
                                    oid, "ALTER TABLE %s FORCE ROW LEVEL SECURITY", m->name);
        builder_needs_fragment(m->builder, forced, index);
    }
}

static void build(Builder *builder, const void *item)
{
    const Table *table = item;
    const Object *object = &table->object;
    AUTO(mem_free) const Table **parents = mem_alloc((table->parent_count + 1) * sizeof(*parents));
    Making m = {.builder = builder,
                .model = builder_model(builder),
                .table = table,
                .name = builder_name(builder, object->schema, object->name),
                .parents = parents};
    for (size_t i = 0; i < table->parent_count && !table->is_partition; i++) {
        const Table *parent = model_table(m.model, table->parents[i]);
        if (parent != NULL)
            parents[m.parent_count++] = parent;
    }
    m.is_child = m.parent_count > 0;
    m.prints_all = m.parent_count < table->parent_count;

    size_t index = build_bare(&m);
    builder_add_attributes(builder, index, object,
                           table->relkind == 'f' ? "FOREIGN TABLE" : "TABLE", "TABLE", m.name);
    build_columns(&m, index);
    build_properties(&m, index);
    if (table->is_partition)
        build_attach(&m, index);
}

const Kind table_kind = {
    .name = "table",
    .query = "tables",
    .fields = fields,
    .field_count = LENGTH(fields),
    .size = sizeof(Table),
    .list_offset = offsetof(Model, tables),
    .build = build,
};
