#include "engine/dump.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/pool.h"
#include "copy/copy.h"
#include "engine/check.h"
#include "engine/extensionrows.h"
#include "engine/latekey.h"
#include "engine/load.h"
#include "engine/membergrant.h"
#include "engine/obstacle.h"
#include "engine/plan.h"
#include "engine/preflight.h"
#include "engine/role.h"
#include "engine/selection.h"
#include "engine/sequence.h"
#include "engine/snapshot.h"
#include "engine/sourceid.h"
#include "engine/split.h"
#include "engine/subset.h"
#include "engine/synctable.h"
#include "engine/task.h"
#include "engine/throttle.h"
#include "engine/widechar.h"
#include "schema/binary.h"

#define CATALOG_FILE "catalog"

enum {
    CATALOG_LEVEL = 3,
    PROGRESS_MS = 200,
};

/* ---- the filters, which are part of a dump ---------------------------------------------- */

static json_t *texts(const TextList *list)
{
    json_t *array = json_array();
    for (size_t i = 0; i < list->count; i++)
        json_array_append_new(array, json_string(list->items[i]));
    return array;
}

static bool read_texts(Run *run, const json_t *array, TextList *list)
{
    list->count = json_array_size(array);
    list->items = arena_alloc(run->arena, (list->count + 1) * sizeof *list->items);
    for (size_t i = 0; i < list->count; i++) {
        const char *text = json_string_value(json_array_get(array, i));
        if (text == NULL)
            return false;
        list->items[i] = arena_strdup(run->arena, text);
    }
    return true;
}

static char *options_text(const Settings *settings)
{
    json_t *patterns = json_array();
    for (size_t i = 0; i < settings->filter.count; i++) {
        const FilterPattern *p = &settings->filter.items[i];
        json_array_append_new(patterns,
                              json_pack("{s:i, s:b, s:s, s:s}", "kind", (int)p->kind, "children",
                                        (int)p->children, "text", p->text, "origin", p->origin));
    }
    json_t *options = json_pack("{s:o, s:o, s:o}", "filter", patterns, "where",
                                texts(&settings->where), "mask", texts(&settings->mask));
    char *text = json_dumps(options, JSON_COMPACT);
    json_decref(options);
    return text;
}

static bool read_options(Run *run, const char *text, Settings *settings, Error *err)
{
    Filter *filter = &settings->filter;
    json_t *options = json_loads(text, 0, NULL);
    const json_t *patterns = json_object_get(options, "filter");
    filter->count = json_array_size(patterns);
    filter->items = arena_alloc(run->arena, (filter->count + 1) * sizeof *filter->items);
    bool ok = options != NULL;
    for (size_t i = 0; i < filter->count && ok; i++) {
        int kind, children;
        const char *pattern, *origin;
        ok = json_unpack(json_array_get(patterns, i), "{s:i, s:b, s:s, s:s}", "kind", &kind,
                         "children", &children, "text", &pattern, "origin", &origin) == 0 &&
             kind >= 0 && kind < FILTER_KIND_COUNT;
        if (ok)
            filter->items[i] = (FilterPattern){.kind = (FilterKind)kind,
                                               .children = children != 0,
                                               .text = arena_strdup(run->arena, pattern),
                                               .origin = arena_strdup(run->arena, origin)};
    }
    ok = ok && read_texts(run, json_object_get(options, "where"), &settings->where) &&
         read_texts(run, json_object_get(options, "mask"), &settings->mask);
    json_decref(options);
    return ok || error_set(err, ERROR_PREFLIGHT, "the dump's filters make no sense");
}

static bool read_key(const Settings *settings, DumpKey **key, Error *err)
{
    return settings->key_file == NULL || dumpkey_read(settings->key_file, key, err);
}

/* ---- standing in for the source --------------------------------------------------------- */

void dump_close(Dump *dump)
{
    if (dump == NULL)
        return;
    tape_free(TAKE(dump->tape));
    dumpkey_free(TAKE(dump->key));
    if (dump->folder.fd >= 0)
        close(dump->folder.fd);
    dump->folder.fd = -1;
}

