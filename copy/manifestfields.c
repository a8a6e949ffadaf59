#include "copy/manifestfields.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

AUTO_DEFINE(json_t *, json_decref)

static void auto_free(char **text)
{
    free(*text);
}

/* One value has one spelling. */
bool manifestfields_is_hex(const char *text, size_t n)
{
    return text != NULL && strlen(text) == n && strspn(text, "0123456789abcdef") == n;
}

/* Where in the object we are, for messages, and what was seen so far. */
typedef struct Look {
    Arena *arena;
    Error *err;
    int64_t table, chunk; /* indexes, or -1 */
    bool catalog;
    json_t *files; /* names as keys */
    int64_t rows, bytes, stored;
} Look;

static bool complain(const Look *look, const char *key, const char *why)
{
    AUTO(str_clear) Str path = STR_INIT;
    if (look->table >= 0)
        str_addf(&path, "tables[%lld]", (long long)look->table);
    if (look->chunk >= 0)
        str_addf(&path, ".chunks[%lld]", (long long)look->chunk);
    if (look->catalog)
        str_add(&path, "catalog");
    if (key != NULL) {
        str_separate(&path, ".");
        str_add(&path, key);
    }
    AUTO(mem_free) char *text = mem_printf("%s %s", str_text(&path), why);
    error_set(look->err, ERROR_PREFLIGHT, "manifest.json: %s", text);
    return error_hint(look->err, "Copy the dump again from where it was written, or dump again.");
}

static bool want_text(Look *look, const json_t *object, const char *key, const char **out)
{
    const json_t *value = json_object_get(object, key);
    if (value == NULL)
        return complain(look, key, "is missing");
    if (!json_is_string(value))
        return complain(look, key, "is not a text");
    *out = arena_strdup(look->arena, json_string_value(value));
    return true;
}

static bool want_number(Look *look, const json_t *object, const char *key, int64_t least,
                        int64_t most, int64_t *out)
{
    const json_t *value = json_object_get(object, key);
    if (value == NULL)
        return complain(look, key, "is missing");
    if (!json_is_integer(value))
        return complain(look, key, "is not a whole number");
    *out = json_integer_value(value);
    return (*out >= least && *out <= most) || complain(look, key, "makes no sense");
}

static bool want_array(Look *look, const json_t *object, const char *key, const json_t **out)
{
    *out = json_object_get(object, key);
    if (*out == NULL)
        return complain(look, key, "is missing");
    return json_is_array(*out) || complain(look, key, "is not a list");
}

/* As text; an object that may be missing is {}. */
static bool want_object(Look *look, const json_t *whole, const char *key, bool optional,
                        const char **out)
{
    const json_t *value = json_object_get(whole, key);
    if (value == NULL && optional) {
        *out = "{}";
        return true;
    }
    if (!json_is_object(value))
        return complain(look, key, value == NULL ? "is missing" : "is not an object");
    AUTO(free) char *text = json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS);
    *out = arena_strdup(look->arena, text);
    return true;
}

/* Whoever adds the sizes up gets a number that exists. */
static bool add_sums(Look *look, const ChunkInfo *info)
{
    return !__builtin_add_overflow(look->rows, info->rows > 0 ? info->rows : 0, &look->rows) &&
           !__builtin_add_overflow(look->bytes, info->bytes, &look->bytes) &&
           !__builtin_add_overflow(look->stored, info->stored_bytes, &look->stored);
}

static bool read_file(Look *look, const json_t *value, int64_t least_rows, ManifestFile *file)
{
    const char *digest = NULL;
    ChunkInfo *info = &file->info;
    if (!json_is_object(value))
        return complain(look, NULL, value == NULL ? "is missing" : "is not an object");
    if (!want_text(look, value, "file", &file->file) ||
        !want_number(look, value, "rows", least_rows, INT64_MAX, &info->rows) ||
        !want_number(look, value, "bytes", 0, INT64_MAX, &info->bytes) ||
        !want_number(look, value, "stored", 0, INT64_MAX, &info->stored_bytes) ||
        !want_text(look, value, "digest", &digest))
        return false;
    if (!chunkfile_is_name(file->file) || strcmp(file->file, "manifest.json") == 0 ||
        strcmp(file->file, "incomplete") == 0)
        return complain(look, "file", "is not the name of a dump file");
    if (json_object_get(look->files, file->file) != NULL)
        return complain(look, "file", "is named twice");
    json_object_set_new(look->files, file->file, json_true());
    if (!manifestfields_is_hex(digest, CHUNKFILE_DIGEST_CHARS))
        return complain(look, "digest", "makes no sense");
    memcpy(info->digest, digest, CHUNKFILE_DIGEST_CHARS + 1);
    return add_sums(look, info) || complain(look, NULL, "has sizes that make no sense");
}

