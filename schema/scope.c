#include "schema/scope.h"

#include <stdlib.h>
#include <string.h>

#include "schema/loader.h"
#include "schema/pattern.h"
#include "schema/prune.h"

/* What a pattern for tables can match. */
typedef struct Relation {
    Oid oid, schema;
    char relkind;
    const Oid *parents;
    size_t parent_count;
    bool is_partition;
    Oid owner_table; /* of a sequence */
    bool identity;
} Relation;

static const Field relation_fields[] = {
    FIELD(FIELD_OID, Relation, oid, "oid"),
    FIELD(FIELD_OID, Relation, schema, "schema"),
    FIELD(FIELD_CHAR, Relation, relkind, "relkind"),
    FIELD_LIST(FIELD_OIDS, Relation, parents, parent_count, "parents"),
    FIELD(FIELD_BOOL, Relation, is_partition, "is_partition"),
    FIELD(FIELD_OID, Relation, owner_table, "owner_table"),
    FIELD(FIELD_BOOL, Relation, identity, "identity"),
};

static const Field edge_fields[] = {
    FIELD(FIELD_OID, Dependency, from.classid, "from_classid"),
    FIELD(FIELD_OID, Dependency, from.oid, "from_oid"),
    FIELD(FIELD_INT, Dependency, from.subid, "from_subid"),
    FIELD(FIELD_OID, Dependency, to.classid, "to_classid"),
    FIELD(FIELD_OID, Dependency, to.oid, "to_oid"),
    FIELD(FIELD_INT, Dependency, to.subid, "to_subid"),
    FIELD(FIELD_CHAR, Dependency, type, "type"),
};

typedef struct SchemaRow {
    Oid oid;
    const char *name;
    bool included, excluded;
} SchemaRow;

static const Field schema_fields[] = {
    FIELD(FIELD_OID, SchemaRow, oid, "oid"),
    FIELD(FIELD_TEXT, SchemaRow, name, "name"),
};

typedef struct OidRow {
    Oid oid;
} OidRow;

static const Field oid_fields[] = {FIELD(FIELD_OID, OidRow, oid, "oid")};

/* By relation: which patterns it matches. */
typedef struct Marks {
    bool included, excluded, rowless;
} Marks;

typedef struct Resolver {
    Conn *conn;
    const Filter *filter;
    Arena *arena;
    bool *matched;
    SchemaRow *schemas;
    size_t schema_count;
    Relation *relations; /* by OID */
    Marks *marks;
    size_t relation_count;
    Scope *scope;
    Error *err;
} Resolver;

/* ---- queries ----------------------------------------------------------------------------- */

static bool run_query(const Resolver *r, const char *name, int n, const char *const *values,
                      const Field *fields, size_t field_count, size_t size, void **items,
                      size_t *count)
{
    AUTO(result_free) PGresult *result = NULL;
    return conn_query(r->conn, loader_sql(name, conn_version(r->conn)), n, values, &result,
                      r->err) &&
           loader_fill(result, fields, field_count, size, r->arena, items, count, r->err);
}

static int compare_oids(const void *a, const void *b)
{
    Oid x = *(const Oid *)a; /* first member of whatever is looked for */
    Oid y = *(const Oid *)b;
    return (x > y) - (x < y);
}

static Marks *find_marks(const Resolver *r, Oid oid)
{
    const Relation *found =
        bsearch(&oid, r->relations, r->relation_count, sizeof *r->relations, compare_oids);
    return found == NULL ? NULL : &r->marks[found - r->relations];
}

static SchemaRow *find_schema(const Resolver *r, Oid oid)
{
    return bsearch(&oid, r->schemas, r->schema_count, sizeof *r->schemas, compare_oids);
}

static bool read_names(Resolver *r)
{
    const char *const all[] = {NULL};
    void *schemas, *relations;
    if (!run_query(r, "scope_schemas", 1, all, schema_fields, LENGTH(schema_fields),
                   sizeof(SchemaRow), &schemas, &r->schema_count) ||
        !run_query(r, "scope_relations", 0, NULL, relation_fields, LENGTH(relation_fields),
                   sizeof(Relation), &relations, &r->relation_count))
        return error_wrap(r->err, "reading the names of the %s", conn_side_name(r->conn));
    r->schemas = schemas;
    r->relations = relations;
    r->marks = arena_alloc(r->arena, (r->relation_count + 1) * sizeof *r->marks);
    return true;
}

/* ---- patterns ---------------------------------------------------------------------------- */

static bool takes_schema(const Resolver *r, Oid oid)
{
    const SchemaRow *schema = find_schema(r, oid);
    return schema != NULL && !schema->excluded &&
           (schema->included || !filter_has(r->filter, FILTER_SCHEMA));
}

