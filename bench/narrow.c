/* What pgbench has: narrow rows. */
#include <inttypes.h>

#include "bench/dataset.h"

/* Bytes that a row takes in the heap, measured, to come out near the wanted size. */
enum { ACCOUNT_BYTES = 134, HISTORY_BYTES = 77 };
enum { ACCOUNTS_A_BRANCH = 100000, TELLERS_A_BRANCH = 10 };

static void add_history(Rows *rows, int64_t accounts, int64_t branches)
{
    /* drawn one by one: C leaves open in which order arguments are computed */
    int64_t account = rows_below(rows, accounts) + 1;
    int64_t teller = rows_below(rows, branches * TELLERS_A_BRANCH) + 1;
    int64_t delta = rows_below(rows, 10000) - 5000;
    uint64_t time = rows_random(rows);
    rows_add(rows,
             "%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%" PRId64
             "\t2024-%02d-%02d %02d:%02d:%02d.%06d\t\n",
             teller, (teller - 1) / TELLERS_A_BRANCH + 1, account, delta, (int)(time % 12) + 1,
             (int)(time >> 8 & 15) + 1, (int)(time >> 12 & 15), (int)(time >> 16 & 31),
             (int)(time >> 21 & 31), (int)(time >> 32) & 0x7FFFF);
}

static bool add_accounts(Rows *rows, int64_t accounts)
{
    if (!rows_runf(rows, "CREATE TABLE public.accounts (aid int, bid int, abalance int, "
                         "filler char(84))") ||
        !rows_begin(rows, "public.accounts"))
        return false;
    for (int64_t i = 0; i < accounts; i++)
        rows_add(rows, "%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t\n", i + 1,
                 i / ACCOUNTS_A_BRANCH + 1, rows_below(rows, 10000) - 5000);
    return rows_end(rows);
}

bool stream_make(Rows *rows, const DatasetSize *size)
{
    return add_accounts(rows, size->bytes / ACCOUNT_BYTES + 1);
}

bool narrow_make(Rows *rows, const DatasetSize *size)
{
    int64_t accounts = size->bytes * 3 / 4 / ACCOUNT_BYTES + 1;
    int64_t branches = (accounts - 1) / ACCOUNTS_A_BRANCH + 1;
    const char *const tables[] = {
        "CREATE TABLE public.branches (bid int PRIMARY KEY, bbalance int, filler char(88))",
        "CREATE TABLE public.tellers (tid int PRIMARY KEY, bid int REFERENCES public.branches, "
        "tbalance int, filler char(84))",
        "CREATE TABLE public.history (tid int, bid int, aid int, delta int, mtime timestamp, "
        "filler char(22))",
    };
    if (!rows_run(rows, tables, LENGTH(tables)) || !rows_begin(rows, "public.branches"))
        return false;
    for (int64_t i = 1; i <= branches; i++)
        rows_add(rows, "%" PRId64 "\t0\t\n", i);
    if (!rows_end(rows) || !rows_begin(rows, "public.tellers"))
        return false;
    for (int64_t i = 0; i < branches * TELLERS_A_BRANCH; i++)
        rows_add(rows, "%" PRId64 "\t%" PRId64 "\t0\t\n", i + 1, i / TELLERS_A_BRANCH + 1);
    if (!rows_end(rows) || !add_accounts(rows, accounts) || !rows_begin(rows, "public.history"))
        return false;
    for (int64_t i = 0; i < size->bytes / 4 / HISTORY_BYTES; i++)
        add_history(rows, accounts, branches);
    return rows_end(rows) && rows_runf(rows, "ALTER TABLE public.accounts ADD PRIMARY KEY (aid)");
}
