#include "tests/harness/compare.h"

#include <criterion/criterion.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/sql.h"
#include "base/str.h"

#include "tests_harness/sql_files.h"

/* One thing that is so in a database. */
typedef struct Fact {
    char *kind, *object, *key, *value;
} Fact;

typedef struct Facts {
    Fact *items; /* sorted by kind, then key */
    size_t count, capacity;
} Facts;

enum { DIFFERENCES_SHOWN = 25, VALUE_SHOWN = 2000 };

static void free_fact(Fact *fact)
{
    mem_free(fact->kind);
    mem_free(fact->object);
    mem_free(fact->key);
    mem_free(fact->value);
}

static void auto_facts_clear(Facts *facts)
{
    for (size_t i = 0; i < facts->count; i++)
        free_fact(&facts->items[i]);
    mem_free(facts->items);
}

static void auto_pq_finish(PGconn **conn)
{
    PQfinish(*conn);
}

static void auto_pq_clear(PGresult **result)
{
    PQclear(*result);
}

static bool listed(const char *const *list, const char *name)
{
    for (; list != NULL && *list != NULL; list++)
        if (strcmp(*list, name) == 0)
            return true;
    return false;
}

static void add_fact(Facts *facts, const char *kind, const char *object, const char *key,
                     const char *value)
{
    if (facts->count == facts->capacity) {
        facts->capacity = facts->capacity == 0 ? 256 : facts->capacity * 2;
        facts->items = mem_resize(facts->items, facts->capacity * sizeof *facts->items);
    }
    facts->items[facts->count++] =
        (Fact){mem_strdup(kind), mem_strdup(object), mem_strdup(key), mem_strdup(value)};
}

static int by_key(const void *a, const void *b)
{
    const Fact *x = a, *y = b;
    int order = strcmp(x->kind, y->kind);
    return order != 0 ? order : strcmp(x->key, y->key);
}

static PGconn *connect_to(const TestDatabase *database)
{
    PGconn *conn = PQconnectdb(database->conninfo);
    if (PQstatus(conn) != CONNECTION_OK)
        cr_assert_fail("%s: %s", database->name, PQerrorMessage(conn));
    /* What changes the way definitions and values are printed. */
    static const char *const settings[] = {
        "SET search_path = ''",
        "SET DateStyle = ISO",
        "SET IntervalStyle = postgres",
        "SET TimeZone = 'UTC'",
        "SET extra_float_digits = 3",
        "SET bytea_output = hex",
        "SET lc_monetary = 'C'",
        "SET row_security = off",
        "SET client_encoding = 'UTF8'",
        "SET client_min_messages = error",
        "SET jit = off"}; /* no query here is worth the second that compiling it takes */
    for (size_t i = 0; i < LENGTH(settings); i++)
        PQclear(PQexec(conn, settings[i]));
    return conn;
}

static PGresult *ask(PGconn *conn, const char *what, const char *sql, const char *parameter)
{
    PGresult *result = PQexecParams(conn, sql, parameter != NULL, NULL, &parameter, NULL, NULL, 0);
    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        cr_assert_fail("comparing %s in %s: %s", what, PQdb(conn), PQerrorMessage(conn));
    return result;
}

/* What a query of harness/sql finds. */
static void gather_kind(Facts *facts, PGconn *conn, const char *kind, int version,
                        const CompareScope *scope)
{
    if (listed(scope->ignored_kinds, kind))
        return;
    const char *sql =
        sql_find(tests_harness_sql, LENGTH(tests_harness_sql), kind, PQserverVersion(conn));
    char parameter[16];
    snprintf(parameter, sizeof parameter, "%d", version);
    AUTO(pq_clear) PGresult *result = ask(conn, kind, sql, parameter);
    for (int i = 0; i < PQntuples(result); i++)
        if (!listed(scope->ignored, PQgetvalue(result, i, 0)))
            add_fact(facts, kind, PQgetvalue(result, i, 0), PQgetvalue(result, i, 1),
                     PQgetvalue(result, i, 2));
}

