#include <criterion/criterion.h>
#include <string.h>

#include "base/str.h"
#include "schema/builder.h"
#include "schema/difference.h"

/* schema/difference.c over models made by hand; on real databases see tests/e2e. */

enum { MOST = 8 };

/* A database with one table s.t, and statements made by hand. */
typedef struct Database {
    Model model;
    Column columns[MOST];
    Table table;
    Fragment fragments[MOST];
    FragmentList list;
} Database;

static void add(Database *d, Fragment fragment)
{
    d->fragments[d->list.count++] = fragment;
}

/* OIDs differ from database to database. */
static void make(Database *d, Oid first, int version)
{
    *d = (Database){.model = {.server_version = version}};
    d->table = (Table){.object = {.address = {CATALOG_CLASS, first, 0}, .schema = "s", .name = "t"},
                       .relkind = 'r',
                       .persistence = 'p',
                       .columns = d->columns,
                       .column_count = 2};
    d->columns[0] = (Column){.number = 1, .name = "id", .type = "integer", .statistics = -1};
    d->columns[1] = (Column){.number = 2, .name = "v", .type = "text", .statistics = -1};
    d->model.tables.items = &d->table;
    d->model.tables.count = 1;
    d->list.items = d->fragments;
    add(d, (Fragment){.kind = FRAGMENT_TABLE,
                      .object = d->table.object.address,
                      .table = first,
                      .schema = "s",
                      .identity = "table s.t",
                      .sql = "CREATE TABLE s.t ()"});
}

typedef struct Pair {
    Database source, dest;
    DifferenceAcl acl;
    Arena *arena;
    DifferenceList found;
} Pair;

static void setup(Pair *p)
{
    *p = (Pair){.arena = arena_new()};
    make(&p->source, 1000, 150000);
    make(&p->dest, 2000, 150000);
}

/* "ALTER_VIEW view s.v high" of each, a line each; of what is no change its class in place of the
 * risk. */
static char *find(Pair *p)
{
    static const char *const classes[] = {[DIFFERENCE_STAYS] = "stays",
                                          [DIFFERENCE_KEEP] = "keep",
                                          [DIFFERENCE_EXPECTED] = "expected"};
    difference_find(&(DifferenceSide){&p->source.model, &p->source.list},
                    &(DifferenceSide){&p->dest.model, &p->dest.list}, p->acl, p->arena, &p->found);
    Str s = STR_INIT;
    for (size_t i = 0; i < p->found.count; i++) {
        const Difference *d = &p->found.items[i];
        str_separate(&s, "\n");
        str_addf(&s, "%s %s %s %s", d->operation, d->kind, d->identity,
                 d->class == DIFFERENCE_CHANGE ? difference_risk_name(d->risk) : classes[d->class]);
    }
    str_add(&s, "");
    return str_take(&s);
}

#define EXPECT_FOUND(pair, expected)                                                               \
    do {                                                                                           \
        AUTO(mem_free) char *found_ = find(pair);                                                  \
        cr_expect_str_eq(found_, expected, "found:\n%s\nexpected:\n%s", found_, expected);         \
    } while (0)

/* An object of a kind that this module has never heard of. */
static Fragment object_of(Database *d, Oid oid, const char *identity, const char *sql)
{
    (void)d;
    return (Fragment){.kind = FRAGMENT_OBJECT,
                      .object = {9999, oid, 0},
                      .schema = "s",
                      .identity = identity,
                      .sql = sql};
}

static Fragment index_of(Database *d, Oid oid, const char *identity, const char *sql)
{
    return (Fragment){.kind = FRAGMENT_INDEX,
                      .object = {CATALOG_CLASS, oid, 0},
                      .table = d->table.object.address.oid,
                      .schema = "s",
                      .identity = identity,
                      .sql = sql};
}

static Fragment grant_of(Database *d, const char *sql, const char *undo)
{
    return (Fragment){.kind = FRAGMENT_GRANT,
                      .object = d->table.object.address,
                      .table = d->table.object.address.oid,
                      .schema = "s",
                      .identity = "grant s.t",
                      .sql = sql,
                      .undo = undo};
}

Test(difference, the_same_database_with_other_oids_has_none)
{
    Pair p;
    setup(&p);
    add(&p.source, object_of(&p.source, 5, "gadget s.g", "CREATE GADGET s.g"));
    add(&p.dest, object_of(&p.dest, 6, "gadget s.g", "CREATE GADGET s.g"));
    EXPECT_FOUND(&p, "");
    arena_free(p.arena);
}

Test(difference, objects_of_any_kind_are_paired_by_name)
{
    Pair p;
    setup(&p);
    add(&p.source, object_of(&p.source, 5, "gadget s.changed", "CREATE GADGET s.changed WITH x"));
    add(&p.dest, object_of(&p.dest, 6, "gadget s.changed", "CREATE GADGET s.changed WITH y"));
    add(&p.source, object_of(&p.source, 7, "gadget s.new", "CREATE GADGET s.new"));
    add(&p.dest, object_of(&p.dest, 5, "gadget s.old", "CREATE GADGET s.old"));
    EXPECT_FOUND(&p, "ALTER_GADGET gadget s.changed medium\n"
                     "CREATE_GADGET gadget s.new low\n"
                     "KEEP gadget s.old keep");
    arena_free(p.arena);
}

Test(difference, what_belongs_to_an_object_comes_and_goes_with_it)
{
    Pair p;
    setup(&p);
    p.source.list.count = 0; /* no table at all */
    p.source.model.tables.count = 0;
    add(&p.dest, index_of(&p.dest, 7, "index s.i", "CREATE INDEX i ON s.t (v)"));
    add(&p.dest, grant_of(&p.dest, "GRANT SELECT ON TABLE s.t TO a", NULL));
    EXPECT_FOUND(&p, "KEEP table s.t keep");
    arena_free(p.arena);
}

