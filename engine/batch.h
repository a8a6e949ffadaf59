/*
 * batch.h - inside engine/ only: several small tasks in one transaction of the destination: they
 * share its BEGIN, one claim of all their rows in the journal, one note that they are done, and the
 * COMMIT with its wait for the disk; statements go in one round trip. A batch is done whole or not
 * at all. What cannot be done together is to be done one by one (loader.h), which knows about lost
 * connections, other processes and how to name what failed.
 *
 * Measured with 2,000 tables of 100 rows (two jobs): 4,000 transactions became about 150.
 *
 * Threads: each Loader belongs to one.
 */
#ifndef PGZM_ENGINE_BATCH_H
#define PGZM_ENGINE_BATCH_H

#include "engine/loader.h"

/* A table with a TOAST table and two indexes holds five locks until the end of the transaction; the
 * server has room for 64 for each connection it allows, by default. */
enum { BATCH_TASKS = 64 };

/* `together` true: all `count` tasks, which are of one class, are done, committed and counted in
 * Load. False: none is, unless the reply to a COMMIT was lost, which the journal tells; the loader
 * may have lost a connection. Errors: ERROR_CONNECTION, when lost ones are not to be tried again.
 */
bool batch_run(Loader *loader, void *const *tasks, size_t count, bool *together, Error *err)
    MUST_CHECK;

#endif