/* `distinct`: none twice. */
static bool read_texts(Look *look, const json_t *table, const char *key, bool distinct,
                       const char ***texts, size_t *count)
{
    const json_t *array = NULL;
    if (!want_array(look, table, key, &array))
        return false;
    AUTO(json_decref) json_t *seen = json_object();
    *count = json_array_size(array);
    *texts = arena_alloc(look->arena, (*count + 1) * sizeof **texts);
    for (size_t i = 0; i < *count; i++) {
        const char *text = json_string_value(json_array_get(array, i));
        if (text == NULL)
            return complain(look, key, "holds something that is not a text");
        if (distinct && json_object_get(seen, text) != NULL)
            return complain(look, key, "holds a name twice");
        json_object_set_new(seen, text, json_true());
        (*texts)[i] = arena_strdup(look->arena, text);
    }
    return true;
}

static bool read_table(Look *look, const json_t *value, ManifestTable *table)
{
    const json_t *chunks = NULL, *binary = json_object_get(value, "binary");
    const json_t *wide = json_object_get(value, "wide_chars");
    size_t types = 0;
    if (!json_is_object(value))
        return complain(look, NULL, "is not an object");
    if (!want_text(look, value, "schema", &table->schema) ||
        !want_text(look, value, "name", &table->name))
        return false;
    if (!json_is_boolean(binary))
        return complain(look, "binary", "is not true or false");
    table->binary = json_is_true(binary);
    if (wide != NULL && !json_is_boolean(wide))
        return complain(look, "wide_chars", "is not true or false");
    table->wide_chars = json_is_true(wide);
    if (!read_texts(look, value, "columns", true, &table->columns, &table->column_count))
        return false;
    if (json_object_get(value, "types") != NULL &&
        !read_texts(look, value, "types", false, &table->types, &types))
        return false;
    if (table->types != NULL && types != table->column_count)
        return complain(look, "types", "are not as many as the columns");
    if (!want_array(look, value, "chunks", &chunks))
        return false;
    table->chunk_count = json_array_size(chunks);
    table->chunks = arena_alloc(look->arena, (table->chunk_count + 1) * sizeof *table->chunks);
    bool ok = true;
    for (size_t i = 0; i < table->chunk_count && ok; i++) {
        look->chunk = (int64_t)i;
        ok = read_file(look, json_array_get(chunks, i), 0, &table->chunks[i]);
    }
    look->chunk = -1;
    return ok;
}

static bool read_tables(Look *look, const json_t *whole, Manifest *m)
{
    const json_t *tables = NULL;
    if (!want_array(look, whole, "tables", &tables))
        return false;
    AUTO(json_decref) json_t *seen = json_object();
    m->table_count = json_array_size(tables);
    m->tables = arena_alloc(look->arena, (m->table_count + 1) * sizeof *m->tables);
    for (size_t i = 0; i < m->table_count; i++) {
        ManifestTable *table = &m->tables[i];
        look->table = (int64_t)i;
        if (!read_table(look, json_array_get(tables, i), table))
            return false;
        /* the length keeps two names apart that are one text together */
        AUTO(mem_free)
        char *name = mem_printf("%zu %s %s", strlen(table->schema), table->schema, table->name);
        if (json_object_get(seen, name) != NULL)
            return complain(look, NULL, "is a table that was there before");
        json_object_set_new(seen, name, json_true());
    }
    look->table = -1;
    return true;
}

bool manifestfields_read(const json_t *whole, Arena *arena, Manifest *m, Error *err)
{
    AUTO(json_decref) json_t *files = json_object();
    Look look = {.arena = arena, .err = err, .table = -1, .chunk = -1, .files = files};
    int64_t server = 0;
    *m = (Manifest){0};
    if (!want_text(&look, whole, "tool", &m->tool) ||
        !want_number(&look, whole, "server", 1, INT_MAX, &server) ||
        !want_text(&look, whole, "database", &m->database) ||
        !want_text(&look, whole, "encoding", &m->encoding) ||
        !want_text(&look, whole, "as_of", &m->as_of) ||
        !want_object(&look, whole, "options", false, &m->options) ||
        !want_object(&look, whole, "source", true, &m->source))
        return false;
    m->server = (int)server;
    look.catalog = true;
    if (!read_file(&look, json_object_get(whole, "catalog"), -1, &m->catalog))
        return false;
    look.catalog = false;
    return read_tables(&look, whole, m);
}
