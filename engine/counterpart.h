/*
 * counterpart.h - inside engine/ only: finds the objects of one side by name among those of the
 * other, and statements by their text, in a time that does not depend on how many there are.
 * Relations share their names: a view is the counterpart of a table.
 *
 * Threads: any may look; one makes it.
 */
#ifndef PGZM_ENGINE_COUNTERPART_H
#define PGZM_ENGINE_COUNTERPART_H

#include "schema/fragment.h"

typedef struct Counterparts Counterparts;

/* Of a list, which must outlive it. */
Counterparts *counterparts_new(const FragmentList *list);
void counterparts_free(Counterparts *counterparts);

#define COUNTERPART_NONE SIZE_MAX

/* True for statements that make an object with a name: what can have a counterpart. */
bool counterpart_is_maker(const Fragment *fragment);

/* The position in the list of the statement that makes the object of that maker's name. */
size_t counterparts_object(const Counterparts *counterparts, const Fragment *maker);

/* The position of a statement that is taken back in the same way; where there is no way back, of
 * the same statement. */
size_t counterparts_slot(const Counterparts *counterparts, const Fragment *fragment);

/* True when the list has this very statement. */
bool counterparts_says(const Counterparts *counterparts, const Fragment *fragment);

AUTO_DEFINE(Counterparts *, counterparts_free)

#endif
