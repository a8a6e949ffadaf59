/*
 * prune.h - what goes when something is left out: over pg_depend's edges everything that needs what
 * is excluded is left out as well, and where only some objects are wanted, what these consist of
 * and need is kept. Works on addresses alone; knows neither names nor a server.
 *
 * Threads: any; no state.
 */
#ifndef PGZM_SCHEMA_PRUNE_H
#define PGZM_SCHEMA_PRUNE_H

#include "base/mem.h"
#include "schema/model.h"

typedef struct PruneInput {
    /* pg_depend as it is, in any order; an edge from a partition to its table is of type 'n' here:
     * it needs it, and is no part of it. */
    const Dependency *edges;
    size_t edge_count;
    /* Excluded by request. A schema stands for all that is in it. */
    const Address *excluded;
    size_t excluded_count;
    /* The only ones wanted, a schema for all that is in it; not looked at unless only_wanted. */
    const Address *wanted;
    size_t wanted_count;
    bool only_wanted;
} PruneInput;

/* An object that was not excluded, but needs something that is not there. */
typedef struct PruneCut {
    Address object, needs;
    bool needs_excluded; /* `needs` is excluded by request, not left out itself */
} PruneCut;

typedef struct Pruned {
    const Address *left_out; /* by classid and oid; with what was excluded */
    size_t left_out_count;
    const Address *kept; /* only_wanted: all others are not wanted; with their schemas */
    size_t kept_count;
    const PruneCut *cuts; /* not the parts of what is left out; only_wanted: of what is kept */
    size_t cut_count;
} Pruned;

void prune(const PruneInput *input, Arena *arena, Pruned *pruned);

/* Looks an address up in such a list; columns do not matter. */
bool prune_has(const Address *list, size_t count, Oid classid, Oid oid);

#endif
