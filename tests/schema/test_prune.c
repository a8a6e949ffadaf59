/* What goes when something is left out: over made-up dependencies. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/str.h"
#include "schema/prune.h"

/* Objects are letters: capitals relations, small ones constraints; 1 to 9 are schemas. */
static Address object(char name)
{
    Oid classid = name >= 'a' && name <= 'z'   ? CATALOG_CONSTRAINT
                  : name >= '1' && name <= '9' ? CATALOG_NAMESPACE
                  : name == '@'                ? CATALOG_EXTENSION
                  : name == '&'                ? CATALOG_PUBLICATION_REL
                  : name == '%'                ? CATALOG_PUBLICATION
                  : name == '!'                ? CATALOG_REWRITE
                                               : CATALOG_CLASS;
    return (Address){classid, (Oid)name, 0};
}

static size_t objects(const char *names, Address *list)
{
    size_t n = 0;
    for (; *names != '\0'; names++)
        list[n++] = object(*names);
    return n;
}

static char *names_of(const Address *list, size_t count)
{
    Str text = STR_INIT;
    for (size_t i = 0; i < count; i++) {
        char name = (char)list[i].oid;
        str_add_bytes(&text, &name, 1);
    }
    str_add(&text, "");
    return str_take(&text);
}

/* "FnT": F needs T; the letter between is the type. */
static Pruned run(const char *const *edges, const char *excluded, const char *wanted, Arena *arena)
{
    Dependency list[40];
    size_t n = 0;
    for (; edges[n] != NULL; n++)
        list[n] = (Dependency){object(edges[n][0]), object(edges[n][2]), edges[n][1]};
    Address out[20], in[20];
    PruneInput input = {.edges = list, .edge_count = n, .excluded = out, .wanted = in};
    input.excluded_count = objects(excluded, out);
    input.only_wanted = wanted != NULL;
    input.wanted_count = objects(wanted != NULL ? wanted : "", in);
    Pruned pruned;
    prune(&input, arena, &pruned);
    return pruned;
}

static void expect_names(const Address *list, size_t count, const char *expected)
{
    AUTO(mem_free) char *names = names_of(list, count);
    cr_expect_str_eq(names, expected);
}

/* "x needs Y" as "xY", "xy" followed by ' where it is left out itself. */
static void expect_cuts(const Pruned *pruned, const char *expected)
{
    AUTO(str_clear) Str text = STR_INIT;
    for (size_t i = 0; i < pruned->cut_count; i++)
        str_addf(&text, "%c%c%s ", (char)pruned->cuts[i].object.oid,
                 (char)pruned->cuts[i].needs.oid, pruned->cuts[i].needs_excluded ? "" : "'");
    cr_expect_str_eq(str_text(&text), expected);
}

#define RUN(excluded, wanted, ...)                                                                 \
    run((const char *const[]){__VA_ARGS__, NULL}, excluded, wanted, arena)

Test(prune, leaves_out_what_needs_what_is_excluded_over_any_distance)
{
    AUTO(arena_free) Arena *arena = arena_new();
    Pruned pruned = RUN("A", NULL, "BnA", "CnB", "DnC", "EnF");
    expect_names(pruned.left_out, pruned.left_out_count, "ABCD");
    expect_cuts(&pruned, "BA CB' DC' ");
    cr_expect(prune_has(pruned.left_out, pruned.left_out_count, CATALOG_CLASS, 'D'));
    cr_expect_not(prune_has(pruned.left_out, pruned.left_out_count, CATALOG_CLASS, 'E'));
    cr_expect_not(prune_has(pruned.left_out, pruned.left_out_count, CATALOG_CONSTRAINT, 'D'));
}

Test(prune, does_not_name_parts_of_what_is_left_out)
{
    AUTO(arena_free) Arena *arena = arena_new();
    /* a key of A; one of B that points to A */
    Pruned pruned = RUN("A", NULL, "aaA", "baB", "bnA");
    expect_names(pruned.left_out, pruned.left_out_count, "Aab");
    expect_cuts(&pruned, "bA ");
}

Test(prune, a_view_goes_with_its_rule)
{
    AUTO(arena_free) Arena *arena = arena_new();
    Pruned pruned = RUN("T", NULL, "!iV", "!nT");
    expect_names(pruned.left_out, pruned.left_out_count, "TV!");
    expect_cuts(&pruned, "VT ");
}

Test(prune, a_key_to_a_partitioned_table_stays_without_one_partition)
{
    AUTO(arena_free) Arena *arena = arena_new();
    /* P is a partition of T; k points to T, and internally l to P */
    Pruned pruned = RUN("P", NULL, "PnT", "kaX", "knT", "lik", "lnP");
    expect_names(pruned.left_out, pruned.left_out_count, "Pl");
}

Test(prune, schemas_stand_for_what_is_in_them)
{
    AUTO(arena_free) Arena *arena = arena_new();
    Pruned pruned = RUN("2", NULL, "An1", "Bn2", "caA", "cnB", "daB");
    expect_names(pruned.left_out, pruned.left_out_count, "Bcd");
    expect_cuts(&pruned, "cB ");
}

Test(prune, members_of_extensions_are_never_left_out)
{
    AUTO(arena_free) Arena *arena = arena_new();
    Pruned pruned = RUN("2", NULL, "@n2", "Me@", "Mn2", "CnM", "Cn1");
    expect_names(pruned.left_out, pruned.left_out_count, "");
    expect_cuts(&pruned, "");
}

Test(prune, names_the_tables_that_a_publication_loses)
{
    AUTO(arena_free) Arena *arena = arena_new();
    Pruned pruned = RUN("A", NULL, "&aA", "&a%");
    expect_names(pruned.left_out, pruned.left_out_count, "A&");
    expect_cuts(&pruned, "&A ");
}

Test(prune, keeps_what_is_wanted_its_parts_and_what_they_need)
{
    AUTO(arena_free) Arena *arena = arena_new();
    /* A has a part a, which needs Q; Q needs R. Z is nobody's. W has a key to A. */
    Pruned pruned =
        RUN("WZ", "A", "An1", "aaA", "anQ", "QnR", "Rn2", "Zn1", "waW", "wnA", "&aA", "&a%");
    expect_names(pruned.kept, pruned.kept_count, "AQRa12");
    expect_cuts(&pruned, "");
}

Test(prune, names_what_is_wanted_and_cannot_be)
{
    AUTO(arena_free) Arena *arena = arena_new();
    /* V is wanted and needs T; a part of A needs T as well; F, which nobody asked for, too */
    Pruned pruned = RUN("T", "AV", "VnT", "aaA", "anT", "FnT");
    expect_names(pruned.kept, pruned.kept_count, "A");
    expect_cuts(&pruned, "VT aT ");
}

Test(prune, ends_on_circles_and_on_nothing)
{
    AUTO(arena_free) Arena *arena = arena_new();
    Pruned circle = RUN("A", NULL, "AnB", "BnC", "CnA", "DiE", "EiD", "DnA");
    expect_names(circle.left_out, circle.left_out_count, "ABCDE");
    const char *const none[] = {NULL};
    Pruned nothing = run(none, "", NULL, arena);
    cr_expect_eq(nothing.left_out_count + nothing.cut_count + nothing.kept_count, 0);
}
