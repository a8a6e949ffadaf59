/* Rows and tables of very different sizes: documents in TOAST, and tables of which one is most of
 * all, ends in wide rows, or consists of dead ones. */
#include <inttypes.h>
#include <stdio.h>

#include "bench/dataset.h"

enum { DOCUMENT_BYTES = 2506, EVENT_BYTES = 98, WIDE_EVENT_BYTES = 7600 };
enum { EVENT_TABLES = 12 };

/* ---- documents ------------------------------------------------------------------------- */

static void add_json(Rows *rows, int64_t id, int items)
{
    rows_add(rows, "{\"id\": %" PRId64 ", \"kind\": \"%s\", \"open\": %s, \"items\": [", id,
             rows_word(rows), rows_random(rows) % 2 == 0 ? "true" : "false");
    for (int i = 0; i < items; i++) {
        int64_t article = rows_below(rows, 100000), cents = rows_below(rows, 100000);
        rows_add(rows,
                 "%s{\"sku\": \"A-%05" PRId64 "\", \"price\": %" PRId64 ".%02" PRId64
                 ", \"note\": \"",
                 i > 0 ? ", " : "", article, cents / 100, cents % 100);
        rows_add_words(rows, 5);
        rows_add(rows, "\"}");
    }
    rows_add(rows, "]}");
}

/* Most documents stay in the heap; one of ten is compressed, or stored beside it, as is a bytea
 * that does not compress. */
bool toast_make(Rows *rows, const DatasetSize *size)
{
    if (!rows_runf(rows, "CREATE TABLE public.documents (id bigint, changed timestamptz NOT NULL, "
                         "doc jsonb NOT NULL, body text, raw bytea)") ||
        !rows_begin(rows, "public.documents"))
        return false;
    for (int64_t id = 1; id <= size->bytes / DOCUMENT_BYTES + 1; id++) {
        uint64_t draw = rows_random(rows);
        rows_add(rows, "%" PRId64 "\t2024-%02d-%02d 12:00:00+00\t", id, (int)(draw % 12) + 1,
                 (int)(draw >> 8 & 15) + 1);
        add_json(rows, id, (int)(draw >> 16 & 7) + ((draw >> 24) % 10 == 0 ? 100 : 1));
        rows_add(rows, "\t");
        if ((draw >> 32) % 10 < 3)
            rows_add(rows, "\\N");
        else
            rows_add_words(rows, 30 + (int)((draw >> 40 & 255)));
        rows_add(rows, "\t");
        if ((draw >> 48) % 10 == 0) {
            rows_add(rows, "\\\\x");
            rows_add_hex(rows, 8000);
        } else {
            rows_add(rows, "\\N");
        }
        rows_add(rows, "\n");
    }
    const char *const indexes[] = {
        "ALTER TABLE public.documents ADD PRIMARY KEY (id)",
        "CREATE INDEX documents_kind ON public.documents ((doc ->> 'kind'), changed)",
    };
    return rows_end(rows) && rows_run(rows, indexes, LENGTH(indexes));
}

/* ---- tables of all sizes --------------------------------------------------------------- */

static void add_event(Rows *rows, int64_t id, bool wide)
{
    uint64_t draw = rows_random(rows);
    rows_add(rows, "%" PRId64 "\t2024-%02d-%02d 12:00:00+00\t%d\t", id, (int)(draw % 12) + 1,
             (int)(draw >> 8 & 15) + 1, (int)(draw >> 16 & 1023));
    if (wide)
        rows_add_hex(rows, 2000 + (int)(draw >> 32 & 2047) / 8 * 8);
    else
        rows_add_words(rows, 7);
    rows_add(rows, "\n");
}

static bool make_events(Rows *rows, const char *name, int64_t narrow, int64_t wide)
{
    char table[64];
    snprintf(table, sizeof table, "public.%s", name);
    if (!rows_runf(rows,
                   "CREATE TABLE %s (id bigint, at timestamptz NOT NULL, kind int NOT NULL, "
                   "payload text)",
                   table) ||
        !rows_begin(rows, table))
        return false;
    for (int64_t id = 1; id <= narrow + wide; id++)
        add_event(rows, id, id > narrow);
    return rows_end(rows) && rows_runf(rows, "ALTER TABLE %s ADD PRIMARY KEY (id)", table) &&
           rows_runf(rows, "CREATE INDEX %s_kind ON %s (kind)", name, table);
}

bool skewed_make(Rows *rows, const DatasetSize *size)
{
    /* The first table is two fifths of all, and half of it are rows at its end of which few fit a
     * page; each further one is half as large as the one before it. */
    int64_t bytes = size->bytes * 2 / 5;
    for (int i = 1; i <= EVENT_TABLES; i++, bytes /= 2) {
        char name[32];
        snprintf(name, sizeof name, "events_%02d", i);
        if (i > 1 ? !make_events(rows, name, bytes / EVENT_BYTES, 0)
                  : !make_events(rows, name, bytes / 2 / EVENT_BYTES, bytes / 2 / WIDE_EVENT_BYTES))
            return false;
    }
    /* Dead rows in the middle, so that most pages hold nothing. */
    int64_t dead = size->bytes / 5 / EVENT_BYTES;
    return make_events(rows, "bloated", dead, 0) &&
           rows_runf(rows, "DELETE FROM public.bloated WHERE id BETWEEN %" PRId64 " AND %" PRId64,
                     dead / 10, dead * 9 / 10) &&
           make_events(rows, "vacant", 0, 0);
}
