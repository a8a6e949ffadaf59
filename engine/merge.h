/*
 * merge.h - inside engine/ only: owners and grants of objects that exist on both sides. By
 * default what the live object allows keeps working, and what the source adds is added: the live
 * owner stays, all live grants are replayed over the new object, and a default privilege stays
 * unless both sides took it away. With --acl source they are the source's alone, with --acl dest
 * the destination's alone. --no-owner and --no-privileges take the source's away from whatever
 * would get them: where a live one stays it stays, otherwise the object is its maker's, with the
 * privileges that a new one has.
 *
 * Threads: the main thread.
 */
#ifndef PGZM_ENGINE_MERGE_H
#define PGZM_ENGINE_MERGE_H

#include "engine/plan.h"

typedef struct Merge Merge;

Merge *merge_new(const Run *run, const Plan *plan);
void merge_free(Merge *merge);

/* The statement to run for a fragment of the source (an owner's may be the live one), or NULL when
 * it is left out. */
const char *merge_statement(const Merge *merge, const Fragment *source_fragment);

/* True when this grant (or, where the live side's count alone, revocation) of the live side belongs
 * to an object (and column) of the source too, which is made in that section. */
bool merge_adds(const Merge *merge, const Fragment *live_fragment, Section section);

AUTO_DEFINE(Merge *, merge_free)

#endif
