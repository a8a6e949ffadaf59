/*
 * widechar.h - inside engine/ only: values of type "char" above 127. As text they are one thing
 * before PostgreSQL 15 (the byte itself, which most encodings refuse) and another since (a
 * backslash and three octal digits, of which an older server takes the backslash alone); in binary
 * they are the same everywhere. Which columns can hold them, which tables do.
 *
 * Threads: the main thread; once read any may look.
 */
#ifndef PGZM_ENGINE_WIDECHAR_H
#define PGZM_ENGINE_WIDECHAR_H

#include "copy/copy.h"
#include "engine/plan.h"

/* Said of a table and a column that a comparison of two such servers leaves out. */
#define WIDECHAR_NOT_COMPARED                                                                      \
    "table %s: column %s is not compared: \"char\" inside its values prints differently before "   \
    "PostgreSQL 15"

typedef struct WideColumn {
    Oid relation; /* of the source */
    const char *name;
    Oid type; /* of "char" and of its array, a domain over one included; 0 for deeper ones */
    const char *wide; /* a condition over the row s */
} WideColumn;

typedef struct WideChars {
    WideColumn *items; /* by relation */
    size_t count;
} WideChars;

/* Whether a server of that version prints and reads them as octal digits. */
bool widechar_is_octal(int version);

/* Whether such values survive as text between these two databases. */
bool widechar_fits_text(const Conn *source, const Conn *dest);

/* Reads the columns of the migrated schemas from the source. */
bool widechar_read(Run *run, const Plan *plan, WideChars *chars, Error *err) MUST_CHECK;

/* The entry of a column; NULL where it holds no "char". */
const WideColumn *widechar_column(const WideChars *chars, Oid relation, const char *name);

/* The first column in which the rows that travel have such a value; NULL when none does. Reads the
 * table when it has such a column. */
bool widechar_find(Run *run, const Plan *plan, const WideChars *chars, const CopyTable *way,
                   const char **column, Error *err) MUST_CHECK;

/* ERROR_PREFLIGHT when rows that would travel as text for that reason have such values. */
bool widechar_refuse(Run *run, const Plan *plan, const WideChars *chars, const CopyTable *way,
                     const char *reason, Error *err) MUST_CHECK;

#endif
