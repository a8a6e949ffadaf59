/*
 * moves.h - inside engine/ only: the statements of the transaction in which old and new objects
 * trade places, made before it begins, in the order in which it runs them.
 *
 * Threads: the main thread's destination connection.
 */
#ifndef PGZM_ENGINE_MOVES_H
#define PGZM_ENGINE_MOVES_H

#include "engine/heat.h"

enum {
    MOVES_PHASES = 7,          /* of moves.sql, from 1 */
    MOVES_LOCK_ALL_TABLES = 20 /* up to so many, all are locked before anything moves */
};

typedef struct MovesList {
    const char **items;
    size_t count;
} MovesList;

typedef struct Moves {
    MovesList cold_locks; /* names of tables that nobody uses */
    MovesList hot_locks;  /* of those that are in use */
    MovesList statements[MOVES_PHASES];
    const char *hot; /* oid[] literal: what moves in the end */
    size_t tables;   /* that come in */
} Moves;

/* As things are now. ERROR_STATE when something is not where it should be. */
bool moves_read(Run *run, const char *direction, const Heat *heat, Moves *moves, Error *err)
    MUST_CHECK;

/* One LOCK TABLE for tables that nobody uses, or "". */
const char *moves_cold_lock(const Moves *moves, Arena *arena);

/* The whole for a dry run. */
void moves_show(Run *run, const Moves *moves, const char *direction, const char *path);

#endif
