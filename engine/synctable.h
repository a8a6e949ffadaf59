/*
 * synctable.h - inside engine/ only: what has to be known of two tables of the destination to keep
 * one in step with the other, read from its catalog.
 *
 * Threads: the main thread's destination connection.
 */
#ifndef PGZM_ENGINE_SYNCTABLE_H
#define PGZM_ENGINE_SYNCTABLE_H

#include "engine/run.h"
#include "engine/synctrigger.h"

/* Columns by which the rows of both tables are told apart: the first key of `one` that is one of
 * `other`, too. The tables are on the sides `here` and `there`. `count` is 0 when there is none. */
bool synctable_key(Run *run, Conn *here, Oid one, Conn *there, Oid other, const char *const **keys,
                   size_t *count, Error *err) MUST_CHECK;

/* Fills in all of `sync` but id, reverse and the names of the two tables, in run->arena. Partitions
 * are in the schemas that they are in now. */
bool synctable_describe(Run *run, Oid from, Oid to, const char *const *keys, size_t key_count,
                        SyncTrigger *sync, Error *err) MUST_CHECK;

#endif
