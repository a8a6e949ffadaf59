/* TPC-H's lineitem, made up in its manner: orders of one to seven lines, keys with gaps. */
#include <inttypes.h>
#include <time.h>

#include "bench/dataset.h"

enum { LINE_BYTES = 152, DAY_FIRST = 8035 /* 1992-01-01 */, DAYS = 2405, PARTS_A_LINE = 30 };

/* YYYY-MM-DD of a number of days since 1970. */
static const char *date_of(int64_t day, char text[16])
{
    time_t at = (time_t)(day * 86400);
    struct tm tm;
    gmtime_r(&at, &tm);
    strftime(text, 16, "%Y-%m-%d", &tm);
    return text;
}

static void add_line(Rows *rows, int64_t order, int line, int64_t ordered, int64_t parts)
{
    static const char *const instructions[] = {"DELIVER IN PERSON", "COLLECT COD", "NONE",
                                               "TAKE BACK RETURN"};
    static const char *const modes[] = {"REG AIR", "AIR", "RAIL", "SHIP", "TRUCK", "MAIL", "FOB"};
    char shipped_at[16], committed_at[16], received_at[16];
    int64_t part = rows_below(rows, parts) + 1, quantity = rows_below(rows, 50) + 1;
    int64_t cents = (90000 + part / 10 % 20001 + 100 * (part % 1000)) * quantity;
    int64_t supplier = (part + rows_below(rows, 4) * (parts / 80 + 1)) % (parts / 20 + 1) + 1;
    int64_t shipped = ordered + 1 + rows_below(rows, 121);
    int64_t committed = ordered + 30 + rows_below(rows, 61);
    int64_t received = shipped + 1 + rows_below(rows, 30);
    int discount = (int)rows_below(rows, 11), tax = (int)rows_below(rows, 9);
    bool old = received <= DAY_FIRST + DAYS * 7 / 10;
    rows_add(rows,
             "%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%d\t%" PRId64 ".00\t%" PRId64 ".%02" PRId64
             "\t0.%02d\t0.%02d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t",
             order, part, supplier, line, quantity, cents / 100, cents % 100, discount, tax,
             !old                    ? "N"
             : rows_random(rows) % 2 ? "R"
                                     : "A",
             old ? "F" : "O", date_of(shipped, shipped_at), date_of(committed, committed_at),
             date_of(received, received_at),
             instructions[rows_below(rows, (int64_t)LENGTH(instructions))],
             modes[rows_below(rows, (int64_t)LENGTH(modes))]);
    rows_add_words(rows, 2 + (int)rows_below(rows, 4));
    rows_add(rows, "\n");
}

bool wide_make(Rows *rows, const DatasetSize *size)
{
    if (!rows_runf(rows,
                   "CREATE TABLE public.lineitem (l_orderkey bigint NOT NULL, "
                   "l_partkey int NOT NULL, l_suppkey int NOT NULL, l_linenumber int NOT NULL, "
                   "l_quantity numeric(15,2) NOT NULL, l_extendedprice numeric(15,2) NOT NULL, "
                   "l_discount numeric(15,2) NOT NULL, l_tax numeric(15,2) NOT NULL, "
                   "l_returnflag char(1) NOT NULL, l_linestatus char(1) NOT NULL, "
                   "l_shipdate date NOT NULL, l_commitdate date NOT NULL, "
                   "l_receiptdate date NOT NULL, l_shipinstruct char(25) NOT NULL, "
                   "l_shipmode char(10) NOT NULL, l_comment varchar(44) NOT NULL)") ||
        !rows_begin(rows, "public.lineitem"))
        return false;
    int64_t lines = size->bytes / LINE_BYTES + 1;
    for (int64_t done = 0, order = 0; done < lines; order++) {
        int64_t ordered = DAY_FIRST + rows_below(rows, DAYS);
        int n = (int)rows_below(rows, 7) + 1;
        for (int line = 1; line <= n && done < lines; line++, done++)
            add_line(rows, order / 8 * 32 + order % 8 + 1, line, ordered, lines / PARTS_A_LINE + 1);
    }
    const char *const indexes[] = {
        "ALTER TABLE public.lineitem ADD PRIMARY KEY (l_orderkey, l_linenumber)",
        "CREATE INDEX lineitem_shipdate ON public.lineitem (l_shipdate)",
        "CREATE INDEX lineitem_part ON public.lineitem (l_partkey, l_suppkey)",
    };
    return rows_end(rows) && rows_run(rows, indexes, LENGTH(indexes));
}
