/* Many small tables, alone and beside a huge one of many types. */
#include <inttypes.h>
#include <stdio.h>

#include "bench/dataset.h"

enum { READING_BYTES = 235, SMALL_ROWS_MAX = 60 };
/* A transaction locks each relation that it makes; the lock table has an end. */
enum { TABLES_A_TRANSACTION = 500 };

static bool make_one(Rows *rows, int64_t number)
{
    char name[64];
    snprintf(name, sizeof name, "public.small_%05" PRId64, number);
    if (!rows_runf(rows,
                   "CREATE TABLE %s (id int PRIMARY KEY, label text NOT NULL UNIQUE, changed date)",
                   name) ||
        !rows_begin(rows, name))
        return false;
    int64_t n = rows_below(rows, SMALL_ROWS_MAX);
    for (int64_t id = 1; id <= n; id++)
        rows_add(rows, "%" PRId64 "\tlabel %" PRId64 "\t2024-%02d-01\n", id, id,
                 (int)rows_below(rows, 12) + 1);
    return rows_end(rows);
}

bool small_make(Rows *rows, const DatasetSize *size)
{
    const char *const next[] = {"COMMIT", "BEGIN"};
    for (int64_t i = 1; i <= size->tables; i++) {
        if (!make_one(rows, i) ||
            (i % TABLES_A_TRANSACTION == 0 && !rows_run(rows, next, LENGTH(next))))
            return false;
    }
    return true;
}

static void add_reading(Rows *rows, int64_t id)
{
    uint64_t bits[5];
    for (size_t i = 0; i < LENGTH(bits); i++)
        bits[i] = rows_random(rows);
    const char *name = rows_word(rows), *place = rows_word(rows), *note = rows_word(rows);
    int64_t second = id / 7; /* about in the order of time, as such tables are */
    rows_add(
        rows,
        "%" PRId64 "\t%" PRId64 "\t2024-01-01 00:00:00+00\t%d\t%.6f\t%d.%03d\t%s\t%s %s %d\t%s%s"
        "\t%06X\t2024-%02d-%02d\t%08x-%04x-4%03x-8%03x-%012" PRIx64
        "\t{\"unit\": \"%s\", \"level\": %d}\t\\\\x%016" PRIx64 "%016" PRIx64 "\t%" PRId64
        "\t%" PRId64 " s\n",
        id, (int64_t)(bits[3] % 5000), (int)(bits[0] % 16), (double)(bits[1] % 1000000) / 997.0,
        (int)(bits[2] % 100000), (int)(bits[0] % 1000), bits[0] % 3 == 0 ? "f" : "t", name, place,
        (int)(bits[2] % 1000), bits[2] % 4 == 0 ? "\\N" : "all is well with ",
        bits[2] % 4 == 0 ? "" : note, (unsigned)(bits[1] & 0xFFFFFF), (int)(bits[0] % 12) + 1,
        (int)(bits[1] % 28) + 1, (unsigned)bits[0], (unsigned)(bits[1] & 0xFFFF),
        (unsigned)(bits[2] & 0xFFF), (unsigned)(bits[2] >> 12 & 0xFFF), bits[1] >> 16, place,
        (int)(bits[0] % 100), bits[0], bits[2], (int64_t)(bits[4] % 1000000000), second);
}

static bool make_readings(Rows *rows, int64_t bytes)
{
    if (!rows_runf(rows,
                   "CREATE TABLE public.readings (id bigint, device int NOT NULL, "
                   "base timestamptz NOT NULL, kind smallint, value float8, total numeric(12,3), "
                   "ok boolean, name text, note text, code char(6), day date, uid uuid, doc jsonb, "
                   "raw bytea, ref bigint, since interval)") ||
        !rows_begin(rows, "public.readings"))
        return false;
    for (int64_t id = 1; id <= bytes / READING_BYTES + 1; id++)
        add_reading(rows, id);
    const char *const indexes[] = {
        "ALTER TABLE public.readings ADD PRIMARY KEY (id)",
        "CREATE INDEX readings_device_day ON public.readings (device, day)",
        "CREATE UNIQUE INDEX readings_uid ON public.readings (uid)",
    };
    return rows_end(rows) && rows_run(rows, indexes, LENGTH(indexes));
}

bool mixed_make(Rows *rows, const DatasetSize *size)
{
    return make_readings(rows, size->bytes) && small_make(rows, size);
}
