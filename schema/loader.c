#include "schema/loader.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/sql.h"
#include "schema/sql_files.h"

enum { LEFT_OUT_FEW = 100 };

/* A text[] as text: {"a","b \" c"}. */
static void add_array(Str *s, const CatalogScope *scope)
{
    str_add(s, "{");
    for (size_t i = 0; i < scope->schema_count; i++) {
        str_add(s, i == 0 ? "\"" : ",\"");
        for (const char *c = scope->schemas[i]; *c != '\0'; c++) {
            if (*c == '"' || *c == '\\')
                str_add(s, "\\");
            str_add_bytes(s, c, 1);
        }
        str_add(s, "\"");
    }
    str_add(s, "}");
}

const char *loader_sql(const char *name, int server_version)
{
    return sql_find(schema_sql, LENGTH(schema_sql), name, server_version);
}

/* Their catalogs, or their OIDs. */
static void add_left_out(Str *s, const CatalogScope *scope, bool catalogs)
{
    str_add(s, "{");
    for (size_t i = 0; i < scope->left_out_count; i++)
        str_addf(s, "%s%u", i > 0 ? "," : "",
                 catalogs ? scope->left_out[i].classid : scope->left_out[i].oid);
    str_add(s, "}");
}

/* ---- aliases --------------------------------------------------------------------------- */

/* Adds `text` with other schemas in the place of those that have an alias, in whatever the server
 * deparsed: there a schema's name is quoted as needed and followed by a dot. */
static void add_shown(Str *s, const char *text, const SchemaAlias *alias)
{
    size_t len = strlen(alias->quoted);
    for (const char *found; (found = strstr(text, alias->quoted)) != NULL; text = found + len) {
        bool begins = found == text || strchr(" (,[=:~'+-*/<>!|&.\n", found[-1]) != NULL;
        str_add_bytes(s, text, (size_t)(found - text));
        str_add(s, begins && found[len] == '.' ? alias->quoted_shown : alias->quoted);
    }
    str_add(s, text);
}

static void show_cell(PGresult *result, int row, int column, const SchemaAlias *alias)
{
    const char *text = PQgetvalue(result, row, column);
    AUTO(str_clear) Str shown = STR_INIT;
    if (strcmp(text, alias->name) == 0)
        str_add(&shown, alias->shown);
    else if (strstr(text, alias->quoted) != NULL)
        add_shown(&shown, text, alias);
    else
        return;
    AUTO(mem_free) char *copy = mem_strdup(str_text(&shown));
    if (!PQsetvalue(result, row, column, copy, (int)shown.len))
        abort(); /* out of memory */
}

static void show_aliases(PGresult *result, const CatalogScope *scope)
{
    for (size_t i = 0; i < scope->alias_count; i++)
        for (int row = 0; row < PQntuples(result); row++)
            for (int column = 0; column < PQnfields(result); column++)
                if (!PQgetisnull(result, row, column))
                    show_cell(result, row, column, &scope->aliases[i]);
}

/* ---- asking ---------------------------------------------------------------------------- */

/* The most statements that a query takes. */
enum { QUESTIONS_MOST = 3 };

/* The values of $1, $2 and $3. */
static const char *const *parameters(const CatalogScope *scope, Arena *arena)
{
    const char **values = arena_alloc(arena, 3 * sizeof(*values));
    AUTO(str_clear) Str schemas = STR_INIT;
    AUTO(str_clear) Str catalogs = STR_INIT;
    AUTO(str_clear) Str oids = STR_INIT;
    add_array(&schemas, scope);
    add_left_out(&catalogs, scope, true);
    add_left_out(&oids, scope, false);
    values[0] = arena_strdup(arena, str_text(&schemas));
    values[1] = arena_strdup(arena, str_text(&catalogs));
    values[2] = arena_strdup(arena, str_text(&oids));
    return values;
}

