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

#include "copy/manifestfields.h"
#include "copy/seal.h"

#define FORMAT "pgzm-copy dump"
#define FORMAT_MARK "pgzm-copy dump in progress"
#define FILE_NAME "manifest.json"
#define MARK_NAME "incomplete"
#define PART ".part"

enum {
    TEXT_MOST = 1 << 30, /* bytes of a manifest.json that is believed to be one */
};

AUTO_DEFINE(json_t *, json_decref)

static void auto_free(char **text)
{
    free(*text);
}

/* ---- JSON ------------------------------------------------------------------------------ */

/* In hex; of the object without its own digest. */
static bool digest_of(const json_t *whole, char hex[CHUNKFILE_DIGEST_CHARS + 1])
{
    AUTO(json_decref) json_t *rest = json_copy((json_t *)(uintptr_t)whole);
    json_object_del(rest, "digest");
    AUTO(free) char *text = json_dumps(rest, JSON_COMPACT | JSON_SORT_KEYS);
    if (text == NULL)
        return false;
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits(text, strlen(text)));
    chunkfile_print_digest(canonical.digest, hex);
    return true;
}

static bool refuse(const char *file, const char *why, Error *err)
{
    error_set(err, ERROR_PREFLIGHT, "%s %s", file, why);
    return error_hint(err, "Copy the dump again from where it was written, or dump again.");
}

/* The whole file has the disk's word before it gets its name. */
static bool write_text(int folder, const char *name, const char *text, Error *err)
{
    AUTO(mem_free) char *part = mem_printf("%s" PART, name);
    int fd = openat(folder, part, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
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
    int reason = errno;
    if (fd >= 0 && close(fd) != 0 && ok) {
        ok = false;
        reason = errno;
    }
    if (ok && (fsync(folder) != 0 || /* the other files' names come first */
               renameat(folder, part, folder, name) != 0 || fsync(folder) != 0)) {
        ok = false;
        reason = errno;
    }
    if (ok)
        return true;
    if (fd >= 0)
        unlinkat(folder, part, 0);
    error_set(err, ERROR_OTHER, "cannot write %s: %s", name, strerror(reason));
    if (reason == ENOSPC || reason == EDQUOT)
        return error_hint(err,
                          "Free space, or name another folder; then run the command again: what "
                          "was written is taken away.");
    return false;
}

static bool write_json(int folder, const char *name, const json_t *whole, Error *err)
{
    AUTO(free) char *text = json_dumps(whole, JSON_INDENT(1) | JSON_SORT_KEYS);
    return text != NULL ? write_text(folder, name, text, err)
                        : error_set(err, ERROR_OTHER, "%s: a name is not valid UTF-8", name);
}

/* An object that says what it is: `format`, in a version that we know. */
static bool read_json(int folder, const char *name, const char *format, json_t **out, Error *err)
{
    struct stat facts;
    int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &facts) != 0) {
        error_set(err, ERROR_PREFLIGHT, "cannot open %s: %s", name, strerror(errno));
        if (fd >= 0)
            close(fd);
        return false;
    }
    bool fits = S_ISREG(facts.st_mode) && facts.st_size <= TEXT_MOST;
    AUTO(json_decref) json_t *whole = fits ? json_loadfd(fd, JSON_REJECT_DUPLICATES, NULL) : NULL;
    close(fd);
    if (!fits)
        return refuse(name, "is not a file, or too long", err);
    if (!json_is_object(whole))
        return refuse(name, "is cut off or was changed", err);
    const char *found = json_string_value(json_object_get(whole, "format"));
    json_int_t version = json_integer_value(json_object_get(whole, "version"));
    if (found == NULL || strcmp(found, format) != 0)
        return refuse(name, "is not that of a dump", err);
    if (version > MANIFEST_VERSION) {
        error_set(err, ERROR_PREFLIGHT, "the dump is of version %lld, which is later than %d",
                  (long long)version, MANIFEST_VERSION);
        return error_hint(err, "Use the version of pgzm-copy that wrote it, or a later one.");
    }
    if (version < 1)
        return refuse(name, "has no version", err);
    *out = TAKE(whole);
    return true;
}

/* ---- keys ------------------------------------------------------------------------------ */

static json_t *key_json(const DumpKey *key)
{
    const DumpKeyFacts *facts = dumpkey_facts(key);
    return json_pack("{s:s, s:s, s:s}", "algorithm", DUMPKEY_ALGORITHM, "salt", facts->salt,
                     "check", facts->check);
}

/* Whether the dump is encrypted, and whether the user thinks so, must be one answer: else whoever
 * can write to the folder could put rows of his own in the place of encrypted ones. */