/* Relations with the query that digests their content: rows in no order, columns by name. Below a
 * table that is hashed by an enum a row's partition depends on the labels' OIDs, so there only the
 * whole is compared. */
static const char contents[] =
    "WITH RECURSIVE unstable AS ("
    "  SELECT p.partrelid AS oid FROM pg_partitioned_table p"
    "  WHERE p.partstrat = 'h' AND EXISTS ("
    "    SELECT FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid"
    "    WHERE a.attrelid = p.partrelid AND a.attnum = ANY (p.partattrs::int2[])"
    "      AND t.typtype = 'e')"
    "  UNION SELECT i.inhrelid FROM unstable u JOIN pg_inherits i ON i.inhparent = u.oid)"
    "SELECT n.nspname || '.' || c.relname, c.relkind,"
    "       CASE WHEN c.relkind = 'S' THEN format('SELECT last_value || '' '' || is_called FROM "
    "%I.%I', n.nspname, c.relname)"
    "       ELSE format('SELECT count(*) || '' rows '' || coalesce(sum((''x'' ||"
    " left(h, 15))::bit(60)::bigint), 0) || '' '' || coalesce(sum((''x'' || right(h, 15))::bit(60)"
    "::bigint), 0) FROM (SELECT md5(ROW(%s)::text) AS h FROM %s%I.%I) r',"
    "         (SELECT string_agg(format('%I', a.attname), ', ' ORDER BY a.attname)"
    "          FROM pg_attribute a"
    "          WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),"
    "         CASE WHEN c.relkind = 'r' THEN 'ONLY ' ELSE '' END, n.nspname, c.relname) END "
    "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
    "WHERE (c.relkind IN ('r', 'p', 'S') OR c.relkind = 'm' AND c.relispopulated)"
    "  AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pgzm%'"
    "  AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass"
    "                  AND e.objid = c.oid AND e.deptype = 'e')"
    /* Foreign partitions may be out of reach; the others are asked one by one. */
    "  AND NOT (c.relkind = 'p' AND EXISTS ("
    "    SELECT FROM pg_partition_tree(c.oid) b JOIN pg_class f ON f.oid = b.relid"
    "    WHERE f.relkind = 'f'))"
    "  AND NOT (c.relispartition AND EXISTS (SELECT FROM pg_inherits i JOIN unstable u"
    "           ON u.oid = i.inhparent WHERE i.inhrelid = c.oid))";

static void gather_contents(Facts *facts, PGconn *conn, const CompareScope *scope)
{
    AUTO(pq_clear) PGresult *relations = ask(conn, "rows", contents, NULL);
    for (int i = 0; i < PQntuples(relations); i++) {
        const char *name = PQgetvalue(relations, i, 0);
        const char *kind = PQgetvalue(relations, i, 1)[0] == 'S' ? "values" : "rows";
        if (listed(scope->ignored, name) || listed(scope->ignored_rows, name) ||
            listed(scope->ignored_kinds, kind))
            continue;
        AUTO(pq_clear) PGresult *digest = ask(conn, name, PQgetvalue(relations, i, 2), NULL);
        add_fact(facts, kind, name, name, PQgetvalue(digest, 0, 0));
    }
}

