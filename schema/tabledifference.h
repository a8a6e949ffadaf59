/*
 * tabledifference.h - inside schema/ only: a table that both databases have, column by column.
 * What has statements of its own (constraints, indexes, identities, partition bounds, owners,
 * grants, comments) is compared by those (difference.c).
 *
 * Threads: one.
 */
#ifndef PGZM_SCHEMA_TABLEDIFFERENCE_H
#define PGZM_SCHEMA_TABLEDIFFERENCE_H

#include "schema/finding.h"

/* Collects how `dest` becomes like `source`. Texts are made in the findings' arena. */
void tabledifference_find(Findings *findings, const Model *source_model, const Table *source,
                          const Model *dest_model, const Table *dest);

#endif
