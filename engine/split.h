/*
 * split.h - inside engine/ only: by which key a large table of a source before 14 is read in parts.
 *
 * Threads: the main thread.
 */
#ifndef PGZM_ENGINE_SPLIT_H
#define PGZM_ENGINE_SPLIT_H

#include "copy/copy.h"
#include "engine/plan.h"

/* Fills in key and bounds of `table` where the source cannot read ranges of pages and the table
 * asks for more than one chunk, and has a primary key of one column of smallint, integer or bigint;
 * nothing otherwise. In the source's snapshot. */
bool split_find(Run *run, const Plan *plan, const CopySizes *sizes, CopyTable *table, Error *err)
    MUST_CHECK;

#endif
