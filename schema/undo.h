/*
 * undo.h - inside schema/ only: how statements that wait for rows are taken back, so that a schema
 * can be tried on empty tables.
 *
 * Threads: one.
 */
#ifndef PGZM_SCHEMA_UNDO_H
#define PGZM_SCHEMA_UNDO_H

#include "schema/builder.h"

/* Fills Fragment.undo of the statements of schemas' objects in section POST that have none yet. It
 * stays NULL for what changes an object and goes with it, or with a whole of which it is a part. */
void undo_fill(Builder *builder, FragmentList *list, Arena *arena);

#endif
