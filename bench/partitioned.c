/* A shop: customers, orders by months, order lines by hash, foreign keys between them. */
#include <inttypes.h>
#include <stdio.h>

#include "bench/dataset.h"

enum { CUSTOMER_BYTES = 96, ORDER_BYTES = 89, LINE_BYTES = 61, LINES_A_ORDER = 3 };
enum { MONTHS = 12, HASHES = 4, DAYS = 28 };

static bool make_partitions(Rows *rows)
{
    const char *const tables[] = {
        "CREATE TABLE public.customers (id bigint PRIMARY KEY, name text NOT NULL, email text, "
        "joined date)",
        "CREATE TABLE public.orders (id bigint, placed date, customer bigint NOT NULL, state text, "
        "total numeric(12,2), PRIMARY KEY (id, placed)) PARTITION BY RANGE (placed)",
        "CREATE TABLE public.lines (order_id bigint, placed date, line int, article int NOT NULL, "
        "price numeric(10,2), PRIMARY KEY (order_id, placed, line)) PARTITION BY HASH (order_id)",
    };
    if (!rows_run(rows, tables, LENGTH(tables)))
        return false;
    for (int month = 1; month <= MONTHS; month++)
        if (!rows_runf(rows,
                       "CREATE TABLE public.orders_%02d PARTITION OF public.orders FOR VALUES FROM "
                       "('2024-%02d-01') TO ('%d-%02d-01')",
                       month, month, month == MONTHS ? 2025 : 2024, month % MONTHS + 1))
            return false;
    for (int hash = 0; hash < HASHES; hash++)
        if (!rows_runf(rows,
                       "CREATE TABLE public.lines_%d PARTITION OF public.lines FOR VALUES WITH "
                       "(MODULUS %d, REMAINDER %d)",
                       hash, (int)HASHES, hash))
            return false;
    return true;
}

/* Orders come in the order of time. */
static void add_day(Rows *rows, int64_t order, int64_t orders)
{
    int day = (int)((order - 1) * MONTHS * DAYS / orders);
    rows_add(rows, "2024-%02d-%02d", day / DAYS + 1, day % DAYS + 1);
}

static bool fill(Rows *rows, int64_t customers, int64_t orders)
{
    if (!rows_begin(rows, "public.customers"))
        return false;
    for (int64_t i = 1; i <= customers; i++) {
        rows_add(rows, "%" PRId64 "\t", i);
        rows_add_words(rows, 4);
        rows_add(rows, "\tcustomer%" PRId64 "@example.org\t2020-%02d-01\n", i, (int)(i % 12) + 1);
    }
    if (!rows_end(rows) || !rows_begin(rows, "public.orders"))
        return false;
    for (int64_t i = 1; i <= orders; i++) {
        int64_t customer = rows_below(rows, customers) + 1, cents = rows_below(rows, 10000000);
        rows_add(rows, "%" PRId64 "\t", i);
        add_day(rows, i, orders);
        rows_add(rows, "\t%" PRId64 "\t", customer);
        rows_add_words(rows, 3);
        rows_add(rows, "\t%" PRId64 ".%02" PRId64 "\n", cents / 100, cents % 100);
    }
    if (!rows_end(rows) || !rows_begin(rows, "public.lines"))
        return false;
    for (int64_t i = 0; i < orders * LINES_A_ORDER; i++) {
        int64_t order = i / LINES_A_ORDER + 1, article = rows_below(rows, 100000);
        rows_add(rows, "%" PRId64 "\t", order);
        add_day(rows, order, orders);
        rows_add(rows, "\t%d\t%" PRId64 "\t%" PRId64 ".99\n", (int)(i % LINES_A_ORDER) + 1, article,
                 article % 977);
    }
    return rows_end(rows);
}

bool partitioned_make(Rows *rows, const DatasetSize *size)
{
    int64_t orders = size->bytes * 9 / 10 / (ORDER_BYTES + LINES_A_ORDER * LINE_BYTES) + 1;
    const char *const keys[] = {
        "CREATE INDEX orders_customer ON public.orders (customer)",
        "CREATE INDEX lines_article ON public.lines (article)",
        "ALTER TABLE public.orders ADD FOREIGN KEY (customer) REFERENCES public.customers",
        "ALTER TABLE public.lines ADD FOREIGN KEY (order_id, placed) REFERENCES public.orders",
    };
    return make_partitions(rows) && fill(rows, size->bytes / 10 / CUSTOMER_BYTES + 1, orders) &&
           rows_run(rows, keys, LENGTH(keys));
}