/* Where the pattern came from goes in front of what is wrong with it. */
static bool pattern_failed(const Resolver *r, const FilterPattern *item)
{
    bool regex = error_is_state(r->err, "2201B"); /* invalid_regular_expression */
    bool text = error_is_state(r->err, "22021");  /* not in the encoding */
    if (regex || text)
        error_kind(r->err, ERROR_USAGE);
    if (regex || text)
        error_hint(r->err, "Put double quotes around a name with letters that mean something in "
                           "regular expressions.");
    return error_wrap(r->err, "%s, pattern %s", item->origin, item->text);
}

static bool check_database(const Resolver *r, const FilterPattern *item, const Pattern *pattern)
{
    /* The two databases of a migration may have different names: that of the source counts. */
    const char *own = conn_database(r->conn);
    if (pattern->database == NULL || conn_side(r->conn) != CONN_SOURCE ||
        strcmp(pattern->database, own) == 0)
        return true;
    error_set(r->err, ERROR_USAGE, "%s, pattern %s names another database than the source's, %s",
              item->origin, item->text, own);
    return error_hint(r->err, "Leave the database out.");
}

static void mark_relation(Resolver *r, const FilterPattern *item, size_t relation)
{
    Marks *marks = &r->marks[relation];
    switch (item->kind) {
    case FILTER_TABLE:
        marks->included = true;
        break;
    case FILTER_EXCLUDE_TABLE:
        /* an identity column has its sequence always */
        marks->excluded = !r->relations[relation].identity;
        break;
    case FILTER_EXCLUDE_DATA:
        marks->rowless = true;
        break;
    default:
        break;
    }
}

/* Also the relations below: partitions always, except that what is excluded takes them along by
 * itself; others that inherit when they are asked for. */
static void mark_below(Resolver *r, const FilterPattern *item, bool *seen)
{
    bool partitions = item->kind != FILTER_EXCLUDE_TABLE;
    for (bool more = true; more;) {
        more = false;
        for (size_t i = 0; i < r->relation_count; i++) {
            const Relation *relation = &r->relations[i];
            if (seen[i] ||
                !(relation->is_partition ? partitions || item->children : item->children))
                continue;
            for (size_t k = 0; k < relation->parent_count; k++) {
                const Marks *parent = find_marks(r, relation->parents[k]);
                if (parent == NULL || !seen[parent - r->marks])
                    continue;
                seen[i] = more = true;
                mark_relation(r, item, i);
                break;
            }
        }
    }
}

static bool can_match(const FilterPattern *item, const Relation *relation)
{
    return item->kind != FILTER_EXCLUDE_DATA || relation->relkind == 'r' ||
           relation->relkind == 'p';
}

static bool match_relations(Resolver *r, size_t number, const Pattern *pattern)
{
    const FilterPattern *item = &r->filter->items[number];
    const char *const values[] = {pattern->schema, pattern->name};
    void *rows;
    size_t count;
    if (!run_query(r, "scope_matches", 2, values, oid_fields, LENGTH(oid_fields), sizeof(OidRow),
                   &rows, &count))
        return pattern_failed(r, item);
    bool *seen = arena_alloc(r->arena, r->relation_count + 1);
    for (size_t i = 0; i < count; i++) {
        const Marks *marks = find_marks(r, ((OidRow *)rows)[i].oid);
        if (marks == NULL || !can_match(item, &r->relations[marks - r->marks]))
            continue;
        size_t relation = (size_t)(marks - r->marks);
        seen[relation] = true;
        if (item->kind != FILTER_TABLE || takes_schema(r, r->relations[relation].schema))
            r->matched[number] = true;
        mark_relation(r, item, relation);
    }
    mark_below(r, item, seen);
    return true;
}

static bool match_schemas(Resolver *r, size_t number, const Pattern *pattern)
{
    const FilterPattern *item = &r->filter->items[number];
    const char *const values[] = {pattern->name};
    void *rows;
    size_t count;
    if (!run_query(r, "scope_schemas", 1, values, oid_fields, LENGTH(oid_fields), sizeof(OidRow),
                   &rows, &count))
        return pattern_failed(r, item);
    for (size_t i = 0; i < count; i++) {
        SchemaRow *schema = find_schema(r, ((OidRow *)rows)[i].oid);
        if (schema == NULL)
            continue;
        r->matched[number] = true;
        if (item->kind == FILTER_SCHEMA)
            schema->included = true;
        else
            schema->excluded = true;
    }
    return true;
}

