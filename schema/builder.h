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

Builder *builder_new(const Model *model, int target_version, const Conn *conn, Arena *arena);
/* Of what is built only the statements that wait for rows are handed over (fragments_build_post).
 */
void builder_only_post(Builder *builder);
void builder_free(Builder *builder);
/* What is added from now on is of that kind: its name for labels, its place. */
void builder_begin_kind(Builder *builder, const char *name, Place place);
/* The version of the server that will run the statements. */
int builder_target(const Builder *builder);
const Model *builder_model(const Builder *builder);
/* For what a statement is put together from: its texts are good until builder_end_object. */
Arena *builder_arena(const Builder *builder);
/* It only quotes. */
const Conn *builder_conn(const Builder *builder);
/* All fragments of the object are added. */
void builder_end_object(Builder *builder);

/* Quoting (libpq's), into that arena: "name", "schema"."name", 'text'. */
const char *builder_ident(Builder *builder, const char *name);
const char *builder_name(Builder *builder, const char *schema, const char *name);
const char *builder_literal(Builder *builder, const char *text);

/* No fragment. */
#define BUILDER_NONE ((size_t)UINT32_MAX)

/* Adds a fragment. `object` gives schema, label (fragment_kind_name + name) and address. `table` is
 * the relation that it belongs to, or 0. The statement is printf-formatted, without a final
 * semicolon. Returns the fragment's index. */
size_t builder_add(Builder *builder, FragmentKind kind, Section section, const Object *object,
                   Oid table, const char *fmt, ...) __attribute__((format(printf, 6, 7)));
/* The same with a statement that the model holds: it is not copied. */
size_t builder_add_text(Builder *builder, FragmentKind kind, Section section, const Object *object,
                        Oid table, const char *sql);
/* Good until the next fragment is added. */
Fragment *builder_fragment(Builder *builder, size_t index);

/* Says how the fragment is taken back (Fragment.undo). */
void builder_undo(Builder *builder, size_t index, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Says how the fragment takes another one's place, and how it is made with its members
 * (Fragment.change, Fragment.whole). */
void builder_change(Builder *builder, size_t index, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void builder_whole(Builder *builder, size_t index, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Says that fragment `index` makes the address: whatever pg_depend says needs that address comes
 * after it, and it comes after whatever the address needs. The last call for an address counts. A
 * whole object's fragment covers its columns unless a fragment provides them itself. builder_add
 * already does this for the fragment's own `object` when no fragment provided it yet, except for
 * kinds that only change what exists (owner, grant, comment, property, enable, row security,
 * refresh, attach, owned by). */
void builder_provides(Builder *builder, size_t index, Address address);
/* Edges that pg_depend lacks: to whatever fragment provides an address in the end (none: no edge),
 * or to a fragment. */
void builder_needs(Builder *builder, size_t index, Address address);
void builder_needs_fragment(Builder *builder, size_t index, size_t earlier);

/* For loops. `early` can stand in for `index` where something in a loop needs it: a shell type for
 * the functions of a range. `late` can take over what `index` needs: the default of a domain. */
void builder_early(Builder *builder, size_t index, size_t early);
void builder_late(Builder *builder, size_t index, size_t late);

/* Owner, grants, comment of an object, each its own fragment after `index`. `noun` is what ALTER
 * and COMMENT ON call the kind ("TABLE", "FUNCTION", "MATERIALIZED VIEW"); `identity` is the quoted
 * name with what the noun needs after it (a function's arguments, "ON table"). Grants take their
 * own noun ("TABLE" also for views), NULL for none. With `index` BUILDER_NONE they come after
 * whatever provides the object's address. */
void builder_add_attributes(Builder *builder, size_t index, const Object *object, const char *noun,
                            const char *grant_noun, const char *identity);
/* The parts of it. A NULL comment adds nothing, a NULL owner neither; the owner's fragment is
 * returned, or BUILDER_NONE. */
size_t builder_add_owner(Builder *builder, size_t index, const Object *object, const char *noun,
                         const char *identity);
void builder_add_grants(Builder *builder, size_t index, const Object *object,
                        const char *grant_noun, const char *identity);
void builder_add_comment(Builder *builder, size_t index, const Object *object, const char *noun,
                         const char *identity, const char *comment);

/* Adds the edges of the model's dependencies, repairs loops, sorts (PRE before POST) and hands the
 * list over. A fragment that needs a POST one becomes POST, unless a bare table needs it: then what
 * it needs becomes PRE. */
bool builder_finish(Builder *builder, FragmentList *list, Error *err) MUST_CHECK;

AUTO_DEFINE(Builder *, builder_free)

#endif
