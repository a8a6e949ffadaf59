#include <errno.h>
#include <jansson.h>

#include "copy/manifest.h"
#include "tests/copy/dumpfiles.h"

#define DIGEST "0123456789abcdef0123456789abcdef"
#define NOTHING ((const char *const[]){NULL})
#define DUMP ((const char *const[]){"manifest.json", "incomplete", NULL})

static ManifestFile file_of(const char *name, int64_t rows)
{
    return (ManifestFile){
        .file = name, .info = {.rows = rows, .bytes = 1000, .stored_bytes = 300, .digest = DIGEST}};
}

/* Two tables, the first in two files. */
static Manifest make_manifest(void)
{
    static const char *columns[] = {"id", "a \"name\"\n with é"};
    static const char *types[] = {"bigint", "character varying(10)"};
    static ManifestFile chunks[2], only[1];
    static ManifestTable tables[2];
    chunks[0] = file_of("t1.1", 10);
    chunks[1] = file_of("t1.2", 0);
    only[0] = file_of("t2.1", 5);
    tables[0] = (ManifestTable){.schema = "public",
                                .name = "t",
                                .binary = true,
                                .columns = columns,
                                .types = types,
                                .column_count = 2,
                                .chunks = chunks,
                                .chunk_count = 2};
    tables[1] = (ManifestTable){.schema = "other",
                                .name = "t",
                                .wide_chars = true,
                                .columns = columns,
                                .column_count = 0,
                                .chunks = only,
                                .chunk_count = 1};
    return (Manifest){.tool = "0.1.0",
                      .server = 150020,
                      .database = "shop",
                      .encoding = "UTF8",
                      .as_of = "2026-11-21 12:00:00+00",
                      .options = "{\"filter\":[]}",
                      .source = "{\"locale\":\"C\"}",
                      .catalog = file_of("catalog", -1),
                      .tables = tables,
                      .table_count = 2};
}

static void write_manifest(const Folder *folder, const DumpKey *key, const Manifest *manifest)
{
    AUTO(error_clear) Error err = ERROR_INIT;
    cr_assert(manifest_write(folder->fd, key, manifest, &err), "%s", err.message);
}

static void expect_same_file(const ManifestFile *file, const ManifestFile *expected)
{
    cr_assert_str_eq(file->file, expected->file);
    cr_assert_eq(file->info.rows, expected->info.rows);
    cr_assert_eq(file->info.bytes, expected->info.bytes);
    cr_assert_eq(file->info.stored_bytes, expected->info.stored_bytes);
    cr_assert_str_eq(file->info.digest, expected->info.digest);
}

static void expect_same(const Manifest *m, const Manifest *expected)
{
    cr_assert_str_eq(m->tool, expected->tool);
    cr_assert_eq(m->server, expected->server);
    cr_assert_str_eq(m->database, expected->database);
    cr_assert_str_eq(m->encoding, expected->encoding);
    cr_assert_str_eq(m->as_of, expected->as_of);
    cr_assert_str_eq(m->options, expected->options);
    cr_assert_str_eq(m->source, expected->source);
    expect_same_file(&m->catalog, &expected->catalog);
    cr_assert_eq(m->table_count, expected->table_count);
    for (size_t i = 0; i < m->table_count; i++) {
        const ManifestTable *t = &m->tables[i], *e = &expected->tables[i];
        cr_assert_str_eq(t->schema, e->schema);
        cr_assert_str_eq(t->name, e->name);
        cr_assert_eq(t->binary, e->binary);
        cr_assert_eq(t->wide_chars, e->wide_chars);
        cr_assert_eq(t->column_count, e->column_count);
        cr_assert_eq(t->types == NULL, e->types == NULL);
        for (size_t k = 0; k < t->column_count; k++) {
            cr_assert_str_eq(t->columns[k], e->columns[k]);
            cr_assert_str_eq(t->types[k], e->types[k]);
        }
        cr_assert_eq(t->chunk_count, e->chunk_count);
        for (size_t k = 0; k < t->chunk_count; k++)
            expect_same_file(&t->chunks[k], &e->chunks[k]);
    }
}

