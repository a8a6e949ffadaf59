#include "tests/harness/cases.h"

#include <criterion/criterion.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

#ifndef PGZM_TOP
#define PGZM_TOP "."
#endif

static const char *const known_words[] = {
    "about",  "source", "dest",          "needs", "roles",      "tablespace",  "options",
    "expect", "ignore", "dest-has-more", "check", "dest-check", "source-needs"};

static char *read_file(const char *name, const char *ending)
{
    AUTO(mem_free) char *path = mem_printf("%s/tests/cases/%s.%s", PGZM_TOP, name, ending);
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return NULL;
    AUTO(str_clear) Str text = STR_INIT;
    char buffer[8192];
    size_t got;
    while ((got = fread(buffer, 1, sizeof buffer, file)) > 0)
        str_add_bytes(&text, buffer, got);
    fclose(file);
    return str_take(&text);
}

/* Takes a line of the header: `-- word: text`. False for any other. */
static bool take_header(Case *test, const char *line, size_t length)
{
    if (length < 4 || strncmp(line, "-- ", 3) != 0)
        return false;
    const char *colon = memchr(line, ':', length);
    if (colon == NULL || test->lines == CASE_LINES_MAX)
        cr_assert_fail("%s: the header is not understood: %.*s", test->name, (int)length, line);
    char *word = mem_printf("%.*s", (int)(colon - line - 3), line + 3);
    bool known = false;
    for (size_t i = 0; i < LENGTH(known_words); i++)
        known = known || strcmp(word, known_words[i]) == 0;
    if (!known)
        cr_assert_fail("%s: the header's word is not known: %s", test->name, word);
    const char *value = colon + 1 + strspn(colon + 1, " ");
    test->words[test->lines] = word;
    test->values[test->lines++] = mem_printf("%.*s", (int)(line + length - value), value);
    return true;
}

Case case_read(const char *name)
{
    Case test = {
        .name = name, .text = read_file(name, "sql"), .dest_text = read_file(name, "dest")};
    if (test.text == NULL)
        cr_assert_fail("tests/cases/%s.sql cannot be read", name);
    for (const char *line = test.text; take_header(&test, line, strcspn(line, "\n"));)
        line += strcspn(line, "\n") + 1;
    size_t at = 0;
    if (case_next(&test, "about", &at) == NULL)
        cr_assert_fail("%s: there is no line \"-- about:\"", name);
    return test;
}

void case_clear(Case *test)
{
    mem_free(test->text);
    mem_free(test->dest_text);
    for (size_t i = 0; i < test->lines; i++) {
        mem_free(test->words[i]);
        mem_free(test->values[i]);
    }
    *test = (Case){0};
}

const char *case_next(const Case *test, const char *word, size_t *at)
{
    while (*at < test->lines) {
        size_t i = (*at)++;
        if (strcmp(test->words[i], word) == 0)
            return test->values[i];
    }
    return NULL;
}

static bool version_is(const Case *test, const char *word, int version)
{
    size_t at = 0;
    for (const char *wanted; (wanted = case_next(test, word, &at)) != NULL;) {
        bool below = wanted[0] == '<';
        int number = atoi(wanted + strcspn(wanted, "0123456789"));
        if (number < 12 || (!below && strncmp(wanted, ">= ", 3) != 0))
            cr_assert_fail("%s: no version: %s", test->name, wanted);
        if (below ? version / 10000 >= number : version / 10000 < number)
            return false;
    }
    return true;
}

static int version_of(const TestDatabase *database)
{
    AUTO(mem_free) char *number = test_value(database, "SHOW server_version_num");
    return atoi(number);
}

static bool is_true(const TestDatabase *database, const char *query)
{
    AUTO(mem_free) char *value = test_value(database, query);
    return value != NULL && strcmp(value, "t") == 0;
}

char *case_unsupported(const Case *test, const TestDatabase *source, const TestDatabase *dest)
{
    if (!version_is(test, "source", version_of(source)))
        return mem_strdup("not with this version of the source");
    if (!version_is(test, "dest", version_of(dest)))
        return mem_strdup("not with this version of the destination");
    size_t at = 0;
    for (const char *query; (query = case_next(test, "needs", &at)) != NULL;)
        if (!is_true(source, query) || !is_true(dest, query))
            return mem_printf("a server does not have what it needs: %s", query);
    at = 0;
    for (const char *query; (query = case_next(test, "source-needs", &at)) != NULL;)
        if (!is_true(source, query))
            return mem_printf("the source does not have what it needs: %s", query);
    return NULL;
}

