/*
 * finding.h - inside schema/ only: differences while they are collected (difference.h).
 *
 * Threads: one.
 */
#ifndef PGZM_SCHEMA_FINDING_H
#define PGZM_SCHEMA_FINDING_H

#include "schema/difference.h"

typedef struct Findings {
    Arena *arena;
    Difference *items; /* owned until finding_hand_over */
    size_t count, capacity;
    int source_version, dest_version;
} Findings;

/* Collects one; names and texts are borrowed. */
void finding_add(Findings *findings, Difference difference);

/* A text that differs: nothing when both are equal (or both NULL), EXPECTED when they mean the same
 * in the words of two versions, otherwise the difference as given, with both texts. */
void finding_compare(Findings *findings, Difference difference, const char *source,
                     const char *dest);

/* "CREATE_" and "operator class" make "CREATE_OPERATOR_CLASS". */
const char *finding_operation(Findings *findings, const char *verb, const char *kind);

/* Sorts them and leaves them in the arena. */
void finding_hand_over(Findings *findings, DifferenceList *list);

#endif