/* `kind` ERROR_NONE: any. */
static void expect_no_manifest(const Folder *folder, DumpKey *key, ErrorKind kind, const char *why)
{
    AUTO(arena_free) Arena *arena = arena_new();
    AUTO(error_clear) Error err = ERROR_INIT;
    Manifest manifest;
    cr_assert_not(manifest_read(folder->fd, key, arena, &manifest, &err), "taken, though: %s", why);
    cr_assert(kind == ERROR_NONE || err.kind == kind, "%s", err.message);
    cr_assert_not_null(strstr(err.message, why), "'%s' instead of '%s'", err.message, why);
}

Test(manifest, gives_back_what_was_written)
{
    AUTO(dumpkey_free) DumpKey *own = make_key();
    for (DumpKey *key = NULL;; key = own) {
        Folder folder = make_folder();
        AUTO(arena_free) Arena *arena = arena_new();
        AUTO(error_clear) Error err = ERROR_INIT;
        struct stat facts;
        Manifest expected = make_manifest(), manifest;
        write_manifest(&folder, key, &expected);
        cr_assert_eq(fstatat(folder.fd, "manifest.json", &facts, 0), 0);
        cr_assert_eq(facts.st_mode & 0777, 0600);
        cr_assert(manifest_read(folder.fd, key, arena, &manifest, &err), "%s", err.message);
        expect_same(&manifest, &expected);
        remove_folder(&folder, DUMP);
        if (key == own)
            break;
    }
}

Test(manifest, of_nothing_is_one)
{
    Folder folder = make_folder();
    AUTO(arena_free) Arena *arena = arena_new();
    AUTO(error_clear) Error err = ERROR_INIT;
    Manifest expected = make_manifest(), manifest;
    expected.table_count = 0;
    expected.source = NULL;
    write_manifest(&folder, NULL, &expected);
    cr_assert(manifest_read(folder.fd, NULL, arena, &manifest, &err), "%s", err.message);
    cr_assert_eq(manifest.table_count, 0);
    cr_assert_str_eq(manifest.source, "{}");
    remove_folder(&folder, DUMP);
}

Test(manifest, holds_many_tables)
{
    enum { TABLES = 20000 };
    Folder folder = make_folder();
    AUTO(arena_free) Arena *arena = arena_new();
    AUTO(error_clear) Error err = ERROR_INIT;
    Manifest expected = make_manifest(), manifest;
    ManifestTable like = expected.tables[0];
    expected.tables = arena_alloc(arena, TABLES * sizeof *expected.tables);
    expected.table_count = TABLES;
    for (size_t i = 0; i < TABLES; i++) {
        expected.tables[i] = like;
        expected.tables[i].name = arena_printf(arena, "t%zu", i);
        expected.tables[i].chunks = arena_alloc(arena, sizeof(ManifestFile));
        expected.tables[i].chunk_count = 1;
        expected.tables[i].chunks[0] = file_of(arena_printf(arena, "t%zu.1", i), 1);
    }
    write_manifest(&folder, NULL, &expected);
    cr_assert(manifest_read(folder.fd, NULL, arena, &manifest, &err), "%s", err.message);
    expect_same(&manifest, &expected);
    remove_folder(&folder, DUMP);
}

Test(manifest, notices_each_bit_that_changes)
{
    Folder folder = make_folder();
    AUTO(dumpkey_free) DumpKey *own = make_key();
    for (DumpKey *key = NULL;; key = own) {
        size_t n = 0;
        Manifest manifest = make_manifest();
        manifest.table_count = 1;
        write_manifest(&folder, key, &manifest);
        AUTO(mem_free) char *text = get_file(&folder, "manifest.json", &n);
        for (size_t at = 0; at < n; at++) {
            text[at] = (char)(text[at] ^ 1 << at % 8);
            put_file(&folder, "manifest.json", text, n, 0600);
            /* one bit less of "key", and it looks like one that is not encrypted */
            expect_no_manifest(&folder, key, ERROR_NONE, "");
            text[at] = (char)(text[at] ^ 1 << at % 8);
        }
        for (size_t length = 0; length < n; length++) {
            put_file(&folder, "manifest.json", text, length, 0600);
            expect_no_manifest(&folder, key, ERROR_PREFLIGHT, "manifest.json");
        }
        if (key == own)
            break;
    }
    remove_folder(&folder, DUMP);
}