static bool read_tape(Dump *dump, Error *err)
{
    AUTO(chunkfile_close) ChunkReader *reader = NULL;
    AUTO(str_clear) Str bytes = STR_INIT;
    const ManifestFile *file = &dump->manifest.catalog;
    if (!chunkfile_open(dump->folder.fd, file->file, dump->key, &file->info, &reader, err))
        return false;
    for (size_t n = 1; n > 0;) {
        char piece[65536];
        if (!chunkfile_read(reader, piece, sizeof piece, &n, err))
            return false;
        str_add_bytes(&bytes, piece, n);
    }
    return tape_load(str_text(&bytes), bytes.len, &dump->tape, err);
}

bool dump_answers(const Settings *settings, Error *err)
{
    if (settings->verify == VERIFY_CHECKSUM) {
        error_set(err, ERROR_USAGE, "a dump cannot be asked for checksums of its rows");
        return error_hint(err, "Leave out --verify checksum: the dump's files have digests.");
    }
    if (settings->large_objects || settings->roles) {
        error_set(err, ERROR_USAGE, "a dump holds neither large objects nor roles");
        return error_hint(err, "Leave out --large-objects and --roles, or migrate from the source "
                               "itself.");
    }
    return true;
}

/* Sooner than when its turn comes: whether each file is there, and as long as it should be. */
static bool check_files(const Dump *dump, Error *err)
{
    const Manifest *m = &dump->manifest;
    for (size_t i = 0; i < m->table_count; i++)
        for (size_t k = 0; k < m->tables[i].chunk_count; k++) {
            const ManifestFile *file = &m->tables[i].chunks[k];
            struct stat facts;
            bool there = fstatat(dump->folder.fd, file->file, &facts, AT_SYMLINK_NOFOLLOW) == 0;
            if (there && facts.st_size == file->info.stored_bytes)
                continue;
            error_set(err, ERROR_PREFLIGHT, "dump file %s (rows of %s.%s) %s", file->file,
                      m->tables[i].schema, m->tables[i].name,
                      !there                                    ? "is missing"
                      : facts.st_size < file->info.stored_bytes ? "is cut off"
                                                                : "is too long");
            return error_hint(err, "Copy it again from where it was written, or dump again.");
        }
    return true;
}

static int compare_tables(const void *a, const void *b)
{
    const ManifestTable *x = *(const ManifestTable *const *)a;
    const ManifestTable *y = *(const ManifestTable *const *)b;
    int order = strcmp(x->schema, y->schema);
    return order != 0 ? order : strcmp(x->name, y->name);
}

static void sort_tables(Dump *dump, Arena *arena)
{
    size_t count = dump->manifest.table_count;
    dump->tables = arena_alloc(arena, (count + 1) * sizeof *dump->tables);
    for (size_t i = 0; i < count; i++)
        dump->tables[i] = &dump->manifest.tables[i];
    qsort(dump->tables, count, sizeof *dump->tables, compare_tables);
}

static bool refuse_doubles(const Settings *settings, Error *err)
{
    if (settings->source != NULL || settings->spill_dir != NULL) {
        error_set(err, ERROR_USAGE, "--from-dump stands in for the source: both are given");
        return error_hint(err, "Leave out --source and --spill-dir.");
    }
    if (settings->filter.count == 0 && !subset_is_asked(settings))
        return true;
    error_set(err, ERROR_USAGE, "what is taken was decided when the dump was made");
    return error_hint(err,
                      "Leave out --schema, --table, the options that exclude, --filter, --where "
                      "and --mask; or dump again with them.");
}

bool dump_open(Run *run, Error *err)
{
    if (!refuse_doubles(run->settings, err) || !dump_answers(run->settings, err))
        return false;
    Dump *dump = arena_alloc(run->arena, sizeof *dump);
    Settings *settings = arena_alloc(run->arena, sizeof *settings);
    dump->folder.fd = -1;
    run->dump = dump;
    *settings = *run->settings;
    if (!read_key(settings, &dump->key, err) ||
        !manifest_open_folder(settings->from_dump, &dump->folder.fd, err))
        return false;
    if (!manifest_read(dump->folder.fd, dump->key, run->arena, &dump->manifest, err) ||
        !check_files(dump, err) || !read_tape(dump, err) ||
        !read_options(run, dump->manifest.options, settings, err))
        return error_wrap(err, "folder %s", settings->from_dump);
    run->settings = settings;
    sort_tables(dump, run->arena);
    dump->folder.key = dump->key;
    return conn_open_tape(dump->tape, CONN_SOURCE, run->cancel, &run->source, err);
}

