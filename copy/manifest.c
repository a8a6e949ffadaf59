#include "copy/manifest.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#define FORMAT "pgzm-copy dump"
#define FILE_NAME "manifest.json"

/* ---- the folder ------------------------------------------------------------------------ */

static bool folder_error(const char *what, const char *path, Error *err)
{
    return error_set(err, ERROR_USAGE, "cannot %s folder %s: %s", what, path, strerror(errno));
}

static bool is_empty(int folder)
{
    int again = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = again < 0 ? NULL : fdopendir(again);
    if (list == NULL)
        return false;
    bool empty = true;
    for (const struct dirent *entry; (entry = readdir(list)) != NULL;)
        empty = empty && (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0);
    closedir(list);
    return empty;
}

bool manifest_create_folder(const char *path, int *folder, Error *err)
{
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return folder_error("make", path, err);
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return folder_error("open", path, err);
    if (is_empty(fd) && fchmod(fd, 0700) == 0) {
        *folder = fd;
        return true;
    }
    close(fd);
    error_set(err, ERROR_USAGE, "folder %s is not empty, or not ours", path);
    return error_hint(err, "Name a folder that does not exist yet.");
}

bool manifest_open_folder(const char *path, int *folder, Error *err)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return folder_error("open", path, err);
    if (faccessat(fd, FILE_NAME, F_OK, 0) == 0) {
        *folder = fd;
        return true;
    }
    close(fd);
    error_set(err, ERROR_USAGE, "folder %s holds no whole dump: %s is missing", path, FILE_NAME);
    return error_hint(err, "A dump that was interrupted cannot be used: dump again.");
}

/* ---- writing --------------------------------------------------------------------------- */

static json_t *file_json(const ManifestFile *file)
{
    const ChunkInfo *info = &file->info;
    return json_pack("{s:s, s:I, s:I, s:I, s:s}", "file", file->file, "rows",
                     (json_int_t)info->rows, "bytes", (json_int_t)info->bytes, "stored",
                     (json_int_t)info->stored_bytes, "digest", info->digest);
}

static json_t *table_json(const ManifestTable *table)
{
    json_t *columns = json_array(), *chunks = json_array();
    for (size_t i = 0; i < table->column_count; i++)
        json_array_append_new(columns, json_string(table->columns[i]));
    for (size_t i = 0; i < table->chunk_count; i++)
        json_array_append_new(chunks, file_json(&table->chunks[i]));
    return json_pack("{s:s, s:s, s:b, s:o, s:o}", "schema", table->schema, "name", table->name,
                     "binary", (int)table->binary, "columns", columns, "chunks", chunks);
}

/* In hex; of the object without its own digest. */
static bool digest_of(const json_t *whole, char hex[CHUNKFILE_DIGEST_CHARS + 1])
{
    json_t *rest = json_copy((json_t *)(uintptr_t)whole);
    json_object_del(rest, "digest");
    char *text = json_dumps(rest, JSON_COMPACT | JSON_SORT_KEYS);
    json_decref(rest);
    if (text == NULL)
        return false;
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits(text, strlen(text)));
    free(text);
    for (size_t i = 0; i < sizeof canonical.digest; i++) {
        static const char digits[] = "0123456789abcdef";
        hex[2 * i] = digits[canonical.digest[i] >> 4];
        hex[2 * i + 1] = digits[canonical.digest[i] & 15];
    }
    hex[CHUNKFILE_DIGEST_CHARS] = '\0';
    return true;
}

static json_t *manifest_json(const Manifest *m)
{
    json_t *tables = json_array();
    for (size_t i = 0; i < m->table_count; i++)
        json_array_append_new(tables, table_json(&m->tables[i]));
    json_t *whole = json_pack("{s:s, s:i, s:s, s:i, s:s, s:s, s:s, s:o, s:o, s:o}", "format",
                              FORMAT, "version", MANIFEST_VERSION, "tool", m->tool, "server",
                              m->server, "database", m->database, "encoding", m->encoding, "as_of",
                              m->as_of, "options", json_loads(m->options, 0, NULL), "catalog",
                              file_json(&m->catalog), "tables", tables);
    char hex[CHUNKFILE_DIGEST_CHARS + 1];
    if (whole != NULL && digest_of(whole, hex))
        json_object_set_new(whole, "digest", json_string(hex));
    return whole;
}