/* Roles are made by several tests at once: that one is there already is no failure. */
static void make_roles(const TestDatabase *database, const char *names)
{
    AUTO(mem_free) char *list = mem_strdup(names);
    char *rest = list, *name;
    while ((name = strsep(&rest, " ")) != NULL) {
        AUTO(mem_free)
        char *sql = mem_printf("DO $do$ BEGIN CREATE ROLE %s; EXCEPTION WHEN duplicate_object OR "
                               "unique_violation THEN NULL; END $do$",
                               name);
        if (*name != '\0')
            test_sql(database, sql);
    }
}

/* Its folder is made by the server, whose user may be another, beside the server's own: there that
 * user may write for certain, and what removes the server removes it, too. */
static void make_tablespace(const TestDatabase *database, const char *name)
{
    AUTO(mem_free)
    char *exists =
        mem_printf("SELECT EXISTS (SELECT FROM pg_tablespace WHERE spcname = '%s')", name);
    AUTO(mem_free) char *data = test_value(database, "SHOW data_directory");
    AUTO(mem_free) char *folder = mem_printf("%s_%s", data, name);
    AUTO(mem_free)
    char *directory = mem_printf("COPY (SELECT 1) TO PROGRAM 'cat >/dev/null; rm -rf %s; mkdir %s'",
                                 folder, folder);
    AUTO(mem_free) char *sql = mem_printf("CREATE TABLESPACE %s LOCATION '%s'", name, folder);
    if (is_true(database, exists))
        return;
    test_sql(database, directory);
    test_sql(database, sql);
}

static void make_shared(const Case *test, const TestDatabase *database)
{
    size_t at = 0;
    for (const char *names; (names = case_next(test, "roles", &at)) != NULL;)
        make_roles(database, names);
    at = 0;
    for (const char *name; (name = case_next(test, "tablespace", &at)) != NULL;)
        make_tablespace(database, name);
}

/* All parts of a script in one session; what comes after "-- next, fails" must fail. */
static void run(const Case *test, const TestDatabase *database, const char *script)
{
    static const char mark[] = "\n-- next";
    PGconn *conn = PQconnectdb(database->conninfo);
    bool fails = false;
    PQclear(PQexec(conn, "SET client_min_messages = error"));
    for (const char *part = script; part != NULL;) {
        const char *end = strstr(part, mark);
        AUTO(mem_free)
        char *sql = end == NULL ? mem_strdup(part) : mem_printf("%.*s", (int)(end - part), part);
        PGresult *result = PQexec(conn, sql);
        ExecStatusType status = PQresultStatus(result);
        bool failed =
            status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_EMPTY_QUERY;
        if (failed != fails)
            cr_assert_fail(
                "%s: %s%s", test->name,
                failed ? PQerrorMessage(conn) : "should have failed: ", failed ? "" : sql);
        PQclear(result);
        fails = end != NULL && strncmp(end + sizeof mark - 1, ", fails\n", 8) == 0;
        part = end == NULL ? NULL : end + sizeof mark - 1 + strcspn(end + sizeof mark - 1, "\n");
    }
    PQfinish(conn);
}

void case_make(const Case *test, const TestDatabase *source, const TestDatabase *dest)
{
    make_shared(test, source);
    make_shared(test, dest);
    run(test, source, test->text);
    if (test->dest_text != NULL)
        run(test, dest, test->dest_text);
}

char *case_check(const Case *test, const TestDatabase *source, const TestDatabase *dest)
{
    AUTO(str_clear) Str report = STR_INIT;
    size_t at = 0;
    for (const char *query; (query = case_next(test, "check", &at)) != NULL;) {
        AUTO(mem_free) char *first = test_rows(source, query);
        AUTO(mem_free) char *second = test_rows(dest, query);
        if (*first == '\0' || strcmp(first, second) != 0)
            str_addf(&report, "%s\n  source:\n%s  destination:\n%s", query, first, second);
    }
    at = 0;
    for (const char *query; (query = case_next(test, "dest-check", &at)) != NULL;)
        if (!is_true(dest, query))
            str_addf(&report, "not true in the destination: %s\n", query);
    return str_text(&report)[0] == '\0' ? NULL : str_take(&report);
}
