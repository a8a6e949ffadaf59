#include "engine/taskstore.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "copy/statement.h"
#include "engine/dump.h"

/* ---- writing --------------------------------------------------------------------------- */

/* Rows of one INSERT: the memory that their text takes does not grow with the database. */
enum { ROWS_AT_ONCE = 500 };

/* What the schedule knows of a task; by id - 1. */
typedef struct Known {
    int64_t weight;
    size_t first_need, need_count; /* among Writer.needs */
    bool exclusive;
} Known;

/* Owned: known, needs. */
typedef struct Writer {
    const Run *run;
    Known *known;
    int *needs; /* ids */
} Writer;

static void know(void *context, void *payload, int64_t weight, bool exclusive)
{
    Known *known = context;
    const LoadTask *task = payload;
    known[task->id - 1].weight = weight;
    known[task->id - 1].exclusive = exclusive;
}

static void count_need(void *context, void *payload, void *earlier)
{
    (void)earlier;
    Known *known = context;
    known[((const LoadTask *)payload)->id - 1].need_count++;
}

static void note_need(void *context, void *payload, void *earlier)
{
    Writer *writer = context;
    Known *known = &writer->known[((const LoadTask *)payload)->id - 1];
    writer->needs[known->first_need + known->need_count++] = ((const LoadTask *)earlier)->id;
}

static void know_all(Writer *writer, const Schedule *schedule, size_t count)
{
    writer->known = mem_alloc((count + 1) * sizeof *writer->known);
    schedule_each(schedule, know, writer->known);
    schedule_each_need(schedule, count_need, writer->known);
    size_t needs = 0;
    for (size_t i = 0; i < count; i++) {
        writer->known[i].first_need = needs;
        needs += writer->known[i].need_count;
        writer->known[i].need_count = 0;
    }
    writer->needs = mem_alloc((needs + 1) * sizeof *writer->needs);
    schedule_each_need(schedule, note_need, writer);
}

static json_t *describe_texts(const char *const *texts, size_t count)
{
    json_t *json = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(json, json_string(texts[i]));
    return json;
}

/* As text: the column is json, and json_to_recordset would print it again. */
static char *describe_copy(const Run *run, const LoadTask *task)
{
    const CopyChunk *chunk = task->chunk;
    AUTO(str_clear) Str read = STR_INIT;
    AUTO(str_clear) Str load = STR_INIT;
    AUTO(str_clear) Str empty = STR_INIT;
    const Object *table = &chunk->table->source->object;
    statement_add_read(&read, run->source, chunk);
    statement_add_load(&load, run->dest, chunk);
    if (statement_freezes(chunk))
        statement_add_truncate(&empty, run->dest, chunk);
    json_t *json = json_pack("{s:s, s:s, s:i, s:i, s:s, s:s, s:s*}", "schema", table->schema,
                             "name", table->name, "part", chunk->ordinal + 1, "parts",
                             chunk->chunks, "read", str_text(&read), "load", str_text(&load),
                             "truncate", empty.len > 0 ? str_text(&empty) : NULL);
    if (task->tail != NULL) {
        const TaskTail *tail = task->tail;
        json_object_set_new(json, "builds", json_integer((json_int_t)tail->builds));
        json_object_set_new(json, "then", describe_texts(tail->statements, tail->count));
        json_object_set_new(json, "makes", describe_texts(tail->makes, tail->make_count));
    }
    char *text = json_dumps(json, JSON_COMPACT);
    json_decref(json);
    return text;
}

static json_t *describe_task(const Writer *writer, const LoadTask *task)
{
    const Known *known = &writer->known[task->id - 1];
    json_t *row = json_pack("{s:i, s:s, s:s, s:s?, s:I, s:I, s:i, s:b, s:b, s:b}", "id", task->id,
                            "kind", task->kind_name, "label", task->label, "statement",
                            task->statement, "relation", (json_int_t)task->relation, "weight",
                            (json_int_t)known->weight, "class", task->class, "exclusive",
                            known->exclusive, "builds", task->builds, "done", task->made);
    if (known->need_count > 0) {
        AUTO(str_clear) Str needs = STR_INIT;
        for (size_t i = 0; i < known->need_count; i++)
            str_addf(&needs, "%c%d", i == 0 ? '{' : ',', writer->needs[known->first_need + i]);
        str_add(&needs, "}");
        json_object_set_new(row, "needs", json_string(str_text(&needs)));
    }
    if (task->chunk != NULL) {
        char *chunk = describe_copy(writer->run, task);
        json_object_set_new(row, "chunk", json_string(chunk));
        free(chunk);
    }
    return row;
}

