/* --where and --mask of the built command: which rows come, with which values, what is refused
 * before anything is copied, what becomes of foreign keys. */
#include <unistd.h>

#include "tests/e2e/shop.h"

static const char tables[] =
    "CREATE TABLE customers (id int PRIMARY KEY, name text NOT NULL, email varchar(24), born date,"
    "  shout text GENERATED ALWAYS AS (upper(name)) STORED);"
    "CREATE TABLE orders (id int PRIMARY KEY, customer int REFERENCES customers,"
    "  total numeric(10,2));"
    "CREATE TABLE days (id int, day date, v int) PARTITION BY RANGE (day);"
    "CREATE TABLE days_20 PARTITION OF days FOR VALUES FROM ('2020-1-1') TO ('2021-1-1');"
    "CREATE TABLE days_21 PARTITION OF days FOR VALUES FROM ('2021-1-1') TO ('2022-1-1');"
    "CREATE TABLE parent (id int, v int); CREATE TABLE child (more text) INHERITS (parent);"
    "CREATE VIEW paid AS SELECT * FROM orders WHERE total > 0;";

static const char rows[] =
    "INSERT INTO customers SELECT i, 'name ' || i, 'm' || i || '@example.org',"
    "  '2000-01-01'::date + i FROM generate_series(1, 100) i;"
    "INSERT INTO orders SELECT i, 1 + i % 100, i FROM generate_series(1, 1000) i;"
    "INSERT INTO days SELECT i, '2020-1-1'::date + i, i FROM generate_series(0, 699) i;"
    "INSERT INTO parent SELECT i, i FROM generate_series(1, 10) i;"
    "INSERT INTO child SELECT i, i, 'c' FROM generate_series(1, 10) i;";

/* The destination knows nothing of it. */
static Shop pair(void)
{
    Shop shop = {test_source_database("source"), test_database("dest")};
    test_sql(&shop.source, tables);
    test_sql(&shop.source, rows);
    return shop;
}

/* ---- rows -------------------------------------------------------------------------------- */

Test(server_subset, only_rows_of_the_condition_come)
{
    Shop shop = pair();
    AUTO(launch_clear)
    Launch start = SHOP_LAUNCH(&shop, "start", "--where", "orders:total <= 10 OR total > 990 -- or",
                               "--where", "public.orders:id <> 5", "--where", "days:days.v % 2 = 0",
                               "--where", "parent:v > 7");
    EXPECT_EXIT(&start, 0);
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM orders", "19");
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM orders WHERE total <= 10 OR total > 990", "19");
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM customers", "100");
    EXPECT_VALUE(&shop.dest, "SELECT count(*) || ' ' || min(v) || ' ' || max(v) FROM days",
                 "350 0 698");
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM ONLY parent", "3");
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM child", "3");
}

Test(server_subset, a_condition_reads_other_tables_in_the_snapshot)
{
    Shop shop = pair();
    AUTO(launch_clear)
    Launch start = SHOP_LAUNCH(
        &shop, "start", "--where", "customers:id <= 10", "--where",
        "orders:EXISTS (SELECT FROM customers c WHERE c.id = orders.customer AND c.id <= 10)");
    EXPECT_EXIT(&start, 0);
    EXPECT_VALUE(&shop.dest, "SELECT count(*) || ' ' || max(customer) FROM orders", "100 10");
    /* a key without orphans is there, and whole */
    EXPECT_VALUE(&shop.dest,
                 "SELECT convalidated FROM pg_constraint WHERE conname = 'orders_customer_fkey'"
                 " AND conrelid = 'orders'::regclass",
                 "t");
}

Test(server_subset, names_are_folded_and_quoted_as_in_sql)
{
    Shop shop = pair();
    test_sql(&shop.source,
             "CREATE SCHEMA \"s:1\"; CREATE TABLE \"s:1\".\"A=b.\"\"c\" (\"X=y\" int, z int);"
             "INSERT INTO \"s:1\".\"A=b.\"\"c\" SELECT i, i FROM generate_series(1, 10) i");
    AUTO(launch_clear)
    Launch start = SHOP_LAUNCH(&shop, "start", "--where", "ORDERS : ID = 1", "--where",
                               "\"s:1\".\"A=b.\"\"c\":\"X=y\" = 2", "--mask",
                               "\"s:1\".\"A=b.\"\"c\".\"X=y\" = z + 40");
    EXPECT_EXIT(&start, 0);
    EXPECT_VALUE(&shop.dest, "SELECT id FROM orders", "1");
    EXPECT_VALUE(&shop.dest, "SELECT * FROM \"s:1\".\"A=b.\"\"c\"", "42");
}

