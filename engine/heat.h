/*
 * heat.h - inside engine/ only: which of the live tables applications use just now. These are
 * locked last.
 *
 * Threads: the main thread's destination connection.
 */
#ifndef PGZM_ENGINE_HEAT_H
#define PGZM_ENGINE_HEAT_H

#include "engine/run.h"

typedef struct HeatTable {
    Oid oid;
    int64_t uses, held; /* as the server counted them */
    int64_t score;      /* 0 for nobody was seen to use it */
} HeatTable;

typedef struct Heat {
    HeatTable *items; /* by OID; in the run's arena */
    size_t count;
    size_t tables; /* of them; the others are sequences, views and the like */
    int64_t looked_at;
} Heat;

/* The first look. `direction`: "swap" or "rollback". */
bool heat_look(Run *run, const char *direction, Heat *heat, Error *err) MUST_CHECK;

/* The second one, when enough time has passed for the server to count what was used in between. */
bool heat_look_again(Run *run, const char *direction, Heat *heat, Error *err) MUST_CHECK;

/* A table that was in the way: it counts as the busiest from now on. */
void heat_add(Heat *heat, Oid table);

/* The busy ones, the busiest first, as an oid[] literal in `arena`. */
const char *heat_busiest(const Heat *heat, Arena *arena);

#endif