/* The statements of a query, itself at `*query`; their number, 0 when there is no such query. */
static size_t make_questions(const Conn *conn, const CatalogScope *scope, const char *name,
                             const char *const *values, ConnQuestion *questions, size_t *query,
                             Error *err)
{
    const char *sql = loader_sql(name, conn_version(conn));
    if (sql == NULL) {
        error_set(err, ERROR_OTHER, "there is no query named %s", name);
        return 0;
    }
    int count = strstr(sql, "$2") != NULL ? 3 : 1;
    /* Catalogs that were not analyzed lately look small to the planner, which would go through a
     * long list for every row: minutes on a 12 with thousands of tables. */
    bool hashes = count == 3 && scope->left_out_count > LEFT_OUT_FEW;
    size_t n = 0;
    if (hashes)
        questions[n++] = (ConnQuestion){.sql = "SET enable_nestloop = off"};
    *query = n;
    questions[n++] = (ConnQuestion){sql, count, values};
    if (hashes)
        questions[n++] = (ConnQuestion){.sql = "RESET enable_nestloop"};
    return n;
}

bool loader_ahead(Conn *conn, const CatalogScope *scope, const char *const *names, size_t count,
                  Arena *arena, Error *err)
{
    const char *const *values = parameters(scope, arena);
    ConnQuestion *questions = arena_alloc(arena, count * QUESTIONS_MOST * sizeof(*questions));
    size_t all = 0;
    for (size_t i = 0; i < count; i++) {
        size_t query = 0;
        size_t n = make_questions(conn, scope, names[i], values, questions + all, &query, err);
        if (n == 0)
            return false;
        all += n;
    }
    return conn_ahead_begin(conn, questions, all, err) || error_wrap(err, "reading the catalogs");
}

bool loader_query(Conn *conn, const CatalogScope *scope, const char *name, PGresult **result,
                  Error *err)
{
    AUTO(arena_free) Arena *scratch = arena_new();
    ConnQuestion questions[QUESTIONS_MOST];
    size_t query = 0;
    size_t n =
        make_questions(conn, scope, name, parameters(scope, scratch), questions, &query, err);
    bool ok = n > 0;
    for (size_t i = 0; ok && i < n; i++) {
        AUTO(result_free) PGresult *answer = NULL;
        ok = conn_query(conn, questions[i].sql, questions[i].n, questions[i].values, &answer, err);
        if (ok && i == query)
            *result = TAKE(answer);
    }
    if (ok)
        show_aliases(*result, scope);
    return ok || error_wrap(err, "reading the catalogs (%s)", name);
}

/* ---- values ---------------------------------------------------------------------------- */

static bool parse_integer(const char *text, int64_t min, int64_t max, int64_t *value)
{
    char *end;
    errno = 0;
    long long parsed = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || parsed < min || parsed > max)
        return false;
    *value = parsed;
    return true;
}

/* "1,2,3" as an array of Oid or of int, which are both four bytes wide. */
static bool parse_numbers(const char *text, FieldType type, Arena *arena, void *list, size_t *count)
{
    size_t n = 1;
    for (const char *c = text; *c != '\0'; c++)
        n += *c == ',';
    if (*text == '\0')
        n = 0;
    _Static_assert(sizeof(Oid) == sizeof(int), "one array for either");
    void *made = arena_alloc(arena, n * sizeof(Oid));
    Oid *oids = made;
    int *ints = made;
    const char *p = text;
    for (size_t i = 0; i < n; i++) {
        char *end;
        errno = 0;
        long long value = strtoll(p, &end, 10);
        if (errno != 0 || end == p || (*end != ',' && *end != '\0'))
            return false;
        if (type == FIELD_OIDS)
            oids[i] = (Oid)value;
        else
            ints[i] = (int)value;
        p = *end == ',' ? end + 1 : end;
    }
    memcpy(list, &made, sizeof(made));
    *count = n;
    return true;
}

static bool parse_texts(const char *text, Arena *arena, void *list, size_t *count)
{
    json_t *array = json_loads(text, 0, NULL);
    if (!json_is_array(array)) {
        json_decref(array);
        return false;
    }
    size_t n = json_array_size(array);
    const char **texts = arena_alloc(arena, (n + 1) * sizeof(*texts));
    for (size_t i = 0; i < n; i++)
        texts[i] = arena_strdup(arena, json_string_value(json_array_get(array, i)));
    json_decref(array);
    memcpy(list, &texts, sizeof(texts));
    *count = n;
    return true;
}