/* ---- values ------------------------------------------------------------------------------ */

Test(server_subset, masked_values_travel_in_the_place_of_the_real_ones)
{
    Shop shop = pair();
    AUTO(launch_clear)
    Launch start =
        SHOP_LAUNCH(&shop, "start", "--mask", "customers.email=md5(email)", "--mask",
                    "customers.name='name ' || (-id)", "--mask", "customers.born='1970-01-01'",
                    "--mask", "days.v=NULL", "--mask", "orders.total=id % 3 -- any");
    EXPECT_EXIT(&start, 0);
    EXPECT_VALUE(&shop.dest,
                 "SELECT email = left(md5('m7@example.org'), 24) AND name = 'name -7'"
                 " AND shout = 'NAME -7' AND born = '1970-01-01' FROM customers WHERE id = 7",
                 "t");
    EXPECT_VALUE(&shop.dest, "SELECT count(*) || ' ' || count(v) FROM days", "700 0");
    EXPECT_VALUE(&shop.dest, "SELECT max(total) FROM orders", "2.00");
    EXPECT_VALUE(&shop.source, "SELECT email FROM customers WHERE id = 7", "m7@example.org");
}

Test(server_subset, a_value_that_the_column_refuses_is_the_failure_of_its_table)
{
    Shop shop = pair();
    AUTO(launch_clear)
    Launch start = SHOP_LAUNCH(&shop, "start", "--mask", "customers.name=nullif(name, 'name 99')");
    EXPECT_EXIT(&start, 7);
    EXPECT_CONTAINS(start.err, "copying public.customers: null value in column \"name\"");
}

/* ---- refusals ---------------------------------------------------------------------------- */

static void must_refuse(const Shop *shop, const char *option, const char *value, int exit_code,
                        const char *words)
{
    AUTO(launch_clear) Launch prepare = SHOP_LAUNCH(shop, "prepare", option, value);
    EXPECT_ERROR(&prepare, exit_code, words);
    AUTO(launch_clear) Launch preflight = SHOP_LAUNCH(shop, "preflight", option, value);
    EXPECT_EXIT(&preflight, exit_code);
    EXPECT_VALUE(&shop->dest, "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'pgzm%'", "0");
}

Test(server_subset, what_is_no_condition_of_a_table_is_refused_before_anything_is_copied)
{
    Shop shop = pair();
    test_sql(&shop.source, "CREATE SCHEMA other; CREATE TABLE other.days (id int);"
                           "CREATE MATERIALIZED VIEW seen AS SELECT 1 AS id");
    static const struct {
        const char *value;
        int exit_code;
        const char *words;
    } wrong[] = {
        {"orders", 2, "--where has no condition"},
        {"orders: ", 2, "--where has no condition"},
        {":true", 2, "--where has no table"},
        {"a.b.orders:true", 2, "\"a.b.orders\" in --where is no SQL identifier"},
        {"orders x:true", 2, "\"orders x\" in --where is no SQL identifier"},
        {"order:true", 4, "--where: table order does not exist on the source"},
        {"\"Orders\":true", 4, "--where: table Orders does not exist on the source"},
        {"days:true", 4, "--where: table days is ambiguous: "},
        {"paid:true", 4, "--where: public.paid is a view"},
        {"seen:true", 4, "--where: public.seen is a materialized view"},
        {"orders:nope > 1", 4, "--where for public.orders: column \"nope\" does not exist"},
        {"orders:id >", 4, "--where for public.orders: syntax error"},
        {"orders:id", 4, "--where for public.orders: argument of CASE/WHEN must be type boolean"},
        {"orders:id = $1", 4, "--where for public.orders: there are no parameters"},
        {"orders:count(*) > 1", 4, "--where for public.orders: aggregate functions are not"},
        {"orders:1 / (id - id) > 0", 4, "--where for public.orders: division by zero"},
        {"orders:(SELECT txid_current()) > 0 AND nextval('n') > 0", 4, "--where for public.orders"},
    };
    for (size_t i = 0; i < LENGTH(wrong); i++)
        must_refuse(&shop, "--where", wrong[i].value, wrong[i].exit_code, wrong[i].words);
}

