/*
 * replay.h - for the server suites of schema/: a source database is read, its statements are run in
 * a second database, and that one is read again.
 *
 * Threads: one. Failures fail the running Criterion test.
 */
#ifndef PGZM_TESTS_SCHEMA_REPLAY_H
#define PGZM_TESTS_SCHEMA_REPLAY_H

#include <criterion/criterion.h>
#include <string.h>

#include "base/conn.h"
#include "schema/catalog.h"
#include "schema/fragment.h"
#include "tests/harness/server.h"

typedef struct Replay {
    TestDatabase source, dest;
    Arena *arena;
    Model *model, *again;      /* of the source, of the destination */
    FragmentList list, relist; /* their statements */
} Replay;

static inline __attribute__((unused)) Conn *replay_connect(const TestDatabase *database,
                                                           ConnSide side)
{
    Error err = ERROR_INIT;
    Conn *conn = NULL;
    ConnSpec spec = {.side = side, .conninfo = database->conninfo};
    cr_assert(conn_open(&spec, NULL, &conn, &err), "%s", err.message);
    return conn;
}

static inline __attribute__((unused)) void replay_text(const char *a, const char *b)
{
    cr_assert((a == NULL) == (b == NULL) && (a == NULL || strcmp(a, b) == 0), "%s, not %s", b, a);
}

/* What waits for rows, made alone, is what it is among all. */
static inline __attribute__((unused)) void replay_check_post(const FragmentList *all,
                                                             const FragmentList *post)
{
    AUTO(mem_free) size_t *positions = mem_alloc((all->count + 1) * sizeof *positions);
    size_t count = 0;
    for (size_t i = 0; i < all->count; i++) {
        const Fragment *a = &all->items[i];
        positions[i] = SIZE_MAX;
        if (a->section != SECTION_POST || a->place != PLACE_SCHEMA)
            continue;
        cr_assert_lt(count, post->count, "no %s", a->label);
        const Fragment *b = &post->items[count];
        replay_text(a->sql, b->sql);
        replay_text(a->label, b->label);
        replay_text(a->identity, b->identity);
        replay_text(a->owner, b->owner);
        cr_assert(a->kind == b->kind && a->table == b->table && a->weight == b->weight, "%s",
                  a->label);
        size_t needs = 0;
        for (size_t k = 0; k < a->need_count; k++)
            if (positions[a->needs[k]] != SIZE_MAX)
                cr_assert(needs < b->need_count && b->needs[needs++] == positions[a->needs[k]],
                          "needs of %s", a->label);
        cr_assert_eq(needs, b->need_count, "needs of %s", a->label);
        positions[i] = count++;
    }
    cr_assert_eq(count, post->count);
}

/* Reads a database in one snapshot and makes its statements. */
static inline __attribute__((unused)) void replay_read(const TestDatabase *database, Arena *arena,
                                                       Model **model, FragmentList *list)
{
    AUTO(error_clear) Error err = ERROR_INIT;
    AUTO(conn_free) Conn *conn = replay_connect(database, CONN_SOURCE);
    CatalogScope scope = {0};
    cr_assert(conn_exec(conn, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", &err), "%s",
              err.message);
    cr_assert(catalog_read(conn, &scope, arena, model, &err), "%s", err.message);
    cr_assert(fragments_build(*model, conn_version(conn), conn, arena, list, &err), "%s (%s)",
              err.message, err.hint);
    FragmentList post;
    cr_assert(fragments_build_post(*model, conn_version(conn), conn, arena, &post, &err), "%s",
              err.message);
    replay_check_post(list, &post);
}

static inline __attribute__((unused)) void replay_run(const TestDatabase *database,
                                                      const FragmentList *list)
{
    AUTO(error_clear) Error err = ERROR_INIT;
    AUTO(conn_free) Conn *conn = replay_connect(database, CONN_DEST);
    for (size_t i = 0; i < list->count; i++)
        cr_assert(conn_exec(conn, list->items[i].sql, &err), "%s: %s\n%s", list->items[i].label,
                  err.message, list->items[i].sql);
}

/* The position of the only fragment of the kind whose label is `label`, arguments or "on table"
 * behind it aside. */
static inline __attribute__((unused)) size_t replay_find(const FragmentList *list,
                                                         FragmentKind kind, const char *label)
{
    size_t found = SIZE_MAX;
    for (size_t i = 0; i < list->count; i++) {
        const char *rest = list->items[i].label + strlen(label);
        if (list->items[i].kind == kind &&
            strncmp(list->items[i].label, label, strlen(label)) == 0 &&
            (*rest == '\0' || *rest == '(' || *rest == ' ')) {
            cr_assert_eq(found, SIZE_MAX, "two fragments %s", label);
            found = i;
        }
    }
    cr_assert_neq(found, SIZE_MAX, "no fragment %s", label);
    return found;
}

/* The same text but for double quotes, which names always have. */
static inline __attribute__((unused)) bool replay_equal(const char *a, const char *b)
{
    for (;; a++, b++) {
        a += strspn(a, "\"");
        b += strspn(b, "\"");
        if (*a != *b || *a == '\0')
            return *a == *b;
    }
}

/* True when some statement is this, double quotes aside. */
static inline __attribute__((unused)) bool replay_has(const FragmentList *list, const char *sql)
{
    for (size_t i = 0; i < list->count; i++) {
        if (replay_equal(list->items[i].sql, sql))
            return true;
    }
    return false;
}

/* Both lists are the same statements in the same order, with the same needs. */
static inline __attribute__((unused)) void replay_same(const FragmentList *first,
                                                       const FragmentList *second)
{
    for (size_t i = 0; i < first->count && i < second->count; i++) {
        const Fragment *a = &first->items[i];
        const Fragment *b = &second->items[i];
        cr_assert_str_eq(a->sql, b->sql, "statement %zu was\n%s\nand is\n%s", i, a->sql, b->sql);
        cr_assert_eq(a->section, b->section, "section of %s", a->label);
        cr_assert(a->need_count == b->need_count &&
                      memcmp(a->needs, b->needs, a->need_count * sizeof(*a->needs)) == 0,
                  "needs of %s", a->label);
    }
    cr_assert_eq(first->count, second->count, "%zu statements were, %zu are", first->count,
                 second->count);
}

/* The whole way for a script: what the destination says afterwards must be what the source said. */
static inline __attribute__((unused)) Replay replay(const char *label, const char *script)
{
    Replay r = {.source = test_database(label), .arena = arena_new()};
    test_sql(&r.source, script);
    replay_read(&r.source, r.arena, &r.model, &r.list);
    r.dest = test_database(label);
    replay_run(&r.dest, &r.list);
    replay_read(&r.dest, r.arena, &r.again, &r.relist);
    replay_same(&r.list, &r.relist);
    return r;
}

static inline __attribute__((unused)) void replay_end(Replay *r)
{
    arena_free(r->arena);
    test_database_drop(&r->source);
    test_database_drop(&r->dest);
}

#endif