/* As one who wants it to be believed writes it: with the digest that it should have. */
static void put_json(const Folder *folder, json_t *whole)
{
    json_object_del(whole, "digest");
    char *text = json_dumps(whole, JSON_COMPACT | JSON_SORT_KEYS), hex[33];
    XXH128_canonical_t digest;
    XXH128_canonicalFromHash(&digest, XXH3_128bits(text, strlen(text)));
    free(text);
    for (size_t i = 0; i < sizeof digest; i++)
        snprintf(hex + 2 * i, 3, "%02x", (unsigned)digest.digest[i]);
    json_object_set_new(whole, "digest", json_string(hex));
    text = json_dumps(whole, JSON_INDENT(2));
    put_file(folder, "manifest.json", text, strlen(text), 0600);
    free(text);
}

/* The value at a path such as tables.0.chunks.1.bytes becomes another (NULL: goes). */
static void change(json_t *whole, const char *path, const char *value)
{
    AUTO(mem_free) char *copy = mem_strdup(path);
    char *rest = copy;
    json_t *at = whole;
    for (char *key; (key = strsep(&rest, ".")) != NULL;) {
        if (rest == NULL && value == NULL)
            cr_assert_eq(json_object_del(at, key), 0, "%s", path);
        else if (rest == NULL && json_is_array(at))
            json_array_set_new(at, (size_t)atoi(key), json_loads(value, JSON_DECODE_ANY, NULL));
        else if (rest == NULL)
            json_object_set_new(at, key, json_loads(value, JSON_DECODE_ANY, NULL));
        else
            at = json_is_array(at) ? json_array_get(at, (size_t)atoi(key))
                                   : json_object_get(at, key);
    }
}

typedef struct Hostile {
    const char *path, *value, *why;
} Hostile;

static const Hostile hostile[] = {
    {"format", "\"tar\"", "is not that of a dump"},
    {"format", NULL, "is not that of a dump"},
    {"version", "2", "the dump is of version 2, which is later than 1"},
    {"version", "9223372036854775807", "later than 1"},
    {"version", "0", "has no version"},
    {"version", "\"1\"", "has no version"},
    {"version", NULL, "has no version"},
    {"tool", NULL, ": tool is missing"},
    {"tool", "1", ": tool is not a text"},
    {"server", "\"150000\"", ": server is not a whole number"},
    {"server", "1.5", ": server is not a whole number"},
    {"server", "4294967297", ": server makes no sense"},
    {"server", "-1", ": server makes no sense"},
    {"database", "null", ": database is not a text"},
    {"encoding", NULL, ": encoding is missing"},
    {"as_of", "{}", ": as_of is not a text"},
    {"options", "[]", ": options is not an object"},
    {"options", NULL, ": options is missing"},
    {"source", "1", ": source is not an object"},
    {"catalog", NULL, ": catalog is missing"},
    {"catalog", "\"catalog\"", ": catalog is not an object"},
    {"catalog.rows", "-2", ": catalog.rows makes no sense"},
    {"catalog.stored", NULL, ": catalog.stored is missing"},
    {"tables", "{}", ": tables is not a list"},
    {"tables", NULL, ": tables is missing"},
    {"tables.1", "7", ": tables[1] is not an object"},
    {"tables.1.name", NULL, ": tables[1].name is missing"},
    {"tables.1.schema", "\"public\"", ": tables[1] is a table that was there before"},
    {"tables.0.binary", "1", ": tables[0].binary is not true or false"},
    {"tables.0.wide_chars", "1", ": tables[0].wide_chars is not true or false"},
    {"tables.0.binary", NULL, ": tables[0].binary is not true or false"},
    {"tables.0.columns", "\"id\"", ": tables[0].columns is not a list"},
    {"tables.0.columns.1", "null", ": tables[0].columns holds something that is not a text"},
    {"tables.0.columns.1", "\"id\"", ": tables[0].columns holds a name twice"},
    {"tables.0.types", "[\"int\"]", ": tables[0].types are not as many as the columns"},
    {"tables.0.types", "{}", ": tables[0].types is not a list"},
    {"tables.0.chunks", NULL, ": tables[0].chunks is missing"},
    {"tables.0.chunks.1", "[]", ": tables[0].chunks[1] is not an object"},
    {"tables.0.chunks.1.rows", "-1", ": tables[0].chunks[1].rows makes no sense"},
    {"tables.0.chunks.1.rows", "1e3", ": tables[0].chunks[1].rows is not a whole number"},
    {"tables.0.chunks.1.bytes", "-1", ": tables[0].chunks[1].bytes makes no sense"},
    {"tables.0.chunks.1.bytes", "true", ": tables[0].chunks[1].bytes is not a whole number"},
    {"tables.0.chunks.1.stored", "\"9\"", ": tables[0].chunks[1].stored is not a whole number"},
    {"tables.0.chunks.1.bytes", "9223372036854775807",
     ": tables[0].chunks[1] has sizes that make no sense"},
    {"tables.0.chunks.1.rows", "9223372036854775807",
     ": tables[0].chunks[1] has sizes that make no sense"},
    {"tables.0.chunks.1.digest", "\"" DIGEST "0\"", ": tables[0].chunks[1].digest makes no sense"},
    {"tables.0.chunks.1.digest", "\"0123456789ABCDEF0123456789ABCDEF\"",
     ": tables[0].chunks[1].digest makes no sense"},
    {"tables.0.chunks.1.file", "\"t1.1\"", ": tables[0].chunks[1].file is named twice"},
    {"tables.1.chunks.0.file", "\"catalog\"", ": tables[1].chunks[0].file is named twice"},
    {"tables.1.chunks.0.file", "\"../t\"", "[0].file is not the name of a dump file"},
    {"tables.1.chunks.0.file", "\"/etc/passwd\"", "[0].file is not the name of a dump file"},
    {"tables.1.chunks.0.file", "\"..\"", "[0].file is not the name of a dump file"},
    {"tables.1.chunks.0.file", "\"\"", "[0].file is not the name of a dump file"},
    {"tables.1.chunks.0.file", "\"a/b\"", "[0].file is not the name of a dump file"},
    {"tables.1.chunks.0.file", "\"t.part\"", "[0].file is not the name of a dump file"},
    {"tables.1.chunks.0.file", "\"manifest.json\"", "[0].file is not the name of a dump file"},
    {"tables.1.chunks.0.file", "\"incomplete\"", "[0].file is not the name of a dump file"},
};