Test(server_subset, what_would_write_is_refused_by_the_read_only_source)
{
    Shop shop = pair();
    test_sql(&shop.source, "CREATE SEQUENCE n");
    must_refuse(&shop, "--where", "orders:id > (SELECT nextval('n'))", 4,
                "--where for public.orders: cannot execute nextval() in a read-only transaction");
}

/* Each would be valid SQL somewhere between other words than those around a condition. */
Test(server_subset, no_text_gets_out_of_its_parentheses)
{
    Shop shop = pair();
    static const char *const hostile[] = {
        "1=1) TO STDOUT; --",
        "1=1) TO PROGRAM 'touch pgzmtest-hostile' --",
        "true; DROP TABLE orders",
        "true) OR (true",
        "true) UNION ALL SELECT 1, 1, 1 WHERE (true",
        "true /*",
        "true THEN true WHEN true",
        "true THEN true END) OR (CASE WHEN true",
        "SELECT true",
        "true $$",
        "true '",
        "true, true",
        "true FOR UPDATE",
        "true ORDER BY id LIMIT 1",
        "true AS x",
    };
    for (size_t i = 0; i < LENGTH(hostile); i++) {
        AUTO(mem_free) char *where = mem_printf("orders:%s", hostile[i]);
        AUTO(mem_free) char *mask = mem_printf("orders.total=%s", hostile[i]);
        must_refuse(&shop, "--where", where, 4, "--where for public.orders: ");
        must_refuse(&shop, "--mask", mask, 4, "--mask for public.orders.total: ");
    }
    EXPECT_VALUE(&shop.source, "SELECT count(*) FROM orders", "1000");
    EXPECT_VALUE(&shop.source, "SELECT pg_stat_file('pgzmtest-hostile', true) IS NULL", "t");
}

Test(server_subset, what_is_no_value_of_a_column_is_refused_before_anything_is_copied)
{
    Shop shop = pair();
    static const struct {
        const char *value;
        int exit_code;
        const char *words;
    } wrong[] = {
        {"customers.email", 2, "--mask has no expression"},
        {"customers.email=", 2, "--mask has no expression"},
        {"=1", 2, "--mask has no column"},
        {"email=1", 2, "\"email\" in --mask is no SQL identifier"},
        {"customers.nope=1", 4, "--mask: table public.customers has no column nope"},
        {"customers.shout='x'", 4, "--mask: column shout of public.customers is generated"},
        {"days.day=day + 1", 4, "--mask: column day of public.days is part of the partition key"},
        {"days_20.day=day", 4, "--mask: column day of public.days_20 is part of the partition key"},
        {"paid.total=1", 4, "--mask: public.paid is a view"},
        {"customers.born=name", 4,
         "--mask for public.customers.born: the expression is of type text, the column of type "
         "date"},
        {"customers.born='x'", 4, "--mask for public.customers.born: invalid input syntax"},
        {"customers.id=generate_series(1, 2)", 4, "--mask for public.customers.id: set-returning"},
        {"customers.id=row_number() OVER ()", 4, "--mask for public.customers.id: window"},
        {"customers.id=max(id)", 4, "--mask for public.customers.id: aggregate"},
    };
    for (size_t i = 0; i < LENGTH(wrong); i++)
        must_refuse(&shop, "--mask", wrong[i].value, wrong[i].exit_code, wrong[i].words);
    AUTO(launch_clear)
    Launch twice =
        SHOP_LAUNCH(&shop, "prepare", "--mask", "orders.total=1", "--mask", "orders.total=2");
    EXPECT_ERROR(&twice, 4, "--mask: column total of public.orders has two expressions");
}

Test(server_subset, tables_without_rows_of_the_source_take_neither)
{
    Shop shop = pair();
    test_sql(&shop.dest, tables);
    AUTO(launch_clear)
    Launch preserved = SHOP_LAUNCH(&shop, "prepare", "--preserved-tables", "customers", "--where",
                                   "customers:true");
    EXPECT_ERROR(&preserved, 4, "--where: table public.customers is preserved");
    AUTO(launch_clear)
    Launch rowless =
        SHOP_LAUNCH(&shop, "prepare", "--exclude-table-data", "orders", "--mask", "orders.total=1");
    EXPECT_ERROR(&rowless, 4, "--mask: table public.orders comes without its rows");
    AUTO(launch_clear)
    Launch filtered = SHOP_LAUNCH(&shop, "prepare", "-t", "customers", "--where", "orders:true");
    EXPECT_ERROR(&filtered, 4, "--where: table orders does not exist on the source");
    EXPECT_CONTAINS(filtered.err, "among those that the filters take");
}

