/*
 * diff.h - inside engine/ only: what a migration will change in the destination, found by reading
 * both databases' catalogs. Writes nothing, takes no lock but those of reading catalogs.
 *
 * Threads: the main thread.
 */
#ifndef PGZM_ENGINE_DIFF_H
#define PGZM_ENGINE_DIFF_H

#include "engine/run.h"

/* --max-risk: ERROR_PREFLIGHT naming the worst when the migration would change something with a
 * higher risk. Nothing without that option. */
bool diff_check_risk(Run *run, Error *err) MUST_CHECK;

/* The search_path in which both sides' definitions are read: the schemas of both sides' extensions,
 * so that a name is bare on both or on neither. */
bool diff_path(Run *run, Str *path, Error *err) MUST_CHECK;

#endif