Test(manifest, says_which_field_makes_no_sense)
{
    Folder folder = make_folder();
    Manifest manifest = make_manifest();
    write_manifest(&folder, NULL, &manifest);
    size_t n = 0;
    AUTO(mem_free) char *text = get_file(&folder, "manifest.json", &n);
    for (size_t i = 0; i < LENGTH(hostile); i++) {
        json_t *whole = json_loads(text, 0, NULL);
        change(whole, hostile[i].path, hostile[i].value);
        put_json(&folder, whole);
        json_decref(whole);
        expect_no_manifest(&folder, NULL, ERROR_PREFLIGHT, hostile[i].why);
    }
    remove_folder(&folder, DUMP);
}

Test(manifest, is_json_without_tricks)
{
    static const char *const texts[] = {
        "",
        "[]",
        "null",
        "{\"format\": \"pgzm-copy dump\", \"format\": \"pgzm-copy dump\", \"version\": 1}",
        "{\"format\": \"pgzm-copy dump\", \"version\": 1, \"tool\": \"a\\u0000b\"}",
        "{\"format\": \"pgzm-copy dump\", \"version\": 1, \"tool\": \"\xff\"}",
        "{\"format\": \"pgzm-copy dump\", \"version\": 1} and more",
        "{\"format\": \"pgzm-copy dump\", \"version\": 1}",
    };
    Folder folder = make_folder();
    for (size_t i = 0; i < LENGTH(texts); i++) {
        put_file(&folder, "manifest.json", texts[i], strlen(texts[i]), 0600);
        expect_no_manifest(&folder, NULL, ERROR_PREFLIGHT, "was changed");
    }
    AUTO(mem_free) char *deep = mem_alloc(3000001);
    memset(deep, '[', 3000000);
    put_file(&folder, "manifest.json", deep, 3000000, 0600);
    expect_no_manifest(&folder, NULL, ERROR_PREFLIGHT, "was changed");
    unlinkat(folder.fd, "manifest.json", 0);
    expect_no_manifest(&folder, NULL, ERROR_PREFLIGHT, "cannot open manifest.json");
    cr_assert_eq(mkfifoat(folder.fd, "manifest.json", 0600), 0);
    expect_no_manifest(&folder, NULL, ERROR_PREFLIGHT, "is not a file");
    remove_folder(&folder, DUMP);
}