Test(server_subset, what_takes_long_to_find_a_first_row_is_no_failure)
{
    Shop shop = pair();
    AUTO(launch_clear)
    Launch prepare = SHOP_LAUNCH(&shop, "preflight", "--where",
                                 "orders:id = 1000 AND pg_sleep(0.5 * id) IS NOT NULL", "--where",
                                 "customers:id < 0 AND pg_sleep(3000) IS NULL", "--mask",
                                 "parent.v=(SELECT 1 FROM pg_sleep(30))");
    EXPECT_EXIT(&prepare, 0);
}

/* ---- foreign keys ------------------------------------------------------------------------ */

static const char key_state[] =
    "SELECT convalidated FROM pg_constraint"
    " WHERE conname = 'orders_customer_fkey' AND conrelid = 'orders'::regclass";

Test(server_subset, rows_that_a_subset_orphans_are_counted_and_keep_it_from_going_live)
{
    Shop shop = pair();
    AUTO(launch_clear)
    Launch prepare = SHOP_LAUNCH(&shop, "prepare", "--json", "--where", "customers:id <= 50");
    EXPECT_EXIT(&prepare, 8);
    EXPECT_CONTAINS(prepare.err,
                    "500 rows violate foreign key orders_customer_fkey on public.orders");
    AUTO(json_decref) json_t *result = shop_json(prepare.out);
    const json_t *key = json_array_get(json_object_get(result, "orphans"), 0);
    cr_assert_eq(json_integer_value(json_object_get(key, "rows")), 500);
    AUTO(launch_clear) Launch status = LAUNCH("status", "--dest", shop.dest.conninfo);
    EXPECT_EXIT(&status, 0);
    EXPECT_CONTAINS(status.out,
                    "violated       foreign key orders_customer_fkey on public.orders: 500 rows");
    AUTO(launch_clear) Launch refused = LAUNCH("swap", "--dest", shop.dest.conninfo);
    EXPECT_EXIT(&refused, 8);
    AUTO(launch_clear)
    Launch kept = LAUNCH("swap", "--orphans", "keep", "--dest", shop.dest.conninfo);
    EXPECT_EXIT(&kept, 9);
    EXPECT_VALUE(&shop.dest, key_state, "f");
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM orders", "1000");
    /* corrected, it is validated */
    test_sql(&shop.dest, "DELETE FROM orders WHERE customer > 50");
    AUTO(launch_clear) Launch again = LAUNCH("swap", "--dest", shop.dest.conninfo);
    EXPECT_EXIT(&again, 0);
    EXPECT_VALUE(&shop.dest, key_state, "t");
}

Test(server_subset, masked_keys_and_referenced_partitions_are_counted_too)
{
    Shop shop = pair();
    test_sql(&shop.source,
             "CREATE TABLE parts (id int PRIMARY KEY) PARTITION BY RANGE (id);"
             "CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (10);"
             "CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (10) TO (20);"
             "CREATE TABLE uses (part int REFERENCES parts, other int REFERENCES parts_1);"
             "INSERT INTO parts SELECT generate_series(0, 19);"
             "INSERT INTO uses SELECT i, i % 10 FROM generate_series(0, 19) i");
    AUTO(launch_clear)
    Launch prepare = SHOP_LAUNCH(&shop, "prepare", "--where", "parts_1:id >= 5", "--mask",
                                 "orders.customer=CASE WHEN id < 4 THEN -id ELSE customer END");
    EXPECT_EXIT(&prepare, 8);
    EXPECT_CONTAINS(prepare.err, "5 rows violate foreign key uses_part_fkey on public.uses");
    EXPECT_CONTAINS(prepare.err, "10 rows violate foreign key uses_other_fkey on public.uses");
    EXPECT_CONTAINS(prepare.err,
                    "3 rows violate foreign key orders_customer_fkey on public.orders");
}