static bool resume_key(const json_t *whole, const char *name, DumpKey *key, Error *err)
{
    const json_t *facts = json_object_get(whole, "key");
    const char *algorithm = json_string_value(json_object_get(facts, "algorithm"));
    const char *salt = json_string_value(json_object_get(facts, "salt"));
    const char *check = json_string_value(json_object_get(facts, "check"));
    if (facts == NULL && key == NULL)
        return true;
    if (facts == NULL) {
        error_set(err, ERROR_USAGE, "the dump is not encrypted, but a key is given");
        return error_hint(err, "Make sure that it is the right one; then leave out the key file.");
    }
    if (algorithm == NULL || !manifestfields_is_hex(salt, DUMPKEY_HEX_CHARS) ||
        !manifestfields_is_hex(check, DUMPKEY_HEX_CHARS))
        return refuse(name, "has a \"key\" that makes no sense", err);
    if (strcmp(algorithm, DUMPKEY_ALGORITHM) != 0)
        return error_set(err, ERROR_PREFLIGHT, "the dump is encrypted by %s, which is not known",
                         algorithm);
    if (key == NULL) {
        error_set(err, ERROR_USAGE, "the dump is encrypted");
        return error_hint(err, "Name the key file that it was written with.");
    }
    DumpKeyFacts copy = {0};
    memcpy(copy.salt, salt, DUMPKEY_HEX_CHARS);
    memcpy(copy.check, check, DUMPKEY_HEX_CHARS);
    return dumpkey_resume(key, &copy, err);
}

/* ---- the folder ------------------------------------------------------------------------ */

static bool folder_error(const char *what, const char *path, Error *err)
{
    error_set(err, ERROR_USAGE, "cannot %s folder %s: %s", what, path, strerror(errno));
    return error_hint(err, "Check the path and its permissions.");
}

/* A list of a folder's entries that closes by itself. */
static DIR *open_list(int folder)
{
    int again = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = again < 0 ? NULL : fdopendir(again);
    if (list == NULL && again >= 0)
        close(again);
    return list;
}

static bool exists(int folder, const char *name)
{
    return faccessat(folder, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static bool is_empty(int folder)
{
    DIR *list = open_list(folder);
    bool empty = list != NULL;
    for (const struct dirent *entry; empty && (entry = readdir(list)) != NULL;)
        empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    if (list != NULL)
        closedir(list);
    return empty;
}

/* Says to whoever finds the folder that no whole dump is in it. */
static bool write_mark(int folder, Error *err)
{
    AUTO(json_decref)
    json_t *mark = json_pack("{s:s, s:i}", "format", FORMAT_MARK, "version", MANIFEST_VERSION);
    return write_json(folder, MARK_NAME, mark, err);
}

/* As little as possible stands between the look and the deed: `fd` is the folder itself. */
static bool take_folder(int fd, const char *path, Error *err)
{
    struct stat facts;
    if (fstat(fd, &facts) != 0)
        return folder_error("examine", path, err);
    if (facts.st_uid != geteuid())
        error_set(err, ERROR_USAGE, "folder %s belongs to another user", path);
    else if (exists(fd, MARK_NAME) && !exists(fd, FILE_NAME)) {
        error_set(err, ERROR_USAGE, "folder %s holds a dump that was interrupted", path);
        return error_hint(err, "Nobody can go on with it: remove the folder, or name another one.");
    } else if (!is_empty(fd))
        error_set(err, ERROR_USAGE, "folder %s is not empty", path);
    else if (fchmod(fd, 0700) != 0)
        return folder_error("close to others the", path, err);
    else
        return true;
    return error_hint(err, "Name a folder that does not exist yet.");
}

bool manifest_create_folder(const char *path, DumpKey *key, int *folder, Error *err)
{
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return folder_error("make", path, err);
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return folder_error("open", path, err);
    if (take_folder(fd, path, err)) {
        if (key != NULL)
            dumpkey_begin(key);
        if (write_mark(fd, err)) {
            *folder = fd;
            return true;
        }
    }
    close(fd);
    return false;
}

static bool ends_in(const char *name, const char *end)
{
    size_t n = strlen(name), m = strlen(end);
    return n >= m && strcmp(name + n - m, end) == 0;
}

bool manifest_remove_folder(const char *path, int folder, Error *err)
{
    DIR *list = open_list(folder);
    for (const struct dirent *entry; list != NULL && (entry = readdir(list)) != NULL;)
        if (chunkfile_is_name(entry->d_name) || ends_in(entry->d_name, PART))
            unlinkat(folder, entry->d_name, 0);
    if (list != NULL)
        closedir(list);
    if (rmdir(path) == 0) /* unless it holds something that is not ours */
        return true;
    error_set(err, ERROR_OTHER, "cannot remove folder %s: %s", path, strerror(errno));
    return error_hint(err, "Remove it yourself, with what is in it.");
}

bool manifest_open_folder(const char *path, int *folder, Error *err)
{
    struct stat facts;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &facts) != 0) {
        folder_error("open", path, err);
    } else if (!exists(fd, FILE_NAME)) {
        bool begun = exists(fd, MARK_NAME);
        error_set(err, ERROR_USAGE, "folder %s holds no %sdump: %s is missing", path,
                  begun ? "whole " : "", FILE_NAME);
        error_hint(err, begun ? "A dump that was interrupted cannot be used: dump again."
                              : "Name a folder that pgzm-copy dump made.");
    } else if ((facts.st_mode & S_IWOTH) != 0) {
        error_set(err, ERROR_USAGE, "everybody can write to folder %s", path);
        error_hint(err, "Make sure that the dump is what it was, and take the permission away "
                        "(chmod 700).");
    } else {
        *folder = fd;
        return true;
    }
    if (fd >= 0)
        close(fd);
    return false;
}