static Facts gather(const TestDatabase *database, int version, const CompareScope *scope,
                    bool identity, bool strict)
{
    Facts facts = {0};
    AUTO(pq_finish) PGconn *conn = connect_to(database);
    PQclear(PQexec(conn, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"));
    const char *before = "";
    for (size_t i = 0; i < LENGTH(tests_harness_sql); i++) {
        const char *kind = tests_harness_sql[i].name;
        bool wanted = strcmp(kind, "identity") == 0  ? identity
                      : strcmp(kind, "catalog") == 0 ? strict
                                                     : true;
        if (wanted && strcmp(kind, before) != 0)
            gather_kind(&facts, conn, kind, version, scope);
        before = kind;
    }
    gather_contents(&facts, conn, scope);
    if (facts.count > 0)
        qsort(facts.items, facts.count, sizeof *facts.items, by_key);
    return facts;
}

static int older_version(const TestDatabase *first, const TestDatabase *second, bool *same)
{
    AUTO(pq_finish) PGconn *one = connect_to(first);
    AUTO(pq_finish) PGconn *two = connect_to(second);
    int a = PQserverVersion(one), b = PQserverVersion(two);
    *same = a / 10000 == b / 10000;
    return a < b ? a : b;
}

/* Whether an extra fact of the second database is a difference: not when it may have more and the
 * thing itself, or a grant, is what it has more. */
static bool extra_counts(const Facts *first, const Fact *extra, const CompareScope *scope)
{
    if (!scope->second_may_have_more)
        return true;
    if (strcmp(extra->kind, "grant") == 0)
        return false;
    /* A migration's own triggers keep the backup of a preserved table in step. */
    if (strcmp(extra->kind, "trigger") == 0 && strstr(extra->key, ": pgzm_") != NULL)
        return false;
    for (size_t i = 0; i < first->count; i++)
        if (strcmp(first->items[i].object, extra->object) == 0)
            return true;
    return false;
}

static void describe(Str *report, size_t *shown, const char *first_name, const Fact *first,
                     const char *second_name, const Fact *second)
{
    if (++*shown > DIFFERENCES_SHOWN)
        return;
    const Fact *any = first != NULL ? first : second;
    str_addf(report, "%s %s\n", any->kind, any->key);
    str_addf(report, "    %s: %.*s\n", first_name, VALUE_SHOWN,
             first != NULL ? first->value : "(not there)");
    str_addf(report, "    %s: %.*s\n", second_name, VALUE_SHOWN,
             second != NULL ? second->value : "(not there)");
}

static char *finish_report(Str *report, size_t shown)
{
    if (shown == 0)
        return NULL;
    if (shown > DIFFERENCES_SHOWN)
        str_addf(report, "... and %zu more\n", shown - DIFFERENCES_SHOWN);
    return str_take(report);
}

static char *diff(const Facts *first, const char *first_name, const Facts *second,
                  const char *second_name, const CompareScope *scope)
{
    AUTO(str_clear) Str report = STR_INIT;
    size_t shown = 0, i = 0, j = 0;
    while (i < first->count || j < second->count) {
        const Fact *a = i < first->count ? &first->items[i] : NULL;
        const Fact *b = j < second->count ? &second->items[j] : NULL;
        int order = a == NULL ? 1 : b == NULL ? -1 : by_key(a, b);
        if (order < 0) {
            describe(&report, &shown, first_name, a, second_name, NULL);
            i++;
        } else if (order > 0) {
            if (extra_counts(first, b, scope))
                describe(&report, &shown, first_name, NULL, second_name, b);
            j++;
        } else {
            if (strcmp(a->value, b->value) != 0)
                describe(&report, &shown, first_name, a, second_name, b);
            i++;
            j++;
        }
    }
    return finish_report(&report, shown);
}

/* What is not carried from one version to another on purpose: that everybody may create objects in
 * public, the default before 15. */
static bool is_left_behind(const Fact *fact)
{
    return strcmp(fact->kind, "grant") == 0 &&
           strcmp(fact->key, "schema public to PUBLIC: CREATE") == 0;
}

static void forget_left_behind(Facts *facts)
{
    size_t kept = 0;
    for (size_t i = 0; i < facts->count; i++)
        if (is_left_behind(&facts->items[i]))
            free_fact(&facts->items[i]);
        else
            facts->items[kept++] = facts->items[i];
    facts->count = kept;
}

/* Kinds that servers of different versions print differently though they are the same: of those
 * only what is there is compared. */
static void forget_spelling(Facts *facts)
{
    static const char *const spelling_differs[] = {"extension", "function", "schema", "view", NULL};
    for (size_t i = 0; i < facts->count; i++)
        if (listed(spelling_differs, facts->items[i].kind))
            facts->items[i].value[0] = '\0';
}

char *compare_databases(const TestDatabase *first, const TestDatabase *second,
                        const CompareScope *scope)
{
    bool same;
    int version = older_version(first, second, &same);
    AUTO(facts_clear) Facts one = gather(first, version, scope, false, false);
    AUTO(facts_clear) Facts two = gather(second, version, scope, false, false);
    if (!same) {
        forget_left_behind(&one);
        forget_left_behind(&two);
        forget_spelling(&one);
        forget_spelling(&two);
    }
    if (one.count == 0)
        cr_assert_fail("%s: nothing to compare", first->name);
    return diff(&one, first->name, &two, second->name, scope);
}

char *compare_fingerprint(const TestDatabase *database, const CompareScope *scope, bool strict)
{
    static const CompareScope everything;
    if (scope == NULL)
        scope = &everything;
    bool same;
    AUTO(facts_clear)
    Facts facts = gather(database, older_version(database, database, &same), scope, true, strict);
    AUTO(str_clear) Str text = STR_INIT;
    for (size_t i = 0; i < facts.count; i++) {
        const Fact *fact = &facts.items[i];
        for (char *c = fact->value; *c != '\0'; c++)
            if (*c == '\n')
                *c = ' ';
        for (char *c = fact->key; *c != '\0'; c++)
            if (*c == '\n')
                *c = ' ';
        str_addf(&text, "%s %s: %s\n", fact->kind, fact->key, fact->value);
    }
    return str_take(&text);
}

typedef struct Lines {
    char *text; /* owned; the lines end in \0 */
    char **items;
    size_t count;
} Lines;

static void auto_lines_clear(Lines *lines)
{
    mem_free(lines->text);
    mem_free(lines->items);
}

static int by_text(const void *a, const void *b)
{
    char *const *x = a, *const *y = b;
    return strcmp(*x, *y);
}

/* The lines of a text, sorted. */
static Lines sorted_lines(const char *text)
{
    Lines lines = {.text = mem_strdup(text)};
    size_t capacity = 1;
    for (const char *c = text; *c != '\0'; c++)
        capacity += *c == '\n';
    lines.items = mem_alloc(capacity * sizeof *lines.items);
    char *rest = lines.text, *line;
    while ((line = strsep(&rest, "\n")) != NULL)
        if (*line != '\0')
            lines.items[lines.count++] = line;
    qsort(lines.items, lines.count, sizeof *lines.items, by_text);
    return lines;
}

char *compare_fingerprints(const char *before, const char *after)
{
    AUTO(lines_clear) Lines one = sorted_lines(before);
    AUTO(lines_clear) Lines two = sorted_lines(after);
    AUTO(str_clear) Str report = STR_INIT;
    size_t shown = 0, i = 0, j = 0;
    while (i < one.count || j < two.count) {
        int order = i == one.count ? 1 : j == two.count ? -1 : strcmp(one.items[i], two.items[j]);
        if (order != 0 && ++shown <= DIFFERENCES_SHOWN)
            str_addf(&report, "%s %.*s\n", order < 0 ? "before:" : "after: ", VALUE_SHOWN,
                     order < 0 ? one.items[i] : two.items[j]);
        i += order <= 0;
        j += order >= 0;
    }
    return finish_report(&report, shown);
}

char *compare_fingerprints_but(const char *before, const char *after, const char *const *prefixes)
{
    AUTO(mem_free) char *difference = compare_fingerprints(before, after);
    AUTO(str_clear) Str report = STR_INIT;
    for (const char *line = difference; line != NULL && *line != '\0';) {
        size_t len = strcspn(line, "\n");
        bool expected = false;
        for (const char *const *prefix = prefixes; *prefix != NULL; prefix++)
            expected = expected || strncmp(line, *prefix, strlen(*prefix)) == 0;
        if (!expected)
            str_addf(&report, "%.*s\n", (int)len, line);
        line += len + (line[len] != '\0');
    }
    return report.len == 0 ? NULL : str_take(&report);
}

/* What statistics and vacuum change in place is known by its transaction alone. Of what all
 * databases share only the rows about this one are looked at: others are at work. */
static const char tables[] =
    "SELECT n.nspname || '.' || c.relname,"
    "       format('SELECT count(*) || '' rows '' || coalesce(md5(string_agg(x, '';'' ORDER BY x)),"
    " '''') FROM (SELECT md5(%s) AS x FROM ONLY %I.%I t%s) r',"
    "         CASE WHEN n.nspname = 'pg_catalog' AND c.relname IN ('pg_class', 'pg_database')"
    "              THEN 'concat(t.ctid, t.xmin)'"
    "              WHEN c.relkind = 'S' THEN 'concat(t.ctid, t.xmin, last_value, is_called)'"
    "              ELSE 'concat(t.ctid, t.xmin, t.*)' END,"
    "         n.nspname, c.relname,"
    "         CASE c.relname WHEN 'pg_database' THEN ' WHERE datname = current_database()'"
    "           WHEN 'pg_db_role_setting' THEN ' WHERE setdatabase = ' || d.oid"
    "           WHEN 'pg_shdepend' THEN ' WHERE dbid = ' || d.oid"
    "           WHEN 'pg_shdescription' THEN ' WHERE objoid = ' || d.oid ELSE '' END)"
    " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " JOIN pg_database d ON d.datname = current_database()"
    " WHERE (c.relkind IN ('r', 'S') OR c.relkind = 'm' AND c.relispopulated)"
    "   AND n.nspname NOT IN ('pg_toast', 'information_schema')"
    "   AND c.relpersistence <> 't'"
    "   AND (n.nspname <> 'pg_catalog' OR c.relname NOT IN ('pg_statistic',"
    "        'pg_statistic_ext_data'))"
    "   AND (NOT c.relisshared OR c.relname IN ('pg_database', 'pg_db_role_setting', 'pg_shdepend',"
    "        'pg_shdescription'))";

char *compare_image(const TestDatabase *database)
{
    AUTO(pq_finish) PGconn *conn = connect_to(database);
    PQclear(PQexec(conn, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"));
    AUTO(pq_clear) PGresult *names = ask(conn, "tables", tables, NULL);
    AUTO(str_clear) Str text = STR_INIT;
    for (int i = 0; i < PQntuples(names); i++) {
        AUTO(pq_clear)
        PGresult *digest = ask(conn, PQgetvalue(names, i, 0), PQgetvalue(names, i, 1), NULL);
        str_addf(&text, "%s: %s\n", PQgetvalue(names, i, 0), PQgetvalue(digest, 0, 0));
    }
    return str_take(&text);
}

/* ---- pg_dump's opinion ---- */

/* The newest pg_dump installed, or NULL (mem_free). */
static char *dump_program(void)
{
    FILE *pipe = popen("ls /usr/lib/postgresql/*/bin/pg_dump 2>/dev/null | sort -t/ -k5 -V |"
                       " tail -n 1 | grep . || command -v pg_dump",
                       "r");
    char line[256] = "";
    if (pipe != NULL && fgets(line, sizeof line, pipe) == NULL)
        line[0] = '\0';
    if (pipe != NULL)
        pclose(pipe);
    line[strcspn(line, "\n")] = '\0';
    return line[0] == '\0' ? NULL : mem_strdup(line);
}

/* The dump's text, without the lines that are not about the schema. NULL when pg_dump is older than
 * the server. */
static char *dump_text(const char *program, const TestDatabase *database)
{
    AUTO(mem_free)
    char *command = mem_printf("%s --schema-only --exclude-schema='pgzm*' --dbname=\"%s\" 2>&1",
                               program, database->conninfo);
    FILE *pipe = popen(command, "r");
    if (pipe == NULL)
        return NULL;
    AUTO(str_clear) Str text = STR_INIT;
    AUTO(mem_free) char *line = NULL;
    size_t size = 0;
    while (getline(&line, &size, pipe) > 0)
        if (strncmp(line, "SET ", 4) != 0 && line[0] != '\\')
            str_add(&text, line);
    if (pclose(pipe) == 0)
        return str_take(&text);
    if (strstr(str_text(&text), "version mismatch") == NULL)
        cr_assert_fail("pg_dump of %s: %s", database->name, str_text(&text));
    return NULL;
}

#define ENTRY "\n--\n-- Name: "

/* The end of the entry that starts at `entry`. */
static const char *entry_end(const char *entry)
{
    const char *next = strstr(entry + 1, ENTRY);
    const char *last = strstr(entry + 1, "\n--\n-- PostgreSQL database dump complete");
    return next != NULL ? next : last != NULL ? last : entry + strlen(entry);
}

static bool entry_ignored(const char *entry, size_t len, const CompareScope *scope)
{
    AUTO(mem_free) char *text = mem_alloc(len + 1);
    memcpy(text, entry, len);
    for (const char *const *name = scope->ignored; name != NULL && *name != NULL; name++) {
        const char *bare = strchr(*name, '.');
        if (strstr(text, bare != NULL ? bare + 1 : *name) != NULL)
            return true;
    }
    return false;
}

/* The entry's text; the order of grants has no meaning, so they are sorted. */
static char *entry_text(const char *entry, size_t len)
{
    AUTO(mem_free) char *text = mem_alloc(len + 1);
    memcpy(text, entry, len);
    if (strstr(text, "; Type: ACL;") == NULL)
        return mem_strdup(text);
    AUTO(lines_clear) Lines lines = sorted_lines(text);
    AUTO(str_clear) Str sorted = STR_INIT;
    for (size_t i = 0; i < lines.count; i++)
        str_addf(&sorted, "%s\n", lines.items[i]);
    return str_take(&sorted);
}

/* The entries of a dump, sorted. */
static Lines sorted_entries(const char *dump, const CompareScope *scope)
{
    Lines entries = {0};
    for (const char *entry = strstr(dump, ENTRY); entry != NULL;) {
        const char *end = entry_end(entry);
        size_t len = (size_t)(end - entry);
        if (!entry_ignored(entry, len, scope)) {
            entries.items = mem_resize(entries.items, (entries.count + 1) * sizeof *entries.items);
            entries.items[entries.count++] = entry_text(entry, len);
        }
        entry = strncmp(end, ENTRY, strlen(ENTRY)) == 0 ? end : NULL;
    }
    if (entries.count > 0)
        qsort(entries.items, entries.count, sizeof *entries.items, by_text);
    return entries;
}

static void auto_entries_clear(Lines *entries)
{
    for (size_t i = 0; i < entries->count; i++)
        mem_free(entries->items[i]);
    mem_free(entries->items);
}

char *compare_dumps(const TestDatabase *first, const TestDatabase *second,
                    const CompareScope *scope)
{
    bool same;
    AUTO(mem_free) char *program = dump_program();
    if (older_version(first, second, &same) == 0 || !same || program == NULL)
        return NULL;
    AUTO(mem_free) char *one = dump_text(program, first);
    AUTO(mem_free) char *two = dump_text(program, second);
    if (one == NULL || two == NULL)
        return NULL;
    AUTO(entries_clear) Lines ours = sorted_entries(one, scope);
    AUTO(entries_clear) Lines theirs = sorted_entries(two, scope);
    AUTO(str_clear) Str report = STR_INIT;
    size_t shown = 0, i = 0, j = 0;
    while (i < ours.count || j < theirs.count) {
        int order = i == ours.count     ? 1
                    : j == theirs.count ? -1
                                        : strcmp(ours.items[i], theirs.items[j]);
        bool counts = order < 0 || (order > 0 && !scope->second_may_have_more);
        if (counts && ++shown <= DIFFERENCES_SHOWN)
            str_addf(&report, "only in %s:%s\n", order < 0 ? first->name : second->name,
                     order < 0 ? ours.items[i] : theirs.items[j]);
        i += order <= 0;
        j += order >= 0;
    }
    return finish_report(&report, shown);
}
