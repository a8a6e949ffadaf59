/* Patterns as regular expressions, and what a server matches with them. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/str.h"
#include "schema/pattern.h"
#include "tests/harness/server.h"

static Pattern parse(const char *text, bool is_schema, Arena *arena)
{
    AUTO(error_clear) Error err = ERROR_INIT;
    Pattern pattern = {0};
    cr_assert(pattern_parse(text, is_schema, arena, &pattern, &err), "%s: %s", text, err.message);
    return pattern;
}

static void same(const char *text, const char *found, const char *expected)
{
    cr_expect_str_eq(found != NULL ? found : "(none)", expected, "%s: %s", text, found);
}

Test(pattern, turns_into_an_anchored_expression)
{
    static const struct {
        const char *text, *name;
    } cases[] = {
        {"orders", "^(orders)$"},
        {"Orders", "^(orders)$"},
        {"\"Orders\"", "^(Orders)$"},
        {"o*", "^(o.*)$"},
        {"o?", "^(o.)$"},
        {"[a-z]x", "^([a-z]x)$"},
        {"a|b", "^(a|b)$"},
        {"a+", "^(a+)$"},
        {"a$b", "^(a\\$b)$"},
        {"\"a$b\"", "^(a\\$b)$"},
        {"int[]", "^(int\\[])$"},
        {"\"a.b*c?\"", "^(a\\.b\\*c\\?)$"},
        {"\"a\"\"b\"", "^(a\"b)$"},
        {"MiX\"MiX\"MiX", "^(mixMiXmix)$"},
        {"\"(|)[]{}^\\\"", "^(\\(\\|\\)\\[\\]\\{\\}\\^\\\\)$"},
        {"\xc3\x84rger", "^(\xc3\x84rger)$"}, /* only ASCII letters are folded */
    };
    AUTO(arena_free) Arena *arena = arena_new();
    for (size_t i = 0; i < LENGTH(cases); i++) {
        Pattern pattern = parse(cases[i].text, false, arena);
        same(cases[i].text, pattern.name, cases[i].name);
        cr_expect_null(pattern.schema);
        cr_expect_null(pattern.database);
    }
}

Test(pattern, has_its_parts_between_dots)
{
    AUTO(arena_free) Arena *arena = arena_new();
    Pattern two = parse("App*.\"T.1\"", false, arena);
    same("two", two.schema, "^(app.*)$");
    same("two", two.name, "^(T\\.1)$");
    cr_expect_null(two.database);
    Pattern three = parse("\"My DB\".s.t", false, arena);
    same("three", three.database, "My DB");
    same("three", three.schema, "^(s)$");
    same("three", three.name, "^(t)$");
    Pattern schema = parse("db.app", true, arena);
    same("schema", schema.database, "db");
    same("schema", schema.name, "^(app)$");
    cr_expect_null(schema.schema);
}

Test(pattern, refuses_what_is_none)
{
    static const struct {
        const char *text, *says;
        bool is_schema;
    } cases[] = {
        {"a.b.c.d", "too many dots", false}, {"a.b.c", "too many dots", true},
        {"\"open", "no end", false},         {"a\"", "no end", false},
        {".a", "empty part", false},         {"a.", "empty part", false},
        {"a..b", "empty part", false},       {"\"\"", "empty part", false},
    };
    AUTO(arena_free) Arena *arena = arena_new();
    for (size_t i = 0; i < LENGTH(cases); i++) {
        AUTO(error_clear) Error err = ERROR_INIT;
        Pattern pattern;
        cr_assert_not(pattern_parse(cases[i].text, cases[i].is_schema, arena, &pattern, &err), "%s",
                      cases[i].text);
        cr_expect_eq(err.kind, ERROR_USAGE);
        cr_expect_not_null(err.hint);
        cr_expect_not_null(strstr(err.message, cases[i].says), "%s: %s", cases[i].text,
                           err.message);
    }
}

/* What psql's \d finds among these names. */
Test(server_pattern, matches_what_psql_matches)
{
    static const char names[] =
        "'orders', 'Orders', 'order_lines', 'a$b', 'ab', 'a.b', 'x*y',"
        " 'xzy', 'int[]', 'with \"quote\"', E'line\\nbreak', 'o', '(', 'a^b'";
    static const struct {
        const char *pattern, *names;
    } cases[] = {
        {"orders", "orders"},
        {"ORDERS", "orders"},
        {"\"Orders\"", "Orders"},
        {"order*", "order_lines,orders"},
        {"*", "(,Orders,a$b,a.b,a^b,ab,int[],line\\nbreak,o,order_lines,orders,"
              "with \"quote\",x*y,xzy"},
        {"?", "(,o"},
        {"a$b", "a$b"},
        {"ab$", "(none)"},
        {"a?b", "a$b,a.b,a^b"},
        {"\"a.b\"", "a.b"},
        {"\"x*y\"", "x*y"},
        {"x*y", "x*y,xzy"},
        {"[a-o]", "o"},
        {"o|ab", "ab,o"},
        {"int[]", "int[]"},
        {"\"with \"\"quote\"\"\"", "with \"quote\""},
        {"line*break", "line\\nbreak"},
        {"\"(\"", "("},
        {"\"a^b\"", "a^b"},
        {"a^b", "(none)"},
        {"rder", "(none)"},
        {"x' OR true --", "(none)"},
    };
    TestDatabase database = test_database("pattern");
    AUTO(arena_free) Arena *arena = arena_new();
    for (size_t i = 0; i < LENGTH(cases); i++) {
        Pattern pattern = parse(cases[i].pattern, false, arena);
        AUTO(str_clear) Str query = STR_INIT;
        str_addf(&query,
                 "SELECT string_agg(replace(n, E'\\n', '\\n'), ',' ORDER BY n COLLATE \"C\")"
                 " FROM unnest(ARRAY[%s]) n WHERE n OPERATOR(pg_catalog.~) $pattern$%s$pattern$",
                 names, pattern.name);
        AUTO(mem_free) char *found = test_value(&database, str_text(&query));
        same(cases[i].pattern, found, cases[i].names);
    }
}
