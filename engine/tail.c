#include "engine/tail.h"

#include <string.h>

#include "engine/small.h"
#include "schema/indexdef.h"

static void begin_alter(const Run *run, Str *s, const Table *shadow)
{
    str_add(s, "ALTER TABLE ONLY ");
    conn_add_name(run->dest, s, shadow->object.schema, shadow->object.name);
}

static void add_key(const Run *run, Str *s, const PlanIndex *index)
{
    str_add(s, " ADD CONSTRAINT ");
    conn_add_ident(run->dest, s, index->key->object.name);
    str_add(s, " ");
    indexdef_add_key(s, run->dest, index->key, index->index);
}

static const char *index_statement(const Run *run, const PlanIndex *index, const Table *shadow)
{
    AUTO(str_clear) Str s = STR_INIT;
    bool ok =
        indexdef_add_index(&s, run->dest, index->index, shadow->object.schema, shadow->object.name);
    return ok ? arena_strdup(run->arena, str_text(&s)) : NULL; /* small_find took no such */
}

static const char *index_label(const Run *run, const PlanIndex *index, const Table *shadow)
{
    return fragment_label(arena_printf(run->arena, "%s %s.%s", fragment_kind_name(FRAGMENT_INDEX),
                                       shadow->object.schema, index->index->object.name),
                          run->arena);
}

static const char *key_label(const Run *run, const PlanIndex *index, const Table *shadow)
{
    return fragment_label(
        arena_printf(run->arena, "%s %s on %s.%s", fragment_kind_name(FRAGMENT_CONSTRAINT),
                     index->key->object.name, shadow->object.schema, shadow->object.name),
        run->arena);
}

TaskTail *tail_new(Run *run, const Plan *plan, const Table *source, const Table *shadow)
{
    size_t count = 0;
    const PlanIndex *indexes = small_with_rows(plan, source, &count);
    TaskTail *tail = arena_alloc(run->arena, sizeof *tail);
    /* one for all keys, one for statistics */
    *tail = (TaskTail){.statements = arena_alloc(run->arena, (count + 2) * sizeof(char *)),
                       .builds = count,
                       .makes = arena_alloc(run->arena, (2 * count + 1) * sizeof(char *))};
    AUTO(str_clear) Str keys = STR_INIT;
    for (size_t i = 0; i < count; i++) {
        tail->makes[tail->make_count++] = index_label(run, &indexes[i], shadow);
        if (indexes[i].key == NULL)
            continue;
        tail->makes[tail->make_count++] = key_label(run, &indexes[i], shadow);
        if (keys.len == 0)
            begin_alter(run, &keys, shadow);
        else
            str_add(&keys, ",");
        add_key(run, &keys, &indexes[i]);
    }
    if (keys.len > 0)
        tail_add(tail, arena_strdup(run->arena, str_text(&keys)));
    for (size_t i = 0; i < count; i++)
        if (indexes[i].key == NULL)
            tail_add(tail, index_statement(run, &indexes[i], shadow));
    return tail;
}

void tail_add(TaskTail *tail, const char *statement)
{
    tail->statements[tail->count++] = statement;
}

void tail_single(Run *run, const PlanIndex *index, const Table *shadow, LoadTask *task)
{
    task->kind = TASK_STATEMENT;
    task->builds = true;
    task->relation = shadow->object.address.oid;
    if (index->key == NULL) {
        task->kind_name = fragment_kind_name(FRAGMENT_INDEX);
        task->label = index_label(run, index, shadow);
        task->statement = index_statement(run, index, shadow);
        return;
    }
    AUTO(str_clear) Str s = STR_INIT;
    begin_alter(run, &s, shadow);
    add_key(run, &s, index);
    task->kind_name = fragment_kind_name(FRAGMENT_CONSTRAINT);
    task->label = key_label(run, index, shadow);
    task->statement = arena_strdup(run->arena, str_text(&s));
}