/* What is left there has the source's rows in it. */
static void remove_folder(Run *run, const char *path, int folder)
{
    AUTO(error_clear) Error failure = ERROR_INIT;
    if (!manifest_remove_folder(path, folder, &failure))
        run_warning(run, "rows of the source may be left: %s", failure.message);
}

void dump_remove(Run *run)
{
    remove_folder(run, run->settings->from_dump, run->dump->folder.fd);
}

const ManifestTable *dump_table(const Dump *dump, const char *schema, const char *name)
{
    const ManifestTable wanted = {.schema = schema, .name = name}, *key = &wanted;
    const ManifestTable **found = bsearch(&key, dump->tables, dump->manifest.table_count,
                                          sizeof *dump->tables, compare_tables);
    return found != NULL ? *found : NULL;
}

const ManifestFile *dump_chunk(const Dump *dump, const CopyChunk *chunk)
{
    const Object *name = &chunk->table->source->object;
    const ManifestTable *table = dump_table(dump, name->schema, name->name);
    bool there = table != NULL && (size_t)chunk->ordinal < table->chunk_count &&
                 (size_t)chunk->chunks == table->chunk_count;
    return there ? &table->chunks[chunk->ordinal] : NULL;
}

/* ---- making one: what is asked ----------------------------------------------------------- */

/* One chunk on its way into a file. */
typedef struct DumpTask {
    const CopyChunk *chunk;
    ManifestFile *file;
} DumpTask;

typedef struct Dumper {
    Run *run;
    const char *path;
    Plan plan;
    Snapshot snapshot;
    Manifest manifest;
    CopyFolder folder;
    DumpTask *tasks; /* the largest first */
    size_t task_count;
    CopySizes sizes;
    int64_t bytes_total;
    _Atomic size_t next;
    _Atomic int64_t bytes_done;
    _Atomic int workers_left;
    CopyCounters counters;
    Cancel *cancel;
    int64_t started;
} Dumper;

/* The part of a destination is played by the source, read only: prepare's questions about both are
 * asked as always, and those about the source are kept. What its checks find means nothing here. */
static bool open_mirror(Run *run, Error *err)
{
    const ConnSpec spec = {.side = CONN_DEST, .conninfo = run->settings->source, .purpose = "dump"};
    return conn_open(&spec, run->cancel, &run->dest, err) &&
           conn_exec(run->dest, "SET default_transaction_read_only = on", err);
}

static bool ask_for_keys(Dumper *d, Error *err)
{
    const Model *source = d->plan.source;
    for (size_t i = 0; i < source->tables.count; i++) {
        const char *const *keys = NULL;
        size_t count = 0;
        Oid oid = source->tables.items[i].object.address.oid;
        if (!synctable_key(d->run, d->run->source, oid, d->run->source, oid, &keys, &count, err))
            return false;
    }
    for (size_t i = 0; i < source->constraints.count; i++) {
        const Constraint *constraint = &source->constraints.items[i];
        if (constraint->contype == 'f' &&
            !latekey_ask(d->run->source, constraint->object.address.oid, err))
            return false;
    }
    return true;
}

/* `run` tells nobody: what is found about a destination is not true of any. */
static bool ask(Dumper *d, Run *run, Error *err)
{
    json_t *roles = json_object();
    checks_begin(run);
    bool ok = preflight_servers(run, err);
    checks_begin(run); /* forgets what they found */
    ok = ok && snapshot_take(run, &d->snapshot, err) && checks_savepoint(run, err) &&
         preflight_plan(run, &d->plan, err) && membergrants_collect(run, roles, err);
    json_decref(roles);
    if (!ok)
        return false;
    if (d->plan.source == NULL || (subset_is_asked(run->settings) && d->plan.subset == NULL))
        return checks_verdict(run, err);
    d->run->scope = run->scope;
    return sourceid_check(run, &d->plan.schemas, &d->snapshot, err) &&
           obstacles_ask(run, &d->plan, err) && ask_for_keys(d, err);
}