static bool is_for_schemas(const FilterPattern *item)
{
    return item->kind == FILTER_SCHEMA || item->kind == FILTER_EXCLUDE_SCHEMA;
}

/* Those for schemas first: tables are looked for in what is left of them. */
static bool match_all(Resolver *r, bool is_schema)
{
    for (size_t i = 0; i < r->filter->count; i++) {
        const FilterPattern *item = &r->filter->items[i];
        Pattern pattern = {0};
        if (is_for_schemas(item) != is_schema)
            continue;
        if (!pattern_parse(item->text, is_schema, r->arena, &pattern, r->err))
            return error_wrap(r->err, "%s", item->origin);
        if (!check_database(r, item, &pattern) ||
            !(is_schema ? match_schemas(r, i, &pattern) : match_relations(r, i, &pattern)))
            return false;
    }
    return true;
}

/* ---- what that means ---------------------------------------------------------------------- */

/* The sequence of a column is taken with its table. */
static bool takes_relation(const Resolver *r, size_t relation)
{
    const Relation *item = &r->relations[relation];
    const Marks *marks = &r->marks[relation];
    if (marks->excluded || !takes_schema(r, item->schema))
        return false;
    if (marks->included || !filter_has(r->filter, FILTER_TABLE))
        return true;
    const Marks *owner = item->owner_table == 0 ? NULL : find_marks(r, item->owner_table);
    return owner != NULL && takes_relation(r, (size_t)(owner - r->marks));
}

/* A partition needs its table: pg_depend says that it is a part of it. */
static bool is_partition_edge(const Resolver *r, const Dependency *edge)
{
    if (edge->type != 'a' || edge->from.classid != CATALOG_CLASS ||
        edge->to.classid != CATALOG_CLASS || edge->from.subid != 0 || edge->to.subid != 0)
        return false;
    const Marks *from = find_marks(r, edge->from.oid);
    return from != NULL && r->relations[from - r->marks].is_partition &&
           find_marks(r, edge->to.oid) != NULL;
}

static void put(Address *list, size_t *count, Oid classid, Oid oid)
{
    list[(*count)++] = (Address){classid, oid, 0};
}

/* Fills in what was asked for; the edges are there already. */
static void describe_request(const Resolver *r, PruneInput *input)
{
    size_t most = r->schema_count + r->relation_count + 1;
    Address *excluded = arena_alloc(r->arena, most * sizeof *excluded);
    Address *wanted = arena_alloc(r->arena, most * sizeof *wanted);
    bool tables = filter_has(r->filter, FILTER_TABLE);
    input->excluded = excluded;
    input->wanted = wanted;
    input->only_wanted = tables || filter_has(r->filter, FILTER_SCHEMA);
    for (size_t i = 0; i < r->schema_count; i++)
        if (!takes_schema(r, r->schemas[i].oid))
            put(excluded, &input->excluded_count, CATALOG_NAMESPACE, r->schemas[i].oid);
        else if (!tables)
            put(wanted, &input->wanted_count, CATALOG_NAMESPACE, r->schemas[i].oid);
    for (size_t i = 0; i < r->relation_count; i++)
        if (!takes_relation(r, i))
            put(excluded, &input->excluded_count, CATALOG_CLASS, r->relations[i].oid);
        else if (tables)
            put(wanted, &input->wanted_count, CATALOG_CLASS, r->relations[i].oid);
}

/* With tables asked for, only schemas that something is in. */
static void name_schemas(Resolver *r, const Pruned *pruned)
{
    const char **names = arena_alloc(r->arena, (r->schema_count + 1) * sizeof *names);
    size_t count = 0;
    bool tables = filter_has(r->filter, FILTER_TABLE);
    for (size_t i = 0; i < r->schema_count; i++)
        if (takes_schema(r, r->schemas[i].oid) &&
            (!tables ||
             prune_has(pruned->kept, pruned->kept_count, CATALOG_NAMESPACE, r->schemas[i].oid)))
            names[count++] = r->schemas[i].name;
    if (count == 0)
        names[count++] = ""; /* no schema, which is not the same as all */
    r->scope->catalog.schemas = names;
    r->scope->catalog.schema_count = count;
}

static void list_rowless(Resolver *r)
{
    Oid *list = arena_alloc(r->arena, (r->relation_count + 1) * sizeof *list);
    r->scope->rowless = list;
    for (size_t i = 0; i < r->relation_count; i++)
        if (r->marks[i].rowless)
            list[r->scope->rowless_count++] = r->relations[i].oid;
}

static void add_item(Str *array, const char *format, Oid value)
{
    str_add(array, array->len == 0 ? "{" : ",");
    str_addf(array, format, value);
}