Test(manifest, passes_over_what_a_later_program_may_add)
{
    Folder folder = make_folder();
    AUTO(arena_free) Arena *arena = arena_new();
    AUTO(error_clear) Error err = ERROR_INIT;
    Manifest expected = make_manifest(), manifest;
    write_manifest(&folder, NULL, &expected);
    size_t n = 0;
    AUTO(mem_free) char *text = get_file(&folder, "manifest.json", &n);
    json_t *whole = json_loads(text, 0, NULL);
    change(whole, "weather", "{\"sun\": [1.5, null]}");
    change(whole, "tables.0.weather", "\"rain\"");
    change(whole, "tables.0.chunks.0.weather", "0.1");
    put_json(&folder, whole);
    json_decref(whole);
    cr_assert(manifest_read(folder.fd, NULL, arena, &manifest, &err), "%s", err.message);
    expect_same(&manifest, &expected);
    remove_folder(&folder, DUMP);
}

/* ---- encrypted -------------------------------------------------------------------------- */

Test(manifest, shows_nothing_of_an_encrypted_dump)
{
    AUTO(dumpkey_free) DumpKey *key = make_key();
    if (key == NULL)
        return;
    Folder folder = make_folder();
    Manifest manifest = make_manifest();
    write_manifest(&folder, key, &manifest);
    size_t n = 0;
    AUTO(mem_free) char *text = get_file(&folder, "manifest.json", &n);
    cr_assert_null(strstr(text, "shop"), "%s", text);
    cr_assert_null(strstr(text, "public"), "%s", text);
    cr_assert_not_null(strstr(text, DUMPKEY_ALGORITHM), "%s", text);
    remove_folder(&folder, DUMP);
}

Test(manifest, wants_the_key_it_was_written_with)
{
    AUTO(dumpkey_free) DumpKey *key = make_key();
    if (key == NULL)
        return;
    Folder folder = make_folder();
    Manifest manifest = make_manifest();
    AUTO(dumpkey_free) DumpKey *wrong = make_user_key('w');
    AUTO(dumpkey_free) DumpKey *again = make_user_key('k');
    AUTO(arena_free) Arena *arena = arena_new();
    AUTO(error_clear) Error err = ERROR_INIT;
    write_manifest(&folder, key, &manifest);
    expect_no_manifest(&folder, NULL, ERROR_USAGE, "the dump is encrypted");
    expect_no_manifest(&folder, wrong, ERROR_PREFLIGHT, "encrypted with another key");
    cr_assert(manifest_read(folder.fd, again, arena, &manifest, &err), "%s", err.message);
    cr_assert_str_eq(dumpkey_facts(again)->check, dumpkey_facts(key)->check);
    write_manifest(&folder, NULL, &manifest);
    expect_no_manifest(&folder, again, ERROR_USAGE, "not encrypted, but a key is given");
    remove_folder(&folder, DUMP);
}

Test(manifest, believes_no_outside_that_does_not_fit_the_inside)
{
    AUTO(dumpkey_free) DumpKey *key = make_key();
    if (key == NULL)
        return;
    static const Hostile cases[] = {
        {"key.algorithm", "\"rot13\"", "is encrypted by rot13"},
        {"key.salt", NULL, "has a \"key\" that makes no sense"},
        {"key.salt", "\"00\"", "has a \"key\" that makes no sense"},
        {"key.salt", "\"zz112233445566778899aabbccddeeff\"", "has a \"key\" that makes no sense"},
        {"key.salt", "\"00112233445566778899aabbccddeeff\"", "encrypted with another key"},
        {"key.check", "\"00112233445566778899aabbccddeeff\"", "encrypted with another key"},
        {"key", "1", "has a \"key\" that makes no sense"},
        {"sealed", "\"\"", "was changed"},
        {"sealed", "\"AAAA\"", "was changed"},
        {"sealed", "1", "was changed"},
        {"sealed", NULL, "was changed"},
    };
    Folder folder = make_folder();
    Manifest manifest = make_manifest();
    write_manifest(&folder, key, &manifest);
    size_t n = 0;
    AUTO(mem_free) char *text = get_file(&folder, "manifest.json", &n);
    for (size_t i = 0; i < LENGTH(cases); i++) {
        AUTO(dumpkey_free) DumpKey *again = make_user_key('k');
        json_t *whole = json_loads(text, 0, NULL);
        change(whole, cases[i].path, cases[i].value);
        put_json(&folder, whole);
        json_decref(whole);
        expect_no_manifest(&folder, again, ERROR_PREFLIGHT, cases[i].why);
    }
    remove_folder(&folder, DUMP);
}

