/*
 * putback.h - inside engine/ only: gives tables of the backup their old rows again that an earlier
 * rollback set aside (keep.h), and that the next one is not to keep.
 *
 * Threads: the main thread's destination connection.
 */
#ifndef PGZM_ENGINE_PUTBACK_H
#define PGZM_ENGINE_PUTBACK_H

#include "engine/run.h"

/* Of run->id, but for those whose live tables are among `kept`. May be run again after it was cut
 * short. In a dry run the statements are said. */
bool putback_run(Run *run, const Oid *kept, size_t count, Error *err) MUST_CHECK;

#endif