Test(difference, columns_are_compared_one_by_one)
{
    Pair p;
    setup(&p);
    p.source.columns[1] = (Column){.number = 2, .name = "w", .type = "text", .statistics = -1};
    p.source.columns[0].type = "bigint";
    p.source.columns[0].not_null = true;
    EXPECT_FOUND(&p, "ALTER_COLUMN_TYPE column s.t.id high\n"
                     "SET_NOT_NULL column s.t.id medium\n"
                     "DROP_COLUMN column s.t.v high\n"
                     "ADD_COLUMN column s.t.w low");
    arena_free(p.arena);
}

Test(difference, the_order_of_columns_is_one_difference)
{
    Pair p;
    setup(&p);
    Column first = p.source.columns[0];
    p.source.columns[0] = p.source.columns[1];
    p.source.columns[1] = first;
    EXPECT_FOUND(&p, "ALTER_COLUMN_ORDER table s.t medium");
    arena_free(p.arena);
}

Test(difference, an_index_of_another_name_is_renamed_when_there_is_no_doubt)
{
    Pair p;
    setup(&p);
    add(&p.source, index_of(&p.source, 5, "index s.new", "CREATE INDEX new ON s.t (v)"));
    add(&p.dest,
        index_of(&p.dest, 6, "index s.old \" x", "CREATE INDEX \"old \"\" x\" ON s.t (v)"));
    EXPECT_FOUND(&p, "RENAME_INDEX index s.old \" x low");
    add(&p.source, index_of(&p.source, 7, "index s.other", "CREATE INDEX other ON s.t (v)"));
    EXPECT_FOUND(&p, "ADD_INDEX index s.new low\n"
                     "DROP_INDEX index s.old \" x medium\n"
                     "ADD_INDEX index s.other low");
    arena_free(p.arena);
}

Test(difference, grants_follow_the_acl_mode)
{
    Pair p;
    setup(&p);
    add(&p.source, grant_of(&p.source, "GRANT SELECT ON TABLE s.t TO a", "REVOKE a"));
    add(&p.dest, grant_of(&p.dest, "GRANT SELECT ON TABLE s.t TO b", "REVOKE b"));
    EXPECT_FOUND(&p, "GRANT table s.t low\nREVOKE table s.t stays");
    p.acl = DIFFERENCE_ACL_SOURCE;
    EXPECT_FOUND(&p, "GRANT table s.t low\nREVOKE table s.t medium");
    p.acl = DIFFERENCE_ACL_DEST;
    EXPECT_FOUND(&p, "GRANT table s.t stays\nREVOKE table s.t stays");
    arena_free(p.arena);
}

Test(difference, a_grant_option_is_a_difference_of_one_grant)
{
    Pair p;
    setup(&p);
    add(&p.source, grant_of(&p.source, "GRANT SELECT ON TABLE s.t TO a WITH GRANT OPTION", "u"));
    add(&p.dest, grant_of(&p.dest, "GRANT SELECT ON TABLE s.t TO a", "u"));
    EXPECT_FOUND(&p, "GRANT table s.t low");
    arena_free(p.arena);
}

Test(difference, a_privilege_that_the_other_version_does_not_have_is_expected)
{
    Pair p;
    setup(&p);
    add(&p.dest, grant_of(&p.dest, "GRANT MAINTAIN ON TABLE s.t TO a", "u"));
    EXPECT_FOUND(&p, "REVOKE table s.t stays");
    p.dest.model.server_version = 170000;
    EXPECT_FOUND(&p, "REVOKE table s.t expected");
    arena_free(p.arena);
}

Test(difference, names_of_not_null_are_expected_where_one_side_has_none)
{
    Pair p;
    setup(&p);
    p.source.columns[0].not_null = p.dest.columns[0].not_null = true;
    p.source.columns[0].not_null_valid = p.dest.columns[0].not_null_valid = true;
    p.dest.columns[0].not_null_name = "must";
    p.dest.model.server_version = 180000;
    EXPECT_FOUND(&p, "RENAME_CONSTRAINT column s.t.id expected");
    p.source.model.server_version = 180000;
    EXPECT_FOUND(&p, "RENAME_CONSTRAINT column s.t.id low");
    arena_free(p.arena);
}

Test(difference, members_are_paired_by_how_they_are_taken_back)
{
    Pair p;
    setup(&p);
    Fragment member = {.kind = FRAGMENT_MEMBER,
                       .place = PLACE_SWAP,
                       .object = {9999, 5, 0},
                       .identity = "setting x",
                       .sql = "SET x TO 1",
                       .undo = "RESET x"};
    add(&p.source, member);
    member.object.oid = 6;
    member.sql = "SET x TO 2";
    add(&p.dest, member);
    EXPECT_FOUND(&p, "ALTER_SETTING setting x medium");
    p.source.list.count--;
    EXPECT_FOUND(&p, "DROP_SETTING setting x stays");
    arena_free(p.arena);
}

Test(difference, of_a_schema_that_only_the_destination_has_the_schema_is_enough)
{
    Pair p;
    setup(&p);
    Fragment schema = {.kind = FRAGMENT_SCHEMA,
                       .object = {CATALOG_NAMESPACE, 3, 0},
                       .identity = "schema x",
                       .sql = "CREATE SCHEMA x"};
    add(&p.dest, schema);
    Fragment object = object_of(&p.dest, 4, "gadget x.g", "CREATE GADGET x.g");
    object.schema = "x";
    add(&p.dest, object);
    EXPECT_FOUND(&p, "KEEP schema x keep");
    arena_free(p.arena);
}