/* ---- the folder --------------------------------------------------------------------------- */

static char *path_in(const Folder *folder, const char *name)
{
    return mem_printf("%s/%s", folder->path, name);
}

Test(manifest, makes_a_folder_that_is_closed_to_others_and_says_it_is_incomplete)
{
    Folder folder = make_folder();
    AUTO(mem_free) char *path = path_in(&folder, "dump");
    AUTO(error_clear) Error err = ERROR_INIT, half = ERROR_INIT;
    struct stat facts;
    int fd = -1, again = -1;
    umask(0);
    cr_assert(manifest_create_folder(path, NULL, &fd, &err), "%s", err.message);
    cr_assert_eq(fstat(fd, &facts), 0);
    cr_assert_eq(facts.st_mode & 07777, 0700);
    cr_assert_eq(faccessat(fd, "incomplete", F_OK, 0), 0);
    cr_assert_not(manifest_open_folder(path, &again, &half));
    cr_assert_not_null(strstr(half.message, "holds no whole dump"), "%s", half.message);
    Manifest manifest = make_manifest();
    cr_assert(manifest_write(fd, NULL, &manifest, &err), "%s", err.message);
    cr_assert_neq(faccessat(fd, "incomplete", F_OK, 0), 0, "the mark has stayed");
    cr_assert(manifest_open_folder(path, &again, &err), "%s", err.message);
    close(again);
    unlinkat(fd, "manifest.json", 0);
    close(fd);
    cr_assert_eq(rmdir(path), 0);
    remove_folder(&folder, NOTHING);
}

Test(manifest, takes_an_empty_folder_and_closes_it_to_others)
{
    Folder folder = make_folder();
    AUTO(error_clear) Error err = ERROR_INIT, full = ERROR_INIT;
    struct stat facts;
    int fd = -1;
    cr_assert_eq(chmod(folder.path, 0755), 0);
    cr_assert(manifest_create_folder(folder.path, NULL, &fd, &err), "%s", err.message);
    cr_assert_eq(fstat(fd, &facts), 0);
    cr_assert_eq(facts.st_mode & 07777, 0700);
    close(fd);
    cr_assert_eq(unlinkat(folder.fd, "incomplete", 0), 0);
    put_file(&folder, "t1.1", "", 0, 0600);
    cr_assert_not(manifest_create_folder(folder.path, NULL, &fd, &full), "it was not empty");
    cr_assert_eq(full.kind, ERROR_USAGE);
    cr_assert_not_null(strstr(full.message, "is not empty"), "%s", full.message);
    remove_folder(&folder, (const char *const[]){"t1.1", NULL});
}

Test(manifest, takes_no_folder_of_another_user)
{
    Folder folder = make_folder();
    AUTO(error_clear) Error err = ERROR_INIT;
    int fd = -1;
    if (geteuid() == 0) {
        cr_assert_eq(chown(folder.path, 65534, 65534), 0);
        cr_assert_not(manifest_create_folder(folder.path, NULL, &fd, &err));
        cr_assert_not_null(strstr(err.message, "belongs to another user"), "%s", err.message);
    } else {
        cr_assert_not(manifest_create_folder("/", NULL, &fd, &err));
    }
    cr_assert_eq(err.kind, ERROR_USAGE);
    remove_folder(&folder, NOTHING);
}

