/*
 * castorder.h - inside schema/ only: what uses a cast comes after it. pg_depend of a view or an
 * expression names the cast's function or its types, never the cast; made without the cast the
 * statement would not parse, or mean another one.
 *
 * Threads: one.
 */
#ifndef PGZM_SCHEMA_CASTORDER_H
#define PGZM_SCHEMA_CASTORDER_H

#include "schema/graph.h"

/* Adds needs of casts to statements that are parsed and lean on a cast's function or on all its
 * user-made types. They are guesses: a loop's repair drops them. After the dependencies' edges. */
void castorder_connect(Builder *builder);

/* True for a need that castorder_connect may have added. */
bool castorder_is_guess(const Builder *builder, size_t node, size_t need);

#endif