/* Of what will not be in it. */
static bool warn(Dumper *d, Error *err)
{
    return selection_report(d->run, d->plan.source, err) && extensionrows_undumped(d->run, err) &&
           roles_tell(d->run, &d->plan, err);
}

static bool ask_quietly(Dumper *d, Error *err)
{
    Run quiet;
    run_quiet_begin(d->run, &quiet);
    quiet.source = d->run->source;
    quiet.dest = d->run->dest;
    bool ok = ask(d, &quiet, err);
    quiet.source = quiet.dest = NULL; /* the run's own */
    run_quiet_end(&quiet);
    if (!ok)
        return false;
    json_object_set_new(d->run->result, "source_as_of", json_string(d->snapshot.as_of));
    log_info(&d->run->log, "source as of %s, %zu tables locked for reading", d->snapshot.as_of,
             d->snapshot.tables);
    return d->run->command != PGZM_DUMP || warn(d, err); /* prepare has done so */
}

/* ---- making one: rows --------------------------------------------------------------------- */

static int by_weight(const void *a, const void *b)
{
    const DumpTask *x = a, *y = b;
    return (x->chunk->weight < y->chunk->weight) - (x->chunk->weight > y->chunk->weight);
}

/* Text of servers before 15 has such values as bytes that are no text. */
static bool note_wide_chars(Dumper *d, const WideChars *chars, const CopyTable *way,
                            const char *reason, ManifestTable *made, Error *err)
{
    const char *column = NULL;
    if (!widechar_is_octal(conn_version(d->run->source)))
        return widechar_refuse(d->run, &d->plan, chars, way, reason, err);
    if (!widechar_find(d->run, &d->plan, chars, way, &column, err))
        return false;
    made->wide_chars = column != NULL;
    return true;
}

/* Of the names in the files: those of tables may be anything. */
static bool add_table(Dumper *d, const Table *table, const WideChars *chars, const char *reason,
                      CopyChunks *chunks, Error *err)
{
    bool binary = reason == NULL;
    Arena *arena = d->run->arena;
    CopyTable *copy = arena_alloc(arena, sizeof *copy);
    *copy = (CopyTable){.source = table, .binary = binary, .only = true};
    subset_apply(&d->plan, copy);
    if (!split_find(d->run, &d->plan, &d->sizes, copy, err))
        return false;
    copy_plan(copy, conn_version(d->run->source), &d->sizes, arena, chunks);
    ManifestTable *made = &d->manifest.tables[d->manifest.table_count++];
    *made = (ManifestTable){.schema = table->object.schema,
                            .name = table->object.name,
                            .binary = binary,
                            .chunk_count = chunks->count};
    if (!binary && !note_wide_chars(d, chars, copy, reason, made, err))
        return false;
    made->columns = arena_alloc(arena, (table->column_count + 1) * sizeof *made->columns);
    made->chunks = arena_alloc(arena, (chunks->count + 1) * sizeof *made->chunks);
    for (size_t i = 0; i < table->column_count; i++)
        if (column_is_copied(&table->columns[i]))
            made->columns[made->column_count++] = table->columns[i].name;
    for (size_t i = 0; i < chunks->count; i++)
        made->chunks[i].file = arena_printf(arena, "t%zu.%zu", d->manifest.table_count, i + 1);
    d->bytes_total += table->total_bytes;
    return true;
}

/* Why a table's rows are text: NULL when every destination reads them in binary. Which one it will
 * be is not known yet, nor which version of an extension it has. */
static const char *text_reason(const Run *run, const BinaryTable *own)
{
    if (own == NULL)
        return "its types could not be read";
    if (own->foreign_types[0] != '\0')
        return "an extension's types";
    return binary_refusal(own, conn_version(run->source), own, CONN_VERSION_MIN, run->arena);
}