/* ---- writing --------------------------------------------------------------------------- */

static json_t *file_json(const ManifestFile *file)
{
    const ChunkInfo *info = &file->info;
    return json_pack("{s:s, s:I, s:I, s:I, s:s}", "file", file->file, "rows",
                     (json_int_t)info->rows, "bytes", (json_int_t)info->bytes, "stored",
                     (json_int_t)info->stored_bytes, "digest", info->digest);
}

static json_t *texts_json(const char *const *texts, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(array, json_string(texts[i]));
    return array;
}

static json_t *table_json(const ManifestTable *table)
{
    json_t *chunks = json_array();
    for (size_t i = 0; i < table->chunk_count; i++)
        json_array_append_new(chunks, file_json(&table->chunks[i]));
    json_t *made = json_pack("{s:s, s:s, s:b, s:o, s:o}", "schema", table->schema, "name",
                             table->name, "binary", (int)table->binary, "columns",
                             texts_json(table->columns, table->column_count), "chunks", chunks);
    if (made != NULL && table->wide_chars)
        json_object_set_new(made, "wide_chars", json_true());
    if (made != NULL && table->types != NULL)
        json_object_set_new(made, "types", texts_json(table->types, table->column_count));
    return made;
}

static json_t *manifest_json(const Manifest *m)
{
    json_t *tables = json_array();
    for (size_t i = 0; i < m->table_count; i++)
        json_array_append_new(tables, table_json(&m->tables[i]));
    json_t *whole = json_pack("{s:s, s:i, s:s, s:i, s:s, s:s, s:s, s:o, s:o, s:o, s:o}", "format",
                              FORMAT, "version", MANIFEST_VERSION, "tool", m->tool, "server",
                              m->server, "database", m->database, "encoding", m->encoding, "as_of",
                              m->as_of, "options", json_loads(m->options, 0, NULL), "source",
                              json_loads(m->source != NULL ? m->source : "{}", 0, NULL), "catalog",
                              file_json(&m->catalog), "tables", tables);
    char hex[CHUNKFILE_DIGEST_CHARS + 1];
    if (whole != NULL && digest_of(whole, hex))
        json_object_set_new(whole, "digest", json_string(hex));
    return whole;
}

/* What a dump shows of itself without its key. */
static json_t *sealed_json(const DumpKey *key, const json_t *whole)
{
    AUTO(free) char *text = json_dumps(whole, JSON_COMPACT | JSON_SORT_KEYS);
    if (text == NULL)
        return NULL;
    AUTO(mem_free) char *sealed = seal_text(key, FILE_NAME, text);
    return json_pack("{s:s, s:i, s:o, s:s}", "format", FORMAT, "version", MANIFEST_VERSION, "key",
                     key_json(key), "sealed", sealed);
}

bool manifest_write(int folder, const DumpKey *key, const Manifest *manifest, Error *err)
{
    AUTO(json_decref) json_t *whole = manifest_json(manifest);
    AUTO(json_decref)
    json_t *outer = key != NULL && whole != NULL ? sealed_json(key, whole) : json_incref(whole);
    if (!write_json(folder, FILE_NAME, outer, err))
        return false;
    /* A mark that stays because of a crash here does no harm: manifest.json is what counts. */
    return unlinkat(folder, MARK_NAME, 0) == 0 || errno == ENOENT ||
           error_set(err, ERROR_OTHER, "cannot delete %s: %s", MARK_NAME, strerror(errno));
}

/* ---- reading --------------------------------------------------------------------------- */

/* Takes the outer object and gives the one inside. */
static bool open_sealed(const json_t *outer, const DumpKey *key, json_t **inner, Error *err)
{
    const char *sealed = json_string_value(json_object_get(outer, "sealed"));
    AUTO(mem_free) char *text = sealed == NULL ? NULL : seal_open_text(key, FILE_NAME, sealed);
    *inner = text == NULL ? NULL : json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    return *inner != NULL || refuse(FILE_NAME, "was changed", err);
}

bool manifest_read(int folder, DumpKey *key, Arena *arena, Manifest *manifest, Error *err)
{
    AUTO(json_decref) json_t *whole = NULL;
    if (!read_json(folder, FILE_NAME, FORMAT, &whole, err) ||
        !resume_key(whole, FILE_NAME, key, err))
        return false;
    if (key != NULL) {
        AUTO(json_decref) json_t *outer = TAKE(whole);
        if (!open_sealed(outer, key, &whole, err))
            return false;
    }
    const char *digest = json_string_value(json_object_get(whole, "digest"));
    char hex[CHUNKFILE_DIGEST_CHARS + 1];
    if (digest == NULL || !digest_of(whole, hex) || strcmp(hex, digest) != 0)
        return refuse(FILE_NAME, "was changed", err);
    return manifestfields_read(whole, arena, manifest, err);
}
