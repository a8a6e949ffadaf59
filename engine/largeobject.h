/*
 * largeobject.h - inside engine/ only: large objects, which belong to the database and to no
 * schema. They are copied under their OIDs, piece by piece; nothing here is traded in the swap.
 *
 * Threads: the main thread's connections; the source's is in the snapshot.
 */
#ifndef PGZM_ENGINE_LARGEOBJECT_H
#define PGZM_ENGINE_LARGEOBJECT_H

#include "engine/run.h"

/* ERROR_PREFLIGHT when the destination has other bytes under an OID of the source. */
bool largeobjects_check(Run *run, Error *err) MUST_CHECK;

/* Copies those that the destination lacks, recorded in the journal. Nothing without
 * --large-objects. */
bool largeobjects_copy(Run *run, Error *err) MUST_CHECK;

/* Unlinks those that the migration made. */
bool largeobjects_remove(Run *run, Error *err) MUST_CHECK;

#endif