static bool write_text(int folder, const char *text, Error *err)
{
    int fd = openat(folder, FILE_NAME ".part",
                    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    size_t left = strlen(text);
    bool ok = fd >= 0;
    while (ok && left > 0) {
        ssize_t n = write(fd, text, left);
        if (n < 0 && errno == EINTR)
            continue;
        ok = n > 0;
        text += ok ? n : 0;
        left -= ok ? (size_t)n : 0;
    }
    ok = ok && fsync(fd) == 0;
    ok = (fd < 0 || close(fd) == 0) && ok;
    ok = ok && fsync(folder) == 0 && /* the other files' names */
         renameat(folder, FILE_NAME ".part", folder, FILE_NAME) == 0 && fsync(folder) == 0;
    return ok || error_set(err, ERROR_OTHER, "cannot write %s: %s", FILE_NAME, strerror(errno));
}

bool manifest_write(int folder, const Manifest *manifest, Error *err)
{
    json_t *whole = manifest_json(manifest);
    char *text = whole == NULL ? NULL : json_dumps(whole, JSON_INDENT(1) | JSON_SORT_KEYS);
    json_decref(whole);
    bool ok = text != NULL ? write_text(folder, text, err)
                           : error_set(err, ERROR_OTHER, "a name is not valid UTF-8");
    free(text);
    return ok;
}

/* ---- reading --------------------------------------------------------------------------- */

static bool refuse(const char *why, Error *err)
{
    error_set(err, ERROR_PREFLIGHT, "%s %s", FILE_NAME, why);
    return error_hint(err, "Copy the dump again from where it was written, or dump again.");
}

/* A file of the folder, and nowhere else. */
static bool is_plain_name(const char *name)
{
    return name[0] != '\0' && name[0] != '.' && strchr(name, '/') == NULL;
}

static bool read_file(json_t *value, Arena *arena, ManifestFile *file)
{
    const char *name, *digest;
    json_int_t rows, bytes, stored;
    if (json_unpack(value, "{s:s, s:I, s:I, s:I, s:s}", "file", &name, "rows", &rows, "bytes",
                    &bytes, "stored", &stored, "digest", &digest) != 0 ||
        !is_plain_name(name) || rows < -1 || bytes < 0 || stored < 0 ||
        strlen(digest) != CHUNKFILE_DIGEST_CHARS)
        return false;
    file->file = arena_strdup(arena, name);
    file->info = (ChunkInfo){.rows = rows, .bytes = bytes, .stored_bytes = stored};
    memcpy(file->info.digest, digest, CHUNKFILE_DIGEST_CHARS + 1);
    return true;
}

static bool read_table(json_t *value, Arena *arena, ManifestTable *table)
{
    const char *schema, *name;
    json_t *columns, *chunks;
    int binary;
    if (json_unpack(value, "{s:s, s:s, s:b, s:o, s:o}", "schema", &schema, "name", &name, "binary",
                    &binary, "columns", &columns, "chunks", &chunks) != 0)
        return false;
    *table = (ManifestTable){.schema = arena_strdup(arena, schema),
                             .name = arena_strdup(arena, name),
                             .binary = binary != 0,
                             .column_count = json_array_size(columns),
                             .chunk_count = json_array_size(chunks)};
    table->columns = arena_alloc(arena, (table->column_count + 1) * sizeof *table->columns);
    table->chunks = arena_alloc(arena, (table->chunk_count + 1) * sizeof *table->chunks);
    for (size_t i = 0; i < table->column_count; i++) {
        const char *column = json_string_value(json_array_get(columns, i));
        if (column == NULL)
            return false;
        table->columns[i] = arena_strdup(arena, column);
    }
    for (size_t i = 0; i < table->chunk_count; i++)
        if (!read_file(json_array_get(chunks, i), arena, &table->chunks[i]) ||
            table->chunks[i].info.rows < 0)
            return false;
    return true;
}

static bool read_whole(const json_t *root, Arena *arena, Manifest *m, Error *err)
{
    json_t *whole = (json_t *)(uintptr_t)root;
    const char *tool, *database, *encoding, *as_of;
    json_t *options, *catalog, *tables;
    if (json_unpack(whole, "{s:s, s:i, s:s, s:s, s:s, s:o, s:o, s:o}", "tool", &tool, "server",
                    &m->server, "database", &database, "encoding", &encoding, "as_of", &as_of,
                    "options", &options, "catalog", &catalog, "tables", &tables) != 0)
        return refuse("lacks something", err);
    char *text = json_dumps(options, JSON_COMPACT | JSON_SORT_KEYS);
    m->tool = arena_strdup(arena, tool);
    m->database = arena_strdup(arena, database);
    m->encoding = arena_strdup(arena, encoding);
    m->as_of = arena_strdup(arena, as_of);
    m->options = arena_strdup(arena, text);
    free(text);
    m->table_count = json_array_size(tables);
    m->tables = arena_alloc(arena, (m->table_count + 1) * sizeof *m->tables);
    bool ok = read_file(catalog, arena, &m->catalog);
    for (size_t i = 0; i < m->table_count && ok; i++)
        ok = read_table(json_array_get(tables, i), arena, &m->tables[i]);
    return ok || refuse("has a table or file that makes no sense", err);
}

static bool read_json(const json_t *whole, Arena *arena, Manifest *manifest, Error *err)
{
    const char *format = json_string_value(json_object_get(whole, "format"));
    const char *digest = json_string_value(json_object_get(whole, "digest"));
    json_int_t version = json_integer_value(json_object_get(whole, "version"));
    char hex[CHUNKFILE_DIGEST_CHARS + 1];
    if (format == NULL || strcmp(format, FORMAT) != 0)
        return refuse("is not that of a dump", err);
    if (version > MANIFEST_VERSION) {
        error_set(err, ERROR_PREFLIGHT, "the dump is of version %lld, which is later than %d",
                  (long long)version, MANIFEST_VERSION);
        return error_hint(err, "Use the version of pgzm-copy that wrote it, or a later one.");
    }
    if (digest == NULL || !digest_of(whole, hex) || strcmp(hex, digest) != 0)
        return refuse("was changed", err);
    return read_whole(whole, arena, manifest, err);
}

bool manifest_read(int folder, Arena *arena, Manifest *manifest, Error *err)
{
    int fd = openat(folder, FILE_NAME, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return error_set(err, ERROR_PREFLIGHT, "cannot open %s: %s", FILE_NAME, strerror(errno));
    json_t *whole = json_loadfd(fd, JSON_REJECT_DUPLICATES, NULL);
    close(fd);
    bool ok = whole != NULL ? read_json(whole, arena, manifest, err)
                            : refuse("is cut off or was changed", err);
    json_decref(whole);
    return ok;
}