static bool make_tasks(Dumper *d, Error *err)
{
    Run *run = d->run;
    const Model *source = d->plan.source;
    BinaryTables types = {0};
    WideChars chars = {0};
    const char **live = journal_live_names(&d->plan.schemas, run->arena);
    if (!binary_read(run->source, live, d->plan.schemas.count, run->arena, &types, err))
        return error_wrap(err, "reading how types travel");
    if (!widechar_read(run, &d->plan, &chars, err))
        return false;
    d->sizes = tasks_sizes(run, source);
    CopyChunks *chunks = arena_alloc(run->arena, (source->tables.count + 1) * sizeof *chunks);
    d->manifest.tables =
        arena_alloc(run->arena, (source->tables.count + 1) * sizeof *d->manifest.tables);
    for (size_t i = 0; i < source->tables.count; i++) {
        const Table *table = &source->tables.items[i];
        if (!table_has_rows(table) || scope_is_rowless(run->scope, table->object.address.oid))
            continue;
        const BinaryTable *own = binary_find(&types, table->object.schema, table->object.name);
        const char *reason = text_reason(run, own);
        if (!add_table(d, table, &chars, reason, &chunks[d->manifest.table_count], err))
            return false;
        d->task_count += chunks[d->manifest.table_count - 1].count;
    }
    d->tasks = arena_alloc(run->arena, (d->task_count + 1) * sizeof *d->tasks);
    size_t n = 0;
    for (size_t i = 0; i < d->manifest.table_count; i++)
        for (size_t k = 0; k < chunks[i].count; k++)
            d->tasks[n++] = (DumpTask){&chunks[i].items[k], &d->manifest.tables[i].chunks[k]};
    qsort(d->tasks, n, sizeof *d->tasks, by_weight);
    return true;
}

static bool open_reader(Dumper *d, const char *path, size_t index, Conn **source, Error *err)
{
    AUTO(mem_free) char *purpose = mem_printf("dump %zu", index + 1);
    return snapshot_open_reader(d->run, d->cancel, purpose, path, d->snapshot.name, source, err) &&
           copy_open_source(*source, err);
}

static bool save_chunks(Dumper *d, size_t index, Error *err)
{
    AUTO(conn_free) Conn *source = NULL;
    const char *path = load_source_path(d->run, &d->plan);
    size_t at;
    while ((at = atomic_fetch_add(&d->next, 1)) < d->task_count) {
        const DumpTask *task = &d->tasks[at];
        if (!cancel_check(d->cancel, err) ||
            (source == NULL && !open_reader(d, path, index, &source, err)) ||
            !copy_chunk_save(source, task->chunk, &d->folder, task->file->file, &d->counters,
                             &task->file->info, err))
            return false;
        atomic_fetch_add(&d->bytes_done, task->chunk->weight);
    }
    return true;
}

static void send_progress(Dumper *d)
{
    const PgzmProgress progress = {.bytes_done = atomic_load(&d->bytes_done),
                                   .bytes_total = d->bytes_total,
                                   .wire_bytes = atomic_load(&d->counters.wire_bytes),
                                   .rows_done = atomic_load(&d->counters.rows),
                                   .tables_total = (int64_t)d->manifest.table_count,
                                   .elapsed_ms = clock_monotonic_ms() - d->started};
    events_send(d->run->events, &(PgzmEvent){.kind = PGZM_EVENT_PROGRESS, .progress = &progress});
}

/* The pool's last thread tells how far the others are. */
static bool work(void *context, size_t index, Error *err)
{
    Dumper *d = context;
    if (index < (size_t)d->run->settings->jobs) {
        bool ok = save_chunks(d, index, err);
        atomic_fetch_sub(&d->workers_left, 1);
        return ok;
    }
    while (atomic_load(&d->workers_left) > 0 && cancel_sleep(d->cancel, PROGRESS_MS))
        send_progress(d);
    return true;
}

static bool save_rows(Dumper *d, Error *err)
{
    AUTO(cancel_free) Cancel *cancel = cancel_new(d->run->cancel);
    AUTO(throttle_free) Throttle *throttle = throttle_new(d->run->settings->max_rate, cancel);
    size_t jobs = (size_t)d->run->settings->jobs;
    run_phase(d->run, "save");
    d->cancel = cancel;
    d->counters = (CopyCounters){.pace = throttle_pass, .pace_context = throttle};
    d->started = clock_monotonic_ms();
    atomic_store(&d->workers_left, (int)jobs);
    if (!make_tasks(d, err) || !pool_run(jobs + 1, work, d, cancel, err))
        return false;
    log_info(&d->run->log, "saved %lld rows of %zu tables in %zu files",
             (long long)atomic_load(&d->counters.rows), d->manifest.table_count, d->task_count);
    return true;
}

