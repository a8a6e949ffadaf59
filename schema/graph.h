/*
 * graph.h - inside of the builder, for builder.c, graph.c and loop.c only: fragments as nodes, what
 * each needs as edges. Not the interface that kinds use; that is builder.h.
 *
 * Threads: one.
 */
#ifndef PGZM_SCHEMA_GRAPH_H
#define PGZM_SCHEMA_GRAPH_H

#include "schema/builder.h"

typedef struct Node {
    Fragment fragment; /* its `needs` are filled at the end */
    uint32_t anchor;   /* the node whose attribute it is, in the sort; itself otherwise */
    uint32_t early;    /* see builder_early; BUILDER_NONE for none */
    uint32_t late;     /* see builder_late */
    bool passes;       /* its texts are Builder.passing's */
    uint32_t need_count, need_capacity;
    uint32_t *needs; /* owned; nodes that come first, with repetitions until graph_tidy */
} Node;

/* Which node makes an address: a hash table with open addressing. */
typedef struct AddressEntry {
    Address address;
    uint32_t node; /* BUILDER_NONE: free */
} AddressEntry;

typedef struct AddressNeed {
    uint32_t node;
    Address address;
} AddressNeed;

struct Builder {
    const Model *model;
    int target_version;
    const char *kind_name; /* of the kind whose turn it is */
    Place place;
    const Conn *conn;
    Arena *arena;
    Arena *scratch; /* owned; what statements are put together from */
    Arena *passing; /* owned; texts of what is not handed over; NULL: all is */
    Node *nodes;    /* owned */
    size_t count;
    size_t capacity;
    AddressEntry *entries; /* owned */
    size_t entry_count;
    size_t entry_capacity; /* a power of two */
    AddressNeed *pending;  /* owned; what builder_needs was told */
    size_t pending_count;
    size_t pending_capacity;
};

/* The node that provides an address, or the whole object that it is a column of; BUILDER_NONE. */
size_t graph_provider(const Builder *builder, Address address);
void graph_provide(Builder *builder, Address address, size_t node);
bool graph_has(const Builder *builder, Address address); /* exactly this address */

/* An edge; to itself: nothing. */
void graph_need(Builder *builder, size_t node, size_t earlier);

/* Edges from the model's dependencies, what the kinds asked for, and what pg_depend does not know.
 */
void graph_connect(Builder *builder);

/* Each node's needs ascending and once. */
void graph_tidy(Builder *builder);

/* Repairs loops until there are none. `order` (owned by the caller, as many as nodes afterwards)
 * gets the nodes, each after what it needs. ERROR_COPY for a loop that has no repair. */
bool loop_repair(Builder *builder, uint32_t **order, Error *err) MUST_CHECK;

/* Settles the sections and sorts. */
void graph_sort(Builder *builder, const uint32_t *order, FragmentList *list);

#endif