static bool insert_rows(const Writer *writer, LoadTask *const *tasks, size_t count, Error *err)
{
    const Run *run = writer->run;
    json_t *rows = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(rows, describe_task(writer, tasks[i]));
    char *text = json_dumps(rows, JSON_COMPACT);
    json_decref(rows);
    const char *const values[] = {journal_id_text(run->arena, run->id), text};
    AUTO(result_free) PGresult *result = NULL;
    bool ok =
        text != NULL &&
        conn_query(run->dest,
                   "INSERT INTO pgzm.task (migration, id, kind, label, statement, relation,"
                   " exclusive, builds, class, weight, needs, chunk, done, done_at)"
                   " SELECT $1::bigint, id, kind, label, statement, relation::oid, exclusive,"
                   " builds, class, weight, needs::integer[], chunk::json, done,"
                   " CASE WHEN done THEN clock_timestamp() END FROM json_to_recordset($2::json)"
                   " AS t(id integer, kind text, label text, statement text, relation bigint,"
                   " exclusive boolean, builds boolean, class integer, weight bigint, needs text, "
                   "chunk text,"
                   " done boolean)",
                   2, values, &result, err);
    free(text);
    return ok;
}

static bool insert_all(const Writer *writer, const LoadTasks *tasks, Error *err)
{
    for (size_t i = 0; i < tasks->count; i += ROWS_AT_ONCE) {
        size_t rest = tasks->count - i;
        if (!insert_rows(writer, tasks->items + i, rest < ROWS_AT_ONCE ? rest : ROWS_AT_ONCE, err))
            return false;
    }
    return true;
}

/* In one transaction: who goes on with the load, or helps with it, finds all of them or none. */
bool taskstore_record(Run *run, const Schedule *schedule, const LoadTasks *tasks, Error *err)
{
    Writer writer = {.run = run};
    know_all(&writer, schedule, tasks->count);
    bool ok = conn_exec(run->dest, "BEGIN", err) && insert_all(&writer, tasks, err) &&
              conn_exec(run->dest, "COMMIT", err);
    mem_free(writer.known);
    mem_free(writer.needs);
    if (!ok)
        conn_rollback(run->dest);
    return ok || error_wrap(err, "writing the tasks to the journal");
}

/* ---- reading --------------------------------------------------------------------------- */

/* Order in which tasks of an unfinished load are done: simpler than the one in which they were
 * made, where a table's indexes do not wait for other tables' rows. */
enum { STAGE_ROWS, STAGE_STATEMENTS, STAGE_REFRESHES, STAGE_ANALYZES, STAGES };

/* Columns of the query below. */
enum {
    ID,
    KIND,
    LABEL,
    STATEMENT,
    RELATION,
    EXCLUSIVE,
    BUILDS,
    CLASS,
    WEIGHT,
    NEEDS,
    CHUNK,
    DONE,
    ROWS
};

typedef struct Reader {
    Run *run;
    Schedule *schedule;
    LoadTasks *tasks;
    TaskstoreDone *before;
    const PGresult *rows;
    size_t points[STAGES]; /* all of a stage is done */
    int *stages;           /* by row */
    size_t *numbers;       /* by row; of those that are not done */
    int row_of_last_copy;
} Reader;

static const char *copied(const json_t *json, const char *key, Arena *arena)
{
    const char *text = json_string_value(json_object_get(json, key));
    return text == NULL ? NULL : arena_strdup(arena, text);
}

static const char **copied_all(const json_t *json, const char *key, size_t *count, Arena *arena)
{
    const json_t *texts = json_object_get(json, key);
    const char **copies = arena_alloc(arena, (json_array_size(texts) + 1) * sizeof *copies);
    for (*count = 0; *count < json_array_size(texts); ++*count)
        copies[*count] = arena_strdup(arena, json_string_value(json_array_get(texts, *count)));
    return copies;
}