static bool describe_cuts(Resolver *r, const Pruned *pruned)
{
    if (pruned->cut_count == 0)
        return true;
    Str arrays[5] = {0};
    const char *values[5];
    for (size_t i = 0; i < pruned->cut_count; i++) {
        const PruneCut *cut = &pruned->cuts[i];
        const Oid oids[] = {cut->object.classid, cut->object.oid, cut->needs.classid,
                            cut->needs.oid, cut->needs_excluded};
        for (size_t k = 0; k < LENGTH(arrays); k++)
            add_item(&arrays[k], "%u", oids[k]);
    }
    for (size_t k = 0; k < LENGTH(arrays); k++) {
        str_add(&arrays[k], "}");
        values[k] = str_text(&arrays[k]);
    }
    AUTO(result_free) PGresult *result = NULL;
    bool ok = conn_query(r->conn, loader_sql("scope_cuts", conn_version(r->conn)), 5, values,
                         &result, r->err);
    for (size_t k = 0; k < LENGTH(arrays); k++)
        str_clear(&arrays[k]);
    if (!ok)
        return error_wrap(r->err, "naming what is left out");
    size_t count = (size_t)PQntuples(result);
    const char **cuts = arena_alloc(r->arena, (count + 1) * sizeof *cuts);
    for (size_t i = 0; i < count; i++) {
        cuts[i] = arena_strdup(r->arena, PQgetvalue(result, (int)i, 0));
        if (PQgetvalue(result, (int)i, 1)[0] != 't')
            continue;
        error_set(r->err, ERROR_PREFLIGHT, "restrictive %s: without it rows would be seen",
                  cuts[i]);
        return error_hint(r->err, "Exclude the policy's table as well, or take what it needs.");
    }
    r->scope->cuts = cuts;
    r->scope->cut_count = count;
    return true;
}

static bool work_out(Resolver *r)
{
    void *edges;
    PruneInput input = {0};
    if (!run_query(r, "scope_edges", 0, NULL, edge_fields, LENGTH(edge_fields), sizeof(Dependency),
                   &edges, &input.edge_count))
        return error_wrap(r->err, "reading dependencies of the %s", conn_side_name(r->conn));
    Dependency *list = edges;
    for (size_t i = 0; i < input.edge_count; i++)
        if (is_partition_edge(r, &list[i]))
            list[i].type = 'n';
    input.edges = list;
    describe_request(r, &input);
    Pruned pruned;
    prune(&input, r->arena, &pruned);
    CatalogScope *catalog = &r->scope->catalog;
    catalog->left_out = pruned.left_out;
    catalog->left_out_count = pruned.left_out_count;
    catalog->only_kept = input.only_wanted;
    catalog->kept = pruned.kept;
    catalog->kept_count = pruned.kept_count;
    name_schemas(r, &pruned);
    list_rowless(r);
    return describe_cuts(r, &pruned);
}

bool scope_resolve(Conn *conn, const Filter *filter, Arena *arena, bool *matched, Scope *scope,
                   Error *err)
{
    *scope = (Scope){0};
    if (filter->count == 0)
        return true;
    Resolver r = {.conn = conn,
                  .filter = filter,
                  .arena = arena,
                  .matched = matched,
                  .scope = scope,
                  .err = err};
    /* what a name alone finds is for the session's own search_path to say */
    return read_names(&r) && conn_exec(conn, "RESET search_path", err) && match_all(&r, true) &&
           match_all(&r, false) && conn_exec(conn, "SET search_path = ''", err) && work_out(&r);
}

bool scope_check(const Filter *filter, const bool *matched, const char *where, Error *err)
{
    for (size_t i = 0; i < filter->count; i++) {
        const FilterPattern *item = &filter->items[i];
        if (matched[i])
            continue;
        bool is_schema = is_for_schemas(item);
        bool narrowed = item->kind == FILTER_TABLE && (filter_has(filter, FILTER_SCHEMA) ||
                                                       filter_has(filter, FILTER_EXCLUDE_SCHEMA));
        error_set(err, ERROR_USAGE, "%s: pattern %s matches no %s of %s%s", item->origin,
                  item->text, is_schema ? "schema" : "table", where,
                  narrowed ? " in the schemas that are taken" : "");
        return error_hint(err, "%s",
                          is_schema ? "Write mixed case in double quotes."
                                    : "Write SCHEMA.NAME for a table that search_path does not "
                                      "find, and mixed case in double quotes.");
    }
    return true;
}

bool scope_is_rowless(const Scope *scope, Oid table)
{
    return scope->rowless_count > 0 && bsearch(&table, scope->rowless, scope->rowless_count,
                                               sizeof table, compare_oids) != NULL;
}