Test(manifest, names_the_folder_that_cannot_be)
{
    Folder folder = make_folder();
    AUTO(mem_free) char *file = path_in(&folder, "file");
    AUTO(mem_free) char *below = path_in(&folder, "file/dump");
    const char *const paths[] = {file, below, "/nonexistent/folder/dump"};
    put_file(&folder, "file", "", 0, 0600);
    for (size_t i = 0; i < LENGTH(paths); i++) {
        AUTO(error_clear) Error create = ERROR_INIT, open = ERROR_INIT;
        int fd = -1;
        cr_assert_not(manifest_create_folder(paths[i], NULL, &fd, &create));
        cr_assert_eq(create.kind, ERROR_USAGE);
        cr_assert_not_null(strstr(create.message, paths[i]), "%s", create.message);
        cr_assert_not(manifest_open_folder(paths[i], &fd, &open));
        cr_assert_eq(open.kind, ERROR_USAGE);
        cr_assert_not_null(strstr(open.message, paths[i]), "%s", open.message);
    }
    remove_folder(&folder, (const char *const[]){"file", NULL});
}

Test(manifest, is_not_opened_where_everybody_can_write)
{
    Folder folder = make_folder();
    AUTO(error_clear) Error err = ERROR_INIT, open = ERROR_INIT;
    Manifest manifest = make_manifest();
    int fd = -1;
    write_manifest(&folder, NULL, &manifest);
    cr_assert_eq(chmod(folder.path, 0777), 0);
    cr_assert_not(manifest_open_folder(folder.path, &fd, &err));
    cr_assert_eq(err.kind, ERROR_USAGE);
    cr_assert_not_null(strstr(err.message, "everybody can write"), "%s", err.message);
    cr_assert_eq(chmod(folder.path, 0755), 0); /* as tar or rsync may leave it */
    cr_assert(manifest_open_folder(folder.path, &fd, &open), "%s", open.message);
    close(fd);
    remove_folder(&folder, DUMP);
}

Test(manifest, folder_that_is_taken_away_leaves_what_is_not_ours)
{
    Folder folder = make_folder();
    AUTO(mem_free) char *path = path_in(&folder, "dump");
    AUTO(error_clear) Error err = ERROR_INIT, stays = ERROR_INIT;
    Folder dump = {0};
    cr_assert(manifest_create_folder(path, NULL, &dump.fd, &err), "%s", err.message);
    write_file(&dump, "t1.1", NULL, "rows", 4, 4);
    put_file(&dump, "t1.2.part", "", 0, 0600);
    put_file(&dump, ".not ours", "", 0, 0600);
    cr_assert_not(manifest_remove_folder(path, dump.fd, &stays));
    cr_assert_not_null(strstr(stays.message, path), "%s", stays.message);
    cr_assert_neq(faccessat(dump.fd, "t1.1", F_OK, 0), 0);
    cr_assert_neq(faccessat(dump.fd, "t1.2.part", F_OK, 0), 0);
    cr_assert_neq(faccessat(dump.fd, "incomplete", F_OK, 0), 0);
    cr_assert_eq(unlinkat(dump.fd, ".not ours", 0), 0, "it was taken away");
    cr_assert(manifest_remove_folder(path, dump.fd, &err), "%s", err.message);
    close(dump.fd);
    cr_assert_neq(access(path, F_OK), 0, "the folder has stayed");
    remove_folder(&folder, NOTHING);
}

Test(manifest, folder_of_an_interrupted_dump_is_not_taken_again)
{
    Folder folder = make_folder();
    AUTO(mem_free) char *path = path_in(&folder, "dump");
    AUTO(error_clear) Error err = ERROR_INIT, again = ERROR_INIT;
    Folder dump = {0}, other = {0};
    cr_assert(manifest_create_folder(path, NULL, &dump.fd, &err), "%s", err.message);
    write_file(&dump, "t1.1", NULL, "rows", 4, 4);
    cr_assert_not(manifest_create_folder(path, NULL, &other.fd, &again));
    cr_assert_eq(again.kind, ERROR_USAGE);
    cr_assert_not_null(strstr(again.message, "holds a dump that was interrupted"), "%s",
                       again.message);
    cr_assert_not_null(strstr(again.hint, "remove the folder"), "%s", again.hint);
    cr_assert(manifest_remove_folder(path, dump.fd, &err), "%s", err.message);
    close(dump.fd);
    remove_folder(&folder, NOTHING);
}
