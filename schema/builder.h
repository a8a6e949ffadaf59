/*
 * builder.h - inside schema/ only: collects fragments while the kinds make them, knows which
 * fragment makes which catalog address, and sorts them at the end (graph.c).
 *
 * Threads: one.
 */
#ifndef PGZM_SCHEMA_BUILDER_H
#define PGZM_SCHEMA_BUILDER_H

#include "base/conn.h"
#include "base/mem.h"
#include "base/str.h"
#include "schema/fragment.h"
#include "schema/model.h"

typedef struct Builder Builder;

Builder *builder_new(const Model *model, const Conn *conn, Arena *arena);
void builder_free(Builder *builder);
const Model *builder_model(const Builder *builder);

/* Quoting (libpq's), into the arena: "name", "schema"."name", 'text'. */
const char *builder_ident(Builder *builder, const char *name);
const char *builder_name(Builder *builder, const char *schema, const char *name);
const char *builder_literal(Builder *builder, const char *text);

/* Adds a fragment; the returned pointer is good until the next one is added (use the index).
 * `object` gives schema, label (fragment_kind_name + name) and address. The statement is
 * printf-formatted. Returns its index. */
size_t builder_add(Builder *builder, FragmentKind kind, Section section, const Object *object,
                   Oid table, const char *fmt, ...) __attribute__((format(printf, 6, 7)));
Fragment *builder_fragment(Builder *builder, size_t index);

/* Says that fragment `index` makes the address: whatever pg_depend says needs that address comes
 * after it. A whole object's fragment covers its columns unless a fragment provides them itself.
 * builder_add already does this for the fragment's own `object` when no fragment provided it yet.
 */
void builder_provides(Builder *builder, size_t index, Address address);
/* Says that fragment `index` speaks for the edges *from* this address in pg_depend
 * (builder_provides implies it). */
void builder_needs(Builder *builder, size_t index, Address address); /* an edge pg_depend lacks */
void builder_needs_fragment(Builder *builder, size_t index, size_t earlier);

/* Owner, grants, comment of an object, each its own fragment after `index`. `noun` is what ALTER,
 * GRANT ON and COMMENT ON call the kind ("TABLE", "FUNCTION", "MATERIALIZED VIEW"); `identity` is
 * the quoted name with what the noun needs after it (a function's arguments, "ON table"). Grants
 * take their own noun ("TABLE" also for views), NULL for none. */
void builder_add_attributes(Builder *builder, size_t index, const Object *object, const char *noun,
                            const char *grant_noun, const char *identity);
/* COMMENT ON alone. */
void builder_add_comment(Builder *builder, size_t index, const Object *object, const char *noun,
                         const char *identity, const char *comment);

/* Adds the edges of the model's dependencies, repairs loops, sorts (PRE before POST; a fragment
 * that needs a POST one becomes POST) and hands the list over. */
bool builder_finish(Builder *builder, FragmentList *list, Error *err) MUST_CHECK;

AUTO_DEFINE(Builder *, builder_free)

#endif
