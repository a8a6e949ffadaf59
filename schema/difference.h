/*
 * difference.h - two models side by side: what a destination gains, loses and changes when it
 * becomes like a source, as operations with the risk that they have for a database that is in use.
 * Pure: looks at two models and their statements, asks no server.
 *
 * Objects are paired by kind and name over the statements that make them, so every kind there is
 * takes part; tables are compared column by column. What two versions of PostgreSQL only print
 * differently is told apart.
 *
 * Threads: any.
 */
#ifndef PGZM_SCHEMA_DIFFERENCE_H
#define PGZM_SCHEMA_DIFFERENCE_H

#include "base/mem.h"
#include "schema/fragment.h"
#include "schema/model.h"

typedef enum DifferenceRisk {
    DIFFERENCE_RISK_LOW = 1,
    DIFFERENCE_RISK_MEDIUM,
    DIFFERENCE_RISK_HIGH
} DifferenceRisk;

typedef enum DifferenceClass {
    DIFFERENCE_CHANGE,   /* the destination is another afterwards */
    DIFFERENCE_STAYS,    /* differs, and a migration leaves the destination's as it is */
    DIFFERENCE_KEEP,     /* only in the destination, and kept */
    DIFFERENCE_EXPECTED, /* the same thing, said differently: mostly by another version */
    DIFFERENCE_CLASS_COUNT
} DifferenceClass;

typedef struct Difference {
    DifferenceClass class;
    DifferenceRisk risk;
    const char *operation; /* "ADD_COLUMN", "ALTER_VIEW", "KEEP", ...: see difference.c */
    const char *kind;      /* of the object: "table", "column", "foreign key", "operator class" */
    const char *identity;  /* "public.orders.total", "touch on public.orders"; names as they are */
    const char *source;    /* what the source says; NULL when it has nothing of that */
    const char *dest;      /* the same of the destination */
    const char *reason;    /* of STAYS and EXPECTED: a sentence; NULL for others */
} Difference;

typedef struct DifferenceList {
    Difference *items; /* kind by kind, then by identity */
    size_t count;
} DifferenceList;

typedef struct DifferenceSide {
    const Model *model;
    const FragmentList *fragments; /* made for the older one's version, the same on both sides */
} DifferenceSide;

/* Whose owner and grants an object has afterwards that exists on both sides. */
typedef enum DifferenceAcl {
    DIFFERENCE_ACL_MERGE, /* the destination's owner, and grants of both */
    DIFFERENCE_ACL_SOURCE,
    DIFFERENCE_ACL_DEST
} DifferenceAcl;

/* All differences, in `arena`. Texts are borrowed from the sides, which must live as long. */
void difference_find(const DifferenceSide *source, const DifferenceSide *dest, DifferenceAcl acl,
                     Arena *arena, DifferenceList *list);

/* How many there are of a class. */
size_t difference_count(const DifferenceList *list, DifferenceClass class);

/* "low", "medium", "high". */
const char *difference_risk_name(DifferenceRisk risk);

#endif