Test(server_subset, keys_that_cannot_be_broken_are_built_with_the_others)
{
    Shop shop = pair();
    AUTO(launch_clear)
    Launch prepare = SHOP_LAUNCH(&shop, "prepare", "--where", "orders:id < 10", "--mask",
                                 "customers.email=NULL");
    EXPECT_EXIT(&prepare, 0);
    EXPECT_VALUE(&shop.dest,
                 "SELECT convalidated FROM pg_constraint WHERE conname = 'orders_customer_fkey'"
                 " AND conrelid = 'pgzm_shadow_public.orders'::regclass",
                 "t");
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM pgzm.step WHERE part = 'orphans'", "0");
}

/* ---- verify ------------------------------------------------------------------------------ */

Test(server_subset, verify_compares_with_the_same_part_of_the_source)
{
    Shop shop = pair();
    AUTO(launch_clear)
    Launch prepare = SHOP_LAUNCH(&shop, "prepare", "--where", "orders:orders.id <= 100", "--where",
                                 "days:days.v < 500", "--where", "child:v = 3", "--mask",
                                 "customers.email=md5(random()::text)");
    EXPECT_EXIT(&prepare, 0);
    AUTO(launch_clear)
    Launch same = SHOP_LAUNCH(&shop, "verify", "--checksum");
    EXPECT_EXIT(&same, 0);
    EXPECT_CONTAINS(same.out, "table public.customers was masked");
    test_sql(&shop.source, "DELETE FROM orders WHERE id > 500"); /* not of the part */
    AUTO(launch_clear) Launch still = SHOP_LAUNCH(&shop, "verify", "--checksum");
    EXPECT_EXIT(&still, 0);
    test_sql(&shop.source, "DELETE FROM orders WHERE id = 7");
    AUTO(launch_clear) Launch other = SHOP_LAUNCH(&shop, "verify");
    EXPECT_EXIT(&other, 8);
    EXPECT_CONTAINS(other.err, "table public.orders: 100 rows in the shadow, 99 on the source");
}

Test(server_subset, verify_says_which_table_it_does_not_compare)
{
    Shop shop = pair();
    AUTO(launch_clear) Launch prepare = SHOP_LAUNCH(&shop, "prepare", "--where", "days_20:v < 5");
    EXPECT_EXIT(&prepare, 0);
    AUTO(launch_clear) Launch verify = SHOP_LAUNCH(&shop, "verify");
    EXPECT_EXIT(&verify, 0);
    EXPECT_CONTAINS(verify.out, "table public.days came in part");
    EXPECT_CONTAINS(verify.out, "4 tables have the source's number of rows");
}

/* ---- dumps ------------------------------------------------------------------------------- */

Test(server_subset, a_dump_holds_the_part_and_the_masked_values_and_nothing_else)
{
    Shop shop = pair();
    char folder[] = "/tmp/pgzmtest-subset.XXXXXX";
    cr_assert_not_null(mkdtemp(folder));
    AUTO(mem_free) char *dir = mem_printf("%s/dump", folder);
    AUTO(launch_clear)
    Launch refused =
        LAUNCH("dump", "--source", shop.source.conninfo, "--dir", dir, "--where", "orders:nope");
    EXPECT_ERROR(&refused, 4, "--where for public.orders: column \"nope\" does not exist");
    AUTO(launch_clear)
    Launch dump = LAUNCH("dump", "--source", shop.source.conninfo, "--dir", dir, "--where",
                         "customers:id <= 50", "--mask", "customers.email='nobody'");
    EXPECT_EXIT(&dump, 0);
    AUTO(launch_clear)
    Launch prepare = LAUNCH("prepare", "--from-dump", dir, "--dest", shop.dest.conninfo);
    AUTO(mem_free) char *line = mem_printf("rm -rf '%s'", folder);
    const LaunchOptions shell = {.program = "/bin/sh"};
    AUTO(launch_clear)
    Launch clean = launch_start(&shell, (const char *const[]){"-c", line, NULL});
    launch_wait(&clean);
    EXPECT_EXIT(&prepare, 8);
    EXPECT_CONTAINS(prepare.err,
                    "500 rows violate foreign key orders_customer_fkey on public.orders");
    EXPECT_VALUE(&shop.dest,
                 "SELECT count(*) || ' ' || min(email) || ' ' || max(email)"
                 " FROM pgzm_shadow_public.customers",
                 "50 nobody nobody");
}