/* ---- making one: the end ------------------------------------------------------------------ */

static bool save_tape(Dumper *d, const Tape *tape, Error *err)
{
    AUTO(chunkfile_discard) ChunkWriter *writer = NULL;
    AUTO(str_clear) Str bytes = STR_INIT;
    tape_save(tape, &bytes);
    d->manifest.catalog.file = CATALOG_FILE;
    return chunkfile_create(d->folder.fd, CATALOG_FILE, d->folder.key, CATALOG_LEVEL, &writer,
                            err) &&
           chunkfile_write(writer, bytes.text, bytes.len, err) &&
           chunkfile_finish(TAKE(writer), -1, &d->manifest.catalog.info, err);
}

static bool save_manifest(Dumper *d, Error *err)
{
    Run *run = d->run;
    char *options = options_text(run->settings);
    Manifest *m = &d->manifest;
    m->tool = pgzm_version();
    m->server = conn_version(run->source);
    m->database = conn_database(run->source);
    m->encoding = conn_parameter(run->source, "client_encoding");
    m->as_of = d->snapshot.as_of;
    m->options = options;
    bool ok = options != NULL && manifest_write(d->folder.fd, d->folder.key, m, err);
    free(options);
    return ok;
}

static void describe(Dumper *d)
{
    json_t *result = d->run->result;
    int64_t stored = d->manifest.catalog.info.stored_bytes;
    for (size_t i = 0; i < d->task_count; i++)
        stored += d->tasks[i].file->info.stored_bytes;
    json_object_set_new(result, "tables", json_integer((json_int_t)d->manifest.table_count));
    json_object_set_new(result, "rows", json_integer(atomic_load(&d->counters.rows)));
    json_object_set_new(result, "bytes", json_integer(atomic_load(&d->counters.wire_bytes)));
    json_object_set_new(result, "stored_bytes", json_integer(stored));
}

static bool save_files(Dumper *d, Tape *tape, Error *err)
{
    Run *run = d->run;
    if (!save_rows(d, err) || !sequences_ask(run, &d->plan, err))
        return false;
    conn_record(run->source, NULL);
    run_phase(run, "write");
    return save_tape(d, tape, err) && save_manifest(d, err);
}

static bool make(Dumper *d, Tape *tape, Error *err)
{
    Run *run = d->run;
    run_phase(run, "snapshot");
    if (!run_open_source(run, err) || !open_mirror(run, err))
        return false;
    conn_record(run->source, tape);
    if (!ask_quietly(d, err))
        return false;
    plan_forget_statements(&d->plan);
    if (!save_files(d, tape, err))
        return error_wrap(err, "saving into folder %s", d->path);
    describe(d);
    return true;
}

bool dump_save(Run *run, const char *path, Error *err)
{
    AUTO(tape_free) Tape *tape = tape_new();
    AUTO(dumpkey_free) DumpKey *key = NULL;
    Dumper *d = arena_alloc(run->arena, sizeof *d);
    d->run = run;
    d->path = path;
    if (!read_key(run->settings, &key, err) ||
        !manifest_create_folder(path, key, &d->folder.fd, err))
        return false;
    d->folder.key = key;
    bool ok = make(d, tape, err);
    conn_free(TAKE(run->source)); /* before its tape */
    conn_free(TAKE(run->dest));
    run->scope = NULL;
    if (!ok)
        remove_folder(run, path, d->folder.fd);
    close(d->folder.fd);
    return ok;
}

bool command_dump(Run *run, Error *err)
{
    if (run->settings->dir == NULL) {
        error_set(err, ERROR_USAGE, "no folder is given");
        return error_hint(err, "Say --dir: a folder that does not exist yet.");
    }
    json_object_set_new(run->result, "dir", json_string(run->settings->dir));
    return dump_save(run, run->settings->dir, err);
}