bool taskstore_copy(LoadTask *task, const char *text, int64_t weight, Arena *arena)
{
    json_t *json = json_loads(text, 0, NULL);
    TaskTail *tail = arena_alloc(arena, sizeof *tail);
    Table *table = arena_alloc(arena, sizeof *table);
    CopyTexts *texts = arena_alloc(arena, sizeof *texts);
    CopyTable *way = arena_alloc(arena, sizeof *way);
    CopyChunk *chunk = arena_alloc(arena, sizeof *chunk);
    table->object.schema = copied(json, "schema", arena);
    table->object.name = copied(json, "name", arena);
    *texts = (CopyTexts){.read = copied(json, "read", arena),
                         .truncate = copied(json, "truncate", arena),
                         .load = copied(json, "load", arena)};
    *way = (CopyTable){.source = table, .may_freeze = texts->truncate != NULL};
    *chunk = (CopyChunk){.table = way,
                         .ordinal = (int)json_integer_value(json_object_get(json, "part")) - 1,
                         .chunks = (int)json_integer_value(json_object_get(json, "parts")),
                         .end_page = -1,
                         .weight = weight,
                         .texts = texts};
    *tail = (TaskTail){0};
    tail->statements = copied_all(json, "then", &tail->count, arena);
    tail->makes = copied_all(json, "makes", &tail->make_count, arena);
    tail->builds = (size_t)json_integer_value(json_object_get(json, "builds"));
    task->tail = tail;
    task->chunk = chunk;
    json_decref(json);
    return texts->read != NULL && texts->load != NULL && table->object.schema != NULL &&
           table->object.name != NULL;
}

static const char *cell(const Reader *reader, int row, int column)
{
    return PQgetisnull(reader->rows, row, column) ? NULL : PQgetvalue(reader->rows, row, column);
}

static int64_t number_in(const Reader *reader, int row, int column)
{
    const char *text = cell(reader, row, column);
    return text == NULL ? 0 : strtoll(text, NULL, 10);
}

static bool is_set(const Reader *reader, int row, int column)
{
    return PQgetvalue(reader->rows, row, column)[0] == 't';
}

/* Calls for each row that this one needs; ids are positions, since all of them are read. */
#define EACH_NEED(reader, row, need)                                                               \
    for (const char *at_ = cell(reader, row, NEEDS);                                               \
         at_ != NULL && (at_ = strpbrk(at_, "0123456789")) != NULL;                                \
         at_ += strspn(at_, "0123456789"))                                                         \
        for (int need = atoi(at_) - 1, once_ = 1; once_ != 0; once_ = 0)

static int stage_of(const Reader *reader, int row)
{
    const char *kind = cell(reader, row, KIND);
    int stage = strcmp(kind, "copy") == 0      ? STAGE_ROWS
                : strcmp(kind, "refresh") == 0 ? STAGE_REFRESHES
                : strcmp(kind, "analyze") == 0 ? STAGE_ANALYZES
                                               : STAGE_STATEMENTS;
    EACH_NEED(reader, row, need)
    if (need >= 0 && need < row && reader->stages[need] > stage)
        stage = reader->stages[need];
    return stage;
}

static bool make_task(Reader *reader, int row, LoadTask *task, Error *err)
{
    Arena *arena = reader->run->arena;
    const char *statement = cell(reader, row, STATEMENT), *chunk = cell(reader, row, CHUNK);
    *task = (LoadTask){.id = (int)number_in(reader, row, ID),
                       .kind_name = arena_strdup(arena, cell(reader, row, KIND)),
                       .label = arena_strdup(arena, cell(reader, row, LABEL)),
                       .statement = statement == NULL ? NULL : arena_strdup(arena, statement),
                       .relation = (Oid)number_in(reader, row, RELATION),
                       .builds = is_set(reader, row, BUILDS),
                       .class = (int)number_in(reader, row, CLASS)};
    task->kind = strcmp(task->kind_name, "copy") == 0      ? TASK_COPY
                 : strcmp(task->kind_name, "analyze") == 0 ? TASK_ANALYZE
                                                           : TASK_STATEMENT;
    bool whole =
        task->kind == TASK_COPY
            ? chunk != NULL && taskstore_copy(task, chunk, number_in(reader, row, WEIGHT), arena)
            : task->statement != NULL;
    if (task->kind == TASK_COPY && whole && reader->run->dump != NULL) {
        task->file = dump_chunk(reader->run->dump, task->chunk);
        if (task->file == NULL)
            return error_set(err, ERROR_STATE, "the dump does not hold %s", task->label);
    }
    return whole ||
           error_set(err, ERROR_STATE, "the journal does not say how to do %s", task->label);
}

