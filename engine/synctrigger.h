/*
 * synctrigger.h - inside engine/ only: the text of the functions and triggers that carry changes of
 * one table to another of the same key.
 *
 * Threads: any; quoting only.
 */
#ifndef PGZM_ENGINE_SYNCTRIGGER_H
#define PGZM_ENGINE_SYNCTRIGGER_H

#include "base/conn.h"
#include "base/mem.h"

/* One direction of a preserved table. Names are raw. */
typedef struct SyncTrigger {
    int id;                              /* pgzm.preserved.id */
    bool reverse;                        /* from the new table to the old one */
    const char *from_schema, *from_name; /* gets the triggers */
    const char *to_schema, *to_name;     /* is written */
    const char *const *columns;          /* carried, generated ones left out */
    const bool *fixed; /* of each: GENERATED ALWAYS AS IDENTITY where it is written; NULL: none */
    size_t column_count;
    const char *key;
    const char *key_type; /* as the server prints it with an empty search_path, no typmod */
} SyncTrigger;

/* The statements, in order, that install the function, the drain function and the triggers; in
 * `arena`. */
typedef struct SyncStatements {
    const char *items[10];
    size_t count;
} SyncStatements;

SyncStatements synctrigger_install(const SyncTrigger *trigger, const Conn *conn, Arena *arena);
/* The statements that take them off again (IF EXISTS; the table must exist). */
SyncStatements synctrigger_remove(const SyncTrigger *trigger, const Conn *conn, Arena *arena);
/* SELECT that copies again what pgzm.redo names, at most `limit` keys (0: all); one row with the
 * number of keys. */
const char *synctrigger_drain(const SyncTrigger *trigger, Arena *arena, int limit);

/* INSERT ... SELECT of the rows of a key range up to $1, above $2 when `after`. */
const char *synctrigger_copy(const SyncTrigger *trigger, const Conn *conn, Arena *arena,
                             bool after);
/* The query for the upper end of the next range of $1 rows, above $2 when `after`; no row at the
 * end. */
const char *synctrigger_next(const SyncTrigger *trigger, const Conn *conn, Arena *arena,
                             bool after);

#endif
