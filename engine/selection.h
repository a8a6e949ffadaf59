/*
 * selection.h - inside engine/ only: what of the source is taken: the filters, resolved, and the
 * switches (--no-owner, --no-comments, ...), which are said here for all statements at once. What
 * is left out is named here. Whose owner and grants an object gets that exists on both sides is for
 * merge.h.
 *
 * Threads: the main thread.
 */
#ifndef PGZM_ENGINE_SELECTION_H
#define PGZM_ENGINE_SELECTION_H

#include "engine/run.h"
#include "schema/fragment.h"
#include "schema/model.h"

/* Resolves the filters on the source into run->scope. ERROR_USAGE when a pattern matches nothing.
 */
bool selection_resolve(Run *run, Error *err) MUST_CHECK;

/* What of the source is read; everything while nothing is resolved. */
CatalogScope selection_scope(const Run *run);

/* The relations that the filters leave out, as a literal of oid[]; in the run's arena. */
const char *selection_left_out(const Run *run);

/* Takes out of the source's model and statements what the switches leave out. */
void selection_trim_model(const Settings *settings, Model *model);
void selection_trim(const Settings *settings, FragmentList *fragments, Arena *arena);

/* ERROR_PREFLIGHT when something that is excluded cannot stay in the destination because it is a
 * part of a table there that is replaced: a partition, the sequence of a column. Warns of
 * partitions that only the destination has. */
bool selection_check_parts(Run *run, const Model *source, const Model *live, Error *err) MUST_CHECK;

/* Warns of what the filters cut off and of what is not carried over, and counts it in the result.
 * ERROR_PREFLIGHT with --require-complete when there is anything. */
bool selection_report(Run *run, const Model *source, Error *err) MUST_CHECK;

#endif
