/*
 * subject.h - inside schema/ only: what each statement of a list is about, by name, so that the
 * statements of two databases can be put side by side (difference.c).
 *
 * Threads: one.
 */
#ifndef PGZM_SCHEMA_SUBJECT_H
#define PGZM_SCHEMA_SUBJECT_H

#include <stdbool.h>

#include "base/mem.h"
#include "schema/fragment.h"
#include "schema/model.h"

typedef struct Subject {
    const Fragment *fragment;
    FragmentKind aspect;  /* of the object; SUBJECT_ITSELF for what makes it */
    const char *kind;     /* "table", "column", "operator class" */
    const char *identity; /* "public.orders" */
    Address whole;        /* what it is a part of and is lost with: a table, a domain; or zeros */
    const char *column;   /* identity of the column that it is lost with; NULL for none */
} Subject;

#define SUBJECT_ITSELF FRAGMENT_KIND_COUNT

typedef struct Subjects Subjects;

/* Of the statements of a model, in `arena`; both must outlive it. Statements that only say what a
 * table's columns are like are left out: see tabledifference.h. */
Subjects *subjects_new(const Model *model, const FragmentList *fragments, Arena *arena);
void subjects_free(Subjects *subjects);

/* Sorted by aspect, kind, identity, statement. */
const Subject *subjects_items(const Subjects *subjects, size_t *count);
const Model *subjects_model(const Subjects *subjects);

/* Whether the database has an object of that kind and identity; kind "relation" is any of those
 * that share their names. */
bool subjects_has(const Subjects *subjects, const char *kind, const char *identity);

/* True when the subject belongs to something that `other` does not have at all, so that it comes or
 * goes with that. */
bool subject_is_part(const Subjects *subjects, const Subject *subject, const Subjects *other);

AUTO_DEFINE(Subjects *, subjects_free)

#endif