/* Texts that came last: thousands of objects have the same owner, schema and types. */
typedef struct RecentTexts {
    const char *texts[1024]; /* by hash; each takes the place of the one before */
} RecentTexts;

static const char *share_text(RecentTexts *recent, const char *text, Arena *arena)
{
    uint32_t hash = 2166136261u;
    for (const char *c = text; *c != '\0'; c++)
        hash = (hash ^ (unsigned char)*c) * 16777619u;
    const char **known = &recent->texts[(hash ^ hash >> 16) % LENGTH(recent->texts)];
    if (*known == NULL || strcmp(*known, text) != 0)
        *known = arena_strdup(arena, text);
    return *known;
}

/* Puts a value that is not NULL into the struct. */
static bool parse_field(const char *text, const Field *field, RecentTexts *recent, Arena *arena,
                        char *item)
{
    char *target = item + field->offset;
    int64_t number = 0;
    size_t count = 0;
    bool is_list = false;
    switch (field->type) {
    case FIELD_TEXT: {
        const char *copy = share_text(recent, text, arena);
        memcpy(target, &copy, sizeof(copy));
        return true;
    }
    case FIELD_CHAR:
        *target = text[0];
        return true;
    case FIELD_BOOL: {
        bool value = text[0] == 't';
        memcpy(target, &value, sizeof(value));
        return value || text[0] == 'f';
    }
    case FIELD_INT: {
        if (!parse_integer(text, INT32_MIN, INT32_MAX, &number))
            return false;
        int value = (int)number;
        memcpy(target, &value, sizeof(value));
        return true;
    }
    case FIELD_BIGINT:
        if (!parse_integer(text, INT64_MIN, INT64_MAX, &number))
            return false;
        memcpy(target, &number, sizeof(number));
        return true;
    case FIELD_OID: {
        if (!parse_integer(text, 0, UINT32_MAX, &number))
            return false;
        Oid value = (Oid)number;
        memcpy(target, &value, sizeof(value));
        return true;
    }
    case FIELD_DOUBLE: {
        char *end;
        double value = strtod(text, &end);
        memcpy(target, &value, sizeof(value));
        return end != text && *end == '\0';
    }
    case FIELD_OIDS:
    case FIELD_INTS:
        is_list = parse_numbers(text, field->type, arena, target, &count);
        break;
    case FIELD_TEXTS:
        is_list = parse_texts(text, arena, target, &count);
        break;
    }
    memcpy(item + field->count_offset, &count, sizeof(count));
    return is_list;
}

bool loader_fill(const PGresult *result, const Field *fields, size_t field_count, size_t size,
                 Arena *arena, void **items, size_t *count, Error *err)
{
    size_t rows = (size_t)PQntuples(result);
    char *array = arena_alloc(arena, (rows + 1) * size);
    AUTO(mem_free) int *columns = mem_alloc(field_count * sizeof(*columns));
    for (size_t f = 0; f < field_count; f++) {
        columns[f] = PQfnumber(result, fields[f].column);
        if (columns[f] < 0)
            return error_set(err, ERROR_OTHER, "a catalog query lacks the column %s",
                             fields[f].column);
    }
    AUTO(mem_free) RecentTexts *recent = mem_alloc(sizeof(*recent));
    for (size_t i = 0; i < rows * field_count; i++) {
        size_t row = i / field_count, f = i % field_count;
        if (PQgetisnull(result, (int)row, columns[f]))
            continue;
        const char *text = PQgetvalue(result, (int)row, columns[f]);
        if (!parse_field(text, &fields[f], recent, arena, array + row * size))
            return error_set(err, ERROR_OTHER,
                             "a catalog query gave an unexpected value for %s: %s",
                             fields[f].column, text);
    }
    *items = array;
    *count = rows;
    return true;
}
