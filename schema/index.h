/*
 * index.h - inside schema/ only: what the constraints' kind needs of indexes.
 *
 * Threads: one.
 */
#ifndef PGZM_SCHEMA_INDEX_H
#define PGZM_SCHEMA_INDEX_H

#include "schema/builder.h"
#include "schema/model.h"

/* What comes after an index is there, be it made by itself or by its constraint, in fragment
 * `index`: comment, statistics targets, cluster mark, replica identity, attaching to the
 * partitioned index. */
void index_build_properties(Builder *builder, size_t index, const Index *item);

/* Fragment `needing` comes after every index below a partitioned one is attached. pg_depend does
 * not know that a foreign key to a partitioned table or a replica identity wants the whole tree. */
void index_needs_partitions(Builder *builder, size_t needing, const Index *item);

/* The bytes of what an index is built over. */
int64_t index_weight(const Model *model, const Index *item);

#endif