/* The chunks of a table follow each other. */
static _Atomic int *chunks_left(Reader *reader, int row)
{
    int count = 0, open = 0;
    for (int i = row; i < PQntuples(reader->rows) && strcmp(cell(reader, i, KIND), "copy") == 0 &&
                      number_in(reader, i, RELATION) == number_in(reader, row, RELATION);
         i++, count++)
        open += !is_set(reader, i, DONE);
    reader->row_of_last_copy = row + count - 1;
    reader->tasks->tables_total++;
    reader->before->tables += open == 0;
    _Atomic int *left = arena_alloc(reader->run->arena, sizeof *left);
    *left = open;
    return left;
}

static void count(Reader *reader, int row, const LoadTask *task)
{
    int64_t weight = number_in(reader, row, WEIGHT), done = is_set(reader, row, DONE);
    int64_t builds = task->builds + (task->tail == NULL ? 0 : (int64_t)task->tail->builds);
    reader->tasks->builds_total += builds;
    reader->before->builds += done ? builds : 0;
    reader->before->tasks += done;
    if (task->kind != TASK_COPY)
        return;
    reader->tasks->bytes_total += weight;
    reader->before->bytes += done ? weight : 0;
    reader->before->rows += done ? number_in(reader, row, ROWS) : 0;
}

static void add_to_schedule(Reader *reader, int row, LoadTask *task)
{
    Schedule *schedule = reader->schedule;
    int stage = reader->stages[row];
    size_t number = schedule_add(schedule, task, number_in(reader, row, WEIGHT), task->relation,
                                 is_set(reader, row, EXCLUSIVE));
    reader->numbers[row] = number;
    schedule_class(schedule, number, task->class);
    if (task->builds)
        schedule_build(schedule, number);
    schedule_need(schedule, reader->points[stage], number);
    if (stage > STAGE_ROWS)
        schedule_need(schedule, number, reader->points[stage - 1]);
    EACH_NEED(reader, row, need)
    if (need >= 0 && need < row && !is_set(reader, need, DONE))
        schedule_need(schedule, number, reader->numbers[need]);
}

static bool read_rows(Reader *reader, Error *err)
{
    int rows = PQntuples(reader->rows);
    Arena *arena = reader->run->arena;
    _Atomic int *left = NULL;
    reader->stages = arena_alloc(arena, ((size_t)rows + 1) * sizeof *reader->stages);
    reader->numbers = arena_alloc(arena, ((size_t)rows + 1) * sizeof *reader->numbers);
    reader->tasks->items = arena_alloc(arena, ((size_t)rows + 1) * sizeof(LoadTask *));
    reader->tasks->count = reader->tasks->capacity = (size_t)rows;
    for (int row = 0; row < rows; row++) {
        LoadTask *task = arena_alloc(arena, sizeof *task);
        if (number_in(reader, row, ID) != row + 1)
            return error_set(err, ERROR_STATE, "the journal lacks task %d", row + 1);
        if (!make_task(reader, row, task, err))
            return false;
        if (task->kind == TASK_COPY && row > reader->row_of_last_copy)
            left = chunks_left(reader, row);
        task->table_chunks_left = left;
        reader->stages[row] = stage_of(reader, row);
        reader->tasks->items[row] = task;
        count(reader, row, task);
        if (!is_set(reader, row, DONE))
            add_to_schedule(reader, row, task);
    }
    return true;
}

bool taskstore_read(Run *run, Schedule *schedule, LoadTasks *tasks, TaskstoreDone *before,
                    Error *err)
{
    const char *const values[] = {journal_id_text(run->arena, run->id)};
    AUTO(result_free) PGresult *rows = NULL;
    if (!conn_query(run->dest,
                    "SELECT id, kind, label, statement, relation, exclusive, builds, class, weight,"
                    " needs, chunk, done, rows FROM pgzm.task WHERE migration = $1::bigint"
                    " ORDER BY id",
                    1, values, &rows, err))
        return error_wrap(err, "reading the tasks from the journal");
    Reader reader = {.run = run,
                     .schedule = schedule,
                     .tasks = tasks,
                     .before = before,
                     .rows = rows,
                     .row_of_last_copy = -1};
    *before = (TaskstoreDone){0};
    for (size_t i = 0; i < STAGES; i++) {
        reader.points[i] = schedule_add(schedule, NULL, 0, SCHEDULE_FREE, false);
        if (i > 0)
            schedule_need(schedule, reader.points[i], reader.points[i - 1]);
    }
    return read_rows(&reader, err);
}
