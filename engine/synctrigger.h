/*
 * synctrigger.h - inside engine/ only: the text of the functions and triggers that carry changes of
 * one table to another of the same key, and of those that copy its rows.
 *
 * Threads: any; quoting only.
 */
#ifndef PGZM_ENGINE_SYNCTRIGGER_H
#define PGZM_ENGINE_SYNCTRIGGER_H

#include "base/conn.h"
#include "base/mem.h"

/* A partition, at any level. Raw names. */
typedef struct SyncPart {
    const char *schema, *name;
} SyncPart;

/* One direction of a preserved table. Names are raw. */
typedef struct SyncTrigger {
    int id;                              /* pgzm.preserved.id */
    bool reverse;                        /* from the new table to the old one */
    const char *from_schema, *from_name; /* gets the triggers */
    const char *to_schema, *to_name;     /* is written */
    bool from_partitioned, to_partitioned;
    const SyncPart *parts; /* of the first: a statement that names one fires only its triggers */
    size_t part_count;
    const char *const *columns; /* carried: on both sides, not generated where they are written */
    const bool *fixed; /* of each: GENERATED ALWAYS AS IDENTITY where it is written; NULL: none */
    size_t column_count;
    const char *const *keys;      /* among the columns */
    const char *const *key_types; /* in the first table, as the server prints it, no typmod */
    size_t key_count;
    const char *path; /* schemas of the keys' operators, quoted, each after a comma; "" for none
                         but pg_catalog */
    bool upsert;      /* the second has an index on the keys that ON CONFLICT can use */
    const char *const *deferred; /* its constraints that are INITIALLY DEFERRED */
    size_t deferred_count;
} SyncTrigger;

/* Statements in order, in `arena`. */
typedef struct SyncStatements {
    const char **items;
    size_t count;
} SyncStatements;

/* Those that install the functions and the triggers. */
SyncStatements synctrigger_install(const SyncTrigger *trigger, const Conn *conn, Arena *arena);
/* Those that take them off again, wherever the table is by now. Only id and direction count. */
SyncStatements synctrigger_remove(const SyncTrigger *trigger, Arena *arena);

/* SELECT that copies again what pgzm.redo names, at most `limit` keys (0: all); one row with the
 * number of redo rows that it took. Only id and direction count. */
const char *synctrigger_drain(const SyncTrigger *trigger, Arena *arena, int limit);

/* SELECT that copies the rows of the next range of keys: $1 text[], the key that the range before
 * ended with, or NULL; $2 integer, how many rows. One row: the key that it ends with (text[], NULL
 * when there are no more rows), the number of rows written. Only id and direction count. */
const char *synctrigger_copy(const SyncTrigger *trigger, Arena *arena);

#endif
