/*
 * portable.h - what of a source cannot go to a server of the destination's version, or would mean
 * something else there: found in the source's catalogs (sql/portable_*.sql), told by kind and
 * identity with the reason. What goes there by other words is for the kinds, which know the version
 * that their statements are for; what only fails there fails when the schema is rehearsed.
 *
 * Threads: one per connection.
 */
#ifndef PGZM_SCHEMA_PORTABLE_H
#define PGZM_SCHEMA_PORTABLE_H

#include "base/conn.h"
#include "base/mem.h"
#include "schema/catalog.h"
#include "schema/model.h"

typedef enum ObstacleAction {
    OBSTACLE_REFUSED = 'r',  /* nothing there has that meaning */
    OBSTACLE_LEFT_OUT = 'l', /* the object goes there without it */
    OBSTACLE_NAMED = 'w'     /* goes there, and somebody should look at it */
} ObstacleAction;

typedef struct Obstacle {
    Address object;       /* of the source's model; classid 0 for none */
    char action;          /* an ObstacleAction */
    const char *kind;     /* "view", "check constraint", ... */
    const char *identity; /* "public.totals", names as they are */
    const char *reason;
    int needs; /* the first version that has it, e.g. 18; 0 where it is not about that */
} Obstacle;

typedef struct ObstacleList {
    Obstacle *items; /* refused ones first */
    size_t count;
} ObstacleList;

/* Reads them from the source, inside whatever transaction it is in, for the objects of its model.
 * The destination is asked for types, collations and functions of its own. Everything lives in
 * `arena`. */
bool portable_read(Conn *source, Conn *dest, const CatalogScope *scope, const Model *model,
                   Arena *arena, ObstacleList *list, Error *err) MUST_CHECK;

/* Looks for rows that the destination could not read: infinite intervals (before 17) and numerics
 * (before 14). One query a table that has such columns, ends at the first such row of a table; the
 * tables of `without_rows` (OIDs) are not looked into. Adds to the list. */
bool portable_rows(Conn *source, int target_version, const CatalogScope *scope, const Model *model,
                   const Oid *without_rows, size_t without_count, Arena *arena, ObstacleList *list,
                   Error *err) MUST_CHECK;

/* Only asks the source what both functions above would ask it, for destinations of all versions
 * that are supported: for a tape. Not the rows: from a tape portable_rows names the tables that
 * would have to be looked into. */
bool portable_ask(Conn *source, const CatalogScope *scope, const Model *model, Arena *arena,
                  Error *err) MUST_CHECK;

/* "view public.totals: the option security_invoker (needs PostgreSQL 15)", in `arena`. */
const char *portable_sentence(const Obstacle *obstacle, Arena *arena);

#endif
