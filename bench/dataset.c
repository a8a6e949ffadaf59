#include "bench/dataset.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

/* Bytes that a row takes in the heap, measured, to come out near the wanted size. */
enum { ACCOUNT_BYTES = 134, HISTORY_BYTES = 77, WIDE_BYTES = 235 };
enum { ACCOUNTS_A_BRANCH = 100000, TELLERS_A_BRANCH = 10, SMALL_ROWS_MAX = 60 };

/* ---- rows ------------------------------------------------------------------------------ */

/* Rows in COPY's text format, sent when the buffer is full. */
typedef struct Writer {
    Conn *conn;
    Error *err;
    bool ok; /* false once something failed; what is added then goes nowhere */
    uint64_t random;
    size_t filled;
    char buffer[65536];
} Writer;

/* splitmix64: good enough for data, and the same everywhere. */
static uint64_t random_next(uint64_t *state)
{
    uint64_t z = (*state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

static int64_t random_below(Writer *w, int64_t limit)
{
    return (int64_t)(random_next(&w->random) % (uint64_t)limit);
}

static void flush(Writer *w)
{
    if (w->ok && w->filled > 0 && PQputCopyData(conn_pg(w->conn), w->buffer, (int)w->filled) <= 0)
        w->ok = conn_error(w->conn, NULL, w->err);
    w->filled = 0;
}

/* A row, with its tabs and its line feed; at most 4 KiB. */
static void add_row(Writer *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void add_row(Writer *w, const char *fmt, ...)
{
    if (sizeof w->buffer - w->filled < 4096)
        flush(w);
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(w->buffer + w->filled, sizeof w->buffer - w->filled, fmt, args);
    va_end(args);
    w->filled += (size_t)n;
}

static bool begin_rows(Writer *w, const char *copy)
{
    w->filled = 0;
    w->ok = conn_copy_begin(w->conn, copy, PGRES_COPY_IN, w->err);
    return w->ok;
}

static bool end_rows(Writer *w)
{
    flush(w);
    if (PQputCopyEnd(conn_pg(w->conn), w->ok ? NULL : "stopped") < 0)
        return conn_error(w->conn, NULL, w->err);
    return conn_copy_end(w->conn, NULL, w->err) && w->ok;
}

/* ---- what pgbench has ------------------------------------------------------------------ */

static void add_history(Writer *w, int64_t accounts, int64_t branches)
{
    /* drawn one by one: C leaves open in which order arguments are computed */
    int64_t account = random_below(w, accounts) + 1;
    int64_t teller = random_below(w, branches * TELLERS_A_BRANCH) + 1;
    int64_t delta = random_below(w, 10000) - 5000;
    uint64_t time = random_next(&w->random);
    add_row(w,
            "%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%" PRId64
            "\t2024-%02d-%02d %02d:%02d:%02d.%06d\t\n",
            teller, (teller - 1) / TELLERS_A_BRANCH + 1, account, delta, (int)(time % 12) + 1,
            (int)(time >> 8 & 15) + 1, (int)(time >> 12 & 15), (int)(time >> 16 & 31),
            (int)(time >> 21 & 31), (int)(time >> 32) & 0x7FFFF);
}

static bool make_bank(Writer *w, int64_t bytes)
{
    int64_t accounts = bytes * 3 / 4 / ACCOUNT_BYTES + 1;
    int64_t branches = (accounts - 1) / ACCOUNTS_A_BRANCH + 1;
    const char *const tables[] = {
        "CREATE TABLE public.branches (bid int PRIMARY KEY, bbalance int, filler char(88))",
        "CREATE TABLE public.tellers (tid int PRIMARY KEY, bid int REFERENCES public.branches, "
        "tbalance int, filler char(84))",
        "CREATE TABLE public.accounts (aid int, bid int, abalance int, filler char(84))",
        "CREATE TABLE public.history (tid int, bid int, aid int, delta int, mtime timestamp, "
        "filler char(22))",
    };
    if (!conn_exec_many(w->conn, tables, LENGTH(tables), NULL, w->err) ||
        !begin_rows(w, "COPY public.branches FROM STDIN"))
        return false;
    for (int64_t i = 1; i <= branches; i++)
        add_row(w, "%" PRId64 "\t0\t\n", i);
    if (!end_rows(w) || !begin_rows(w, "COPY public.tellers FROM STDIN"))
        return false;
    for (int64_t i = 0; i < branches * TELLERS_A_BRANCH; i++)
        add_row(w, "%" PRId64 "\t%" PRId64 "\t0\t\n", i + 1, i / TELLERS_A_BRANCH + 1);
    if (!end_rows(w) || !begin_rows(w, "COPY public.accounts FROM STDIN"))
        return false;
    for (int64_t i = 0; i < accounts; i++)
        add_row(w, "%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t\n", i + 1, i / ACCOUNTS_A_BRANCH + 1,
                random_below(w, 10000) - 5000);
    if (!end_rows(w) || !begin_rows(w, "COPY public.history FROM STDIN"))
        return false;
    for (int64_t i = 0; i < bytes / 4 / HISTORY_BYTES; i++)
        add_history(w, accounts, branches);
    return end_rows(w) &&
           conn_exec(w->conn, "ALTER TABLE public.accounts ADD PRIMARY KEY (aid)", w->err);
}

/* ---- one wide table -------------------------------------------------------------------- */

static void add_reading(Writer *w, int64_t id)
{
    static const char *const words[] = {"north", "south",  "inlet",  "outlet", "boiler", "pump",
                                        "valve", "ground", "window", "door",   "meter",  "roof"};
    uint64_t bits[5];
    for (size_t i = 0; i < LENGTH(bits); i++)
        bits[i] = random_next(&w->random);
    int64_t second = id / 7; /* about in the order of time, as such tables are */
    add_row(w,
            "%" PRId64 "\t%" PRId64
            "\t2024-01-01 00:00:00+00\t%d\t%.6f\t%d.%03d\t%s\t%s %s %d\t%s%s"
            "\t%06X\t2024-%02d-%02d\t%08x-%04x-4%03x-8%03x-%012" PRIx64
            "\t{\"unit\": \"%s\", \"level\": %d}\t\\\\x%016" PRIx64 "%016" PRIx64 "\t%" PRId64
            "\t%" PRId64 " s\n",
            id, (int64_t)(bits[3] % 5000), (int)(bits[0] % 16), (double)(bits[1] % 1000000) / 997.0,
            (int)(bits[2] % 100000), (int)(bits[0] % 1000), bits[0] % 3 == 0 ? "f" : "t",
            words[bits[0] % LENGTH(words)], words[bits[1] % LENGTH(words)], (int)(bits[2] % 1000),
            bits[2] % 4 == 0 ? "\\N" : "all is well with ",
            bits[2] % 4 == 0 ? "" : words[bits[2] % LENGTH(words)], (unsigned)(bits[1] & 0xFFFFFF),
            (int)(bits[0] % 12) + 1, (int)(bits[1] % 28) + 1, (unsigned)bits[0],
            (unsigned)(bits[1] & 0xFFFF), (unsigned)(bits[2] & 0xFFF),
            (unsigned)(bits[2] >> 12 & 0xFFF), bits[1] >> 16, words[bits[1] % LENGTH(words)],
            (int)(bits[0] % 100), bits[0], bits[2], (int64_t)(bits[4] % 1000000000), second);
}

static bool make_wide(Writer *w, int64_t bytes)
{
    if (!conn_exec(w->conn,
                   "CREATE TABLE public.readings (id bigint, device int NOT NULL, "
                   "base timestamptz NOT NULL, kind smallint, value float8, total numeric(12,3), "
                   "ok boolean, name text, note text, code char(6), day date, uid uuid, doc jsonb, "
                   "raw bytea, ref bigint, since interval)",
                   w->err) ||
        !begin_rows(w, "COPY public.readings FROM STDIN"))
        return false;
    for (int64_t id = 1; id <= bytes / WIDE_BYTES + 1; id++)
        add_reading(w, id);
    const char *const indexes[] = {
        "ALTER TABLE public.readings ADD PRIMARY KEY (id)",
        "CREATE INDEX readings_device_day ON public.readings (device, day)",
        "CREATE UNIQUE INDEX readings_uid ON public.readings (uid)",
    };
    return end_rows(w) && conn_exec_many(w->conn, indexes, LENGTH(indexes), NULL, w->err);
}

/* ---- many small tables ----------------------------------------------------------------- */

static bool make_small(Writer *w, int64_t number)
{
    if (!conn_execf(w->conn, w->err,
                    "CREATE TABLE public.small_%04" PRId64
                    " (id int PRIMARY KEY, label text NOT NULL UNIQUE, changed date)",
                    number))
        return false;
    AUTO(mem_free) char *copy = mem_printf("COPY public.small_%04" PRId64 " FROM STDIN", number);
    if (!begin_rows(w, copy))
        return false;
    int64_t rows = random_below(w, SMALL_ROWS_MAX);
    for (int64_t id = 1; id <= rows; id++)
        add_row(w, "%" PRId64 "\tlabel %" PRId64 "\t2024-%02d-01\n", id, id,
                (int)random_below(w, 12) + 1);
    return end_rows(w);
}

bool dataset_make(Conn *conn, const DatasetSize *size, Error *err)
{
    AUTO(mem_free) Writer *w = mem_alloc(sizeof *w);
    w->conn = conn;
    w->err = err;
    w->random = size->seed;
    /* The connection does not block; a generator has nothing else to do. */
    if (PQsetnonblocking(conn_pg(conn), 0) != 0)
        return conn_error(conn, NULL, err);
    if (!conn_exec(conn, "BEGIN", err) || !make_bank(w, size->bytes / 2) ||
        !make_wide(w, size->bytes / 2))
        return false;
    for (int64_t i = 1; i <= size->small_tables; i++)
        if (!make_small(w, i))
            return false;
    return conn_exec(conn, "COMMIT", err) && conn_exec(conn, "VACUUM ANALYZE", err);
}
