/* A dump in place of the source: the two halves, and everything that may happen to the folder. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/e2e/shop.h"

static const char definitions[] =
    "CREATE TYPE mood AS ENUM ('glad', 'sad');"
    "CREATE TABLE customers (id bigserial PRIMARY KEY, name text NOT NULL, felt mood,"
    "  shout text GENERATED ALWAYS AS (upper(name)) STORED);"
    "CREATE INDEX ON customers (name);"
    "CREATE TABLE orders (id int PRIMARY KEY, customer bigint REFERENCES customers, moods mood[]);"
    "CREATE TABLE days (id int, day date) PARTITION BY RANGE (day);"
    "CREATE TABLE days_20 PARTITION OF days FOR VALUES FROM ('2020-1-1') TO ('2021-1-1');"
    "CREATE TABLE days_21 PARTITION OF days FOR VALUES FROM ('2021-1-1') TO ('2022-1-1');"
    "CREATE TABLE nothing (id int);"
    "CREATE VIEW happy AS SELECT * FROM customers WHERE felt = 'glad'";

static const char rows[] =
    "INSERT INTO customers (name, felt) SELECT 'n' || i, CASE WHEN i % 2 = 0 THEN 'glad' ELSE 'sad'"
    " END::mood FROM generate_series(1, 2000) i;"
    "INSERT INTO orders SELECT i, i, ARRAY['sad', 'glad']::mood[] FROM generate_series(1, 500) i;"
    "INSERT INTO days SELECT i, date '2020-1-1' + i FROM generate_series(0, 600) i";

typedef struct Saved {
    Shop shop;
    char base[40];   /* a folder of the test's own */
    char folder[64]; /* of the dump, in it */
} Saved;

static Saved open_pair(void)
{
    Saved s = {.shop = {test_source_database("source"), test_database("dest")},
               .base = "/tmp/pgzmtest_dump_XXXXXX"};
    cr_assert_not_null(mkdtemp(s.base));
    snprintf(s.folder, sizeof s.folder, "%s/dump", s.base);
    test_sql(&s.shop.source, definitions);
    test_sql(&s.shop.source, rows);
    test_sql(&s.shop.dest, "CREATE TABLE customers (id int PRIMARY KEY, name text);"
                           "INSERT INTO customers VALUES (1, 'old')");
    return s;
}

static void shut(Saved *s)
{
    AUTO(mem_free) char *remove = mem_printf("rm -rf %s", s->base);
    cr_assert_eq(system(remove), 0);
    test_database_drop(&s->shop.source);
    test_database_drop(&s->shop.dest);
}

#define DUMP(s, ...)                                                                               \
    LAUNCH("dump", "--source", (s)->shop.source.conninfo, "--dir", (s)->folder, ##__VA_ARGS__)
#define FROM_DUMP(s, command, ...)                                                                 \
    LAUNCH(command, "--from-dump", (s)->folder, "--dest", (s)->shop.dest.conninfo, ##__VA_ARGS__)

static void save(const Saved *s)
{
    AUTO(launch_clear) Launch dump = DUMP(s);
    EXPECT_EXIT(&dump, 0);
}

static bool has_extension(const TestDatabase *database, const char *name)
{
    AUTO(mem_free)
    char *query = mem_printf("SELECT 1 FROM pg_available_extensions WHERE name = '%s'", name);
    AUTO(mem_free) char *has = test_value(database, query);
    return has != NULL;
}

static void in_folder(const Saved *s, const char *command)
{
    AUTO(mem_free) char *line = mem_printf("cd %s && %s", s->folder, command);
    cr_assert_eq(system(line), 0, "%s", line);
}

static void expect_old(const Saved *s)
{
    EXPECT_VALUE(&s->shop.dest, "SELECT string_agg(name, ',') FROM customers", "old");
    EXPECT_VALUE(&s->shop.dest,
                 "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'pgzm\\_shadow%'", "0");
}

Test(server_dump, takes_the_place_of_the_source)
{
    Saved s = open_pair();
    AUTO(launch_clear) Launch dump = DUMP(&s, "--json");
    EXPECT_EXIT(&dump, 0);
    AUTO(json_decref) json_t *result = shop_json(dump.out);
    cr_expect_eq(json_integer_value(json_object_get(result, "rows")), 2000 + 500 + 601);
    struct stat facts;
    cr_assert_eq(stat(s.folder, &facts), 0);
    cr_expect_eq(facts.st_mode & 0777, 0700);
    /* what comes after is not in it, and the source need not be there */
    test_sql(&s.shop.source, "INSERT INTO customers (name) VALUES ('later')");
    AUTO(launch_clear) Launch start = FROM_DUMP(&s, "start");
    EXPECT_EXIT(&start, 0);
    test_sql(&s.shop.source, "DELETE FROM customers WHERE name = 'later';"
                             "SELECT setval('customers_id_seq', 2000)");
    EXPECT_SAME(compare_databases(&s.shop.source, &s.shop.dest, &(CompareScope){0}));
    EXPECT_VALUE(&s.shop.dest, "SELECT nextval('customers_id_seq')", "2001");
    EXPECT_VALUE(&s.shop.dest, "SELECT count(*) FROM happy", "1000");
    AUTO(launch_clear)
    Launch back = LAUNCH("rollback", "--latest", "--dest", s.shop.dest.conninfo);
    EXPECT_EXIT(&back, 0);
    expect_old(&s);
    shut(&s);
}

Test(server_dump, serves_preserved_tables_and_a_prepare_of_its_own)
{
    Saved s = open_pair();
    save(&s);
    AUTO(launch_clear)
    Launch prepare =
        FROM_DUMP(&s, "prepare", "--preserved-tables", "customers", "--orphans", "keep");
    EXPECT_EXIT(&prepare, 0);
    test_sql(&s.shop.dest, "INSERT INTO customers VALUES (7, 'meanwhile')");
    AUTO(launch_clear)
    Launch swap = LAUNCH("swap", "--orphans", "keep", "--dest", s.shop.dest.conninfo);
    EXPECT_EXIT(&swap, 9); /* orders whose customers are not there */
    EXPECT_VALUE(&s.shop.dest, "SELECT string_agg(shout, ',' ORDER BY id) FROM customers",
                 "OLD,MEANWHILE");
    EXPECT_VALUE(&s.shop.dest, "SELECT count(*) FROM orders", "500");
    shut(&s);
}

Test(server_dump, holds_what_the_filters_take)
{
    Saved s = open_pair();
    AUTO(launch_clear) Launch dump = DUMP(&s, "-t", "days", "--exclude-table-data", "days_21");
    EXPECT_EXIT(&dump, 0);
    AUTO(launch_clear) Launch start = FROM_DUMP(&s, "start");
    EXPECT_EXIT(&start, 0);
    EXPECT_VALUE(&s.shop.dest, "SELECT count(*) FROM days", "366");
    EXPECT_VALUE(&s.shop.dest, "SELECT string_agg(name, ',') FROM customers", "old");
    EXPECT_VALUE(&s.shop.dest, "SELECT to_regclass('orders') IS NULL", "t");
    shut(&s);
}

/* A side's extensions are visible while its definitions are printed; those of the destination that
 * the dump could not know of must not make it print the same type in other words. */
Test(server_dump, knows_a_type_again_whatever_extensions_are_there)
{
    Saved s = open_pair();
    if (!has_extension(&s.shop.dest, "citext"))
        cr_skip_test("the server has no citext");
    static const char domain[] = "CREATE DOMAIN gladness AS mood CHECK (VALUE <> 'sad'::mood)";
    test_sql(&s.shop.source, domain);
    test_sql(&s.shop.source, "CREATE TABLE joys (joy gladness)");
    test_sql(&s.shop.dest, "CREATE EXTENSION citext SCHEMA public;"
                           "CREATE TYPE mood AS ENUM ('glad', 'sad')");
    test_sql(&s.shop.dest, domain);
    AUTO(mem_free) char *before = test_value(&s.shop.dest, "SELECT 'gladness'::regtype::oid");
    save(&s);
    AUTO(launch_clear) Launch start = FROM_DUMP(&s, "start");
    EXPECT_EXIT(&start, 0);
    EXPECT_VALUE(&s.shop.dest, "SELECT 'gladness'::regtype::oid", before);
    shut(&s);
}

/* The destination may have another version of the extension, which reads its own binary form. */
Test(server_dump, holds_values_of_extensions_as_text)
{
    Saved s = open_pair();
    if (!has_extension(&s.shop.source, "hstore"))
        cr_skip_test("the server has no hstore");
    test_sql(&s.shop.source, "CREATE EXTENSION hstore; CREATE TABLE traits (t hstore)");
    AUTO(launch_clear) Launch dump = DUMP(&s, "-t", "traits", "-t", "nothing");
    EXPECT_EXIT(&dump, 0);
    in_folder(&s,
              "tr -d ' \n' < manifest.json > ../flat"
              " && grep -q '\"binary\":false,\"chunks\":[^]]*],\"columns\":\\[\"t\"\\]' ../flat"
              " && grep -q '\"binary\":true,\"chunks\":[^]]*],\"columns\":\\[\"id\"\\]' ../flat");
    shut(&s);
}

Test(server_dump, is_of_one_moment)
{
    Saved s = open_pair();
    /* each transaction keeps the sums equal */
    test_sql(&s.shop.source, "CREATE TABLE a (id int PRIMARY KEY, n int NOT NULL);"
                             "CREATE TABLE b (id int PRIMARY KEY, n int NOT NULL);"
                             "INSERT INTO a SELECT i, 0 FROM generate_series(1, 20000) i;"
                             "INSERT INTO b SELECT i, 0 FROM generate_series(1, 20000) i");
    pid_t writer = fork();
    if (writer == 0) {
        alarm(60); /* it ends, even if nobody is left to end it */
        for (;;)
            test_sql(&s.shop.source, "UPDATE a SET n = n + 1 WHERE id % 50 = 3;"
                                     "UPDATE b SET n = n + 1 WHERE id % 50 = 7");
    }
    usleep(300000);
    save(&s);
    kill(writer, SIGKILL);
    AUTO(launch_clear) Launch start = FROM_DUMP(&s, "start");
    EXPECT_EXIT(&start, 0);
    EXPECT_VALUE(&s.shop.dest,
                 "SELECT (SELECT sum(n) FROM a) = (SELECT sum(n) FROM b)"
                 " AND (SELECT sum(n) FROM a) > 0",
                 "t");
    shut(&s);
}

Test(server_dump, flows_no_faster_than_it_may)
{
    Saved s = open_pair();
    test_sql(&s.shop.source, "CREATE TABLE big AS SELECT md5(i::text) AS x"
                             " FROM generate_series(1, 100000) i");
    int64_t start = clock_monotonic_ms();
    AUTO(launch_clear) Launch dump = DUMP(&s, "--max-rate", "1MB");
    EXPECT_EXIT(&dump, 0);
    /* 3.8 MB and more; a burst may go ahead */
    cr_expect_geq(clock_monotonic_ms() - start, 2000);
    shut(&s);
}

/* ---- refusals --------------------------------------------------------------------------- */

/* The folder is named, and then `words`. */
static void expect_refusal(const Saved *s, int code, const char *words)
{
    AUTO(launch_clear) Launch start = FROM_DUMP(s, "start");
    AUTO(mem_free) char *error = mem_printf("folder %s%s", s->folder, words);
    EXPECT_ERROR(&start, code, error);
    expect_old(s);
}

Test(server_dump, with_a_damaged_file_is_refused_by_name)
{
    Saved s = open_pair();
    save(&s);
    in_folder(&s, "cp -a . ../good");
    in_folder(&s, "truncate -s -1 t1.1");
    expect_refusal(&s, 4, ": dump file t1.1 (rows of public.customers) is cut off");
    in_folder(&s, "rm t1.1");
    expect_refusal(&s, 4, ": dump file t1.1 (rows of public.customers) is missing");
    in_folder(&s, "cp ../good/t1.1 . && sed -i 's/\"rows\": 2000/\"rows\": 1999/' manifest.json");
    expect_refusal(&s, 4, ": manifest.json was changed");
    in_folder(&s, "cp ../good/manifest.json . && rm catalog");
    expect_refusal(&s, 4, ": dump file catalog is missing");
    in_folder(&s, "cp ../good/catalog . && rm manifest.json");
    expect_refusal(&s, 2, " holds no ");
    shut(&s);
}

Test(server_dump, with_a_byte_changed_goes_no_further_than_the_shadow)
{
    Saved s = open_pair();
    save(&s);
    in_folder(&s, "size=$(stat -c %s t1.1) && printf X | dd of=t1.1 bs=1 seek=$((size / 2))"
                  " conv=notrunc status=none");
    AUTO(launch_clear) Launch start = FROM_DUMP(&s, "start");
    EXPECT_ERROR(&start, 4, "copying public.customers: dump file t1.1 was changed");
    EXPECT_VALUE(&s.shop.dest, "SELECT string_agg(name, ',') FROM customers", "old");
    AUTO(launch_clear) Launch abort = LAUNCH("abort", "--dest", s.shop.dest.conninfo);
    EXPECT_EXIT(&abort, 0);
    expect_old(&s);
    shut(&s);
}

Test(server_dump, that_was_interrupted_is_none)
{
    Saved s = open_pair();
    test_sql(&s.shop.source, "CREATE TABLE big AS SELECT i, repeat(md5(i::text), 10) AS x"
                             " FROM generate_series(1, 300000) i");
    const char *const arguments[] = {"dump",  "--source", s.shop.source.conninfo,
                                     "--dir", s.folder,   NULL};
    Launch dump = launch_start(&(LaunchOptions){0}, arguments);
    AUTO(mem_free) char *part = mem_printf("%s/t1.1", s.folder);
    for (int i = 0; i < 1000 && access(part, F_OK) != 0; i++)
        usleep(2000);
    kill(dump.pid, SIGKILL);
    launch_wait(&dump);
    launch_clear(&dump);
    AUTO(mem_free) char *manifest = mem_printf("%s/manifest.json", s.folder);
    cr_assert_neq(access(manifest, F_OK), 0, "it was done before it was killed");
    expect_refusal(&s, 2, " holds no ");
    /* and its place is taken: nothing is written over */
    AUTO(launch_clear) Launch again = DUMP(&s);
    AUTO(mem_free)
    char *taken = mem_printf("folder %s holds a dump that was interrupted", s.folder);
    EXPECT_ERROR(&again, 2, taken);
    shut(&s);
}

Test(server_dump, that_fails_leaves_nothing)
{
    Saved s = open_pair();
    test_sql(&s.shop.source, "CREATE TABLE wide AS SELECT md5(i::text) AS x"
                             " FROM generate_series(1, 100000) i");
    /* a full disk, as far as a process can tell */
    AUTO(mem_free)
    char *line =
        mem_printf("ulimit -f 512; trap '' XFSZ; exec %s dump --source '%s' --dir %s 2>%s/err",
                   launch_command(), s.shop.source.conninfo, s.folder, s.base);
    int status = system(line);
    cr_assert(WIFEXITED(status));
    cr_assert_eq(WEXITSTATUS(status), 7, "exit %d", WEXITSTATUS(status));
    AUTO(mem_free)
    char *look = mem_printf("cd %s && grep -q 'saving into folder %s: .*cannot write dump file' err"
                            " && grep -q 'run the command again' err",
                            s.base, s.folder);
    cr_assert_eq(system(look), 0, "the error names neither folder nor file, or not what to do");
    cr_assert_neq(access(s.folder, F_OK), 0, "something is left");
    EXPECT_VALUE(&s.shop.source,
                 "SELECT count(*) FROM pg_stat_activity WHERE"
                 " application_name LIKE 'pgzm-copy%' AND datname ="
                 " current_database()",
                 "0");
    save(&s); /* the same command, when there is room */
    AUTO(launch_clear) Launch start = FROM_DUMP(&s, "start");
    EXPECT_EXIT(&start, 0);
    EXPECT_VALUE(&s.shop.dest, "SELECT count(*) FROM wide", "100000");
    shut(&s);
}

Test(server_dump, does_not_go_with_what_it_cannot_answer)
{
    Saved s = open_pair();
    save(&s);
    AUTO(launch_clear)
    Launch both = FROM_DUMP(&s, "start", "--source", s.shop.source.conninfo);
    EXPECT_ERROR(&both, 2, "--from-dump stands in for the source");
    AUTO(launch_clear) Launch filtered = FROM_DUMP(&s, "start", "-t", "orders");
    EXPECT_ERROR(&filtered, 2, "what is taken was decided");
    AUTO(launch_clear) Launch large = FROM_DUMP(&s, "start", "--large-objects");
    EXPECT_ERROR(&large, 2, "a dump holds neither");
    AUTO(launch_clear) Launch sums = FROM_DUMP(&s, "start", "--verify", "checksum");
    EXPECT_ERROR(&sums, 2, "a dump cannot be asked for checksums");
    AUTO(launch_clear) Launch part = FROM_DUMP(&s, "start", "--where", "orders:id > 3");
    EXPECT_ERROR(&part, 2, "what is taken was decided");
    AUTO(launch_clear) Launch none = LAUNCH("dump", "--source", s.shop.source.conninfo);
    EXPECT_ERROR(&none, 2, "no folder is given");
    AUTO(launch_clear) Launch twice = DUMP(&s);
    EXPECT_EXIT(&twice, 2);
    expect_old(&s);
    shut(&s);
}

/* ---- in the middle of it ------------------------------------------------------------------ */

/* Waits until the command writes the rows of table "big"; false when it ended before. */
static bool sees_load(const Saved *s, Launch *launch)
{
    while (!launch_ended(launch, 1)) {
        AUTO(mem_free)
        char *loading = test_value(&s->shop.dest, "SELECT count(*) FROM pg_stat_activity WHERE"
                                                  " datname = current_database()"
                                                  " AND query LIKE 'COPY%big%'");
        if (strcmp(loading, "0") != 0)
            return true;
    }
    return false;
}

/* ---- going on ---------------------------------------------------------------------------- */

Test(server_dump, goes_on_where_a_killed_prepare_stopped)
{
    Saved s = open_pair();
    test_sql(&s.shop.source, "CREATE TABLE big (i int PRIMARY KEY, x text);"
                             "INSERT INTO big SELECT i, repeat(md5(i::text), 10)"
                             " FROM generate_series(1, 200000) i");
    save(&s);
    const char *const arguments[] = {
        "prepare", "-j", "1", "--from-dump", s.folder, "--dest", s.shop.dest.conninfo, NULL};
    Launch prepare = launch_start(&(LaunchOptions){0}, arguments);
    cr_assert(sees_load(&s, &prepare), "the load was not seen");
    kill(prepare.pid, SIGKILL);
    launch_wait(&prepare);
    launch_clear(&prepare);
    AUTO(launch_clear) Launch status = LAUNCH("status", "--dest", s.shop.dest.conninfo);
    EXPECT_CONTAINS(status.out, "PREPARING");
    EXPECT_CONTAINS(status.out, "prepare --resume --from-dump");
    /* from the source itself it would be another moment */
    AUTO(launch_clear) Launch live = SHOP_LAUNCH(&s.shop, "prepare", "--resume");
    EXPECT_ERROR(&live, 5, "migration");
    AUTO(launch_clear) Launch again = FROM_DUMP(&s, "start", "--resume");
    EXPECT_EXIT(&again, 0);
    EXPECT_VALUE(&s.shop.dest, "SELECT count(*) || ' ' || sum(i) FROM big", "200000 20000100000");
    EXPECT_VALUE(&s.shop.dest, "SELECT count(*) FROM customers", "2000");
    EXPECT_SAME(compare_databases(&s.shop.source, &s.shop.dest, &(CompareScope){0}));
    shut(&s);
}

Test(server_dump, does_not_go_on_with_another_dump)
{
    Saved s = open_pair();
    save(&s);
    in_folder(&s, "cp -a . ../good && size=$(stat -c %s t1.1) && printf X |"
                  " dd of=t1.1 bs=1 seek=$((size / 2)) conv=notrunc status=none");
    AUTO(launch_clear) Launch broken = FROM_DUMP(&s, "prepare");
    EXPECT_EXIT(&broken, 4);
    EXPECT_CONTAINS(broken.err, "prepare --resume --from-dump");
    test_sql(&s.shop.source, "ALTER TABLE nothing ADD COLUMN more int");
    AUTO(mem_free) char *other = mem_printf("%s/other", s.base);
    AUTO(launch_clear)
    Launch second = LAUNCH("dump", "--source", s.shop.source.conninfo, "--dir", other);
    EXPECT_EXIT(&second, 0);
    AUTO(launch_clear)
    Launch wrong =
        LAUNCH("prepare", "--resume", "--from-dump", other, "--dest", s.shop.dest.conninfo);
    EXPECT_ERROR(&wrong, 5, "migration");
    in_folder(&s, "cp ../good/t1.1 t1.1");
    AUTO(launch_clear) Launch right = FROM_DUMP(&s, "start", "--resume");
    EXPECT_EXIT(&right, 0);
    EXPECT_VALUE(&s.shop.dest, "SELECT count(*) FROM customers", "2000");
    shut(&s);
}

/* ---- what it does not hold --------------------------------------------------------------- */

Test(server_dump, says_what_it_does_not_hold)
{
    Saved s = open_pair();
    test_sql(&s.shop.source, "SELECT lo_create(0); SELECT lo_create(0)");
    AUTO(launch_clear) Launch dump = DUMP(&s);
    EXPECT_EXIT(&dump, 0);
    EXPECT_CONTAINS(dump.err, "not carried over: large objects 2 (a dump holds none)");
    EXPECT_CONTAINS(dump.err, "a dump holds no roles; what is in this one needs: ");
    AUTO(launch_clear) Launch start = FROM_DUMP(&s, "start");
    EXPECT_EXIT(&start, 0);
    EXPECT_CONTAINS(start.err, "not carried over: large objects 2 (a dump holds none)");
    shut(&s);
}

/* A table that belongs to an extension as pg_extension_config_dump would have it. */
Test(server_dump, says_how_many_rows_of_extensions_it_does_not_hold)
{
    Saved s = open_pair();
    if (!has_extension(&s.shop.source, "citext"))
        cr_skip_test("the server has no citext");
    test_sql(&s.shop.source,
             "CREATE EXTENSION citext; CREATE TABLE conf (k text PRIMARY KEY, own bool);"
             "INSERT INTO conf VALUES ('a', true), ('b', true), ('given', false);"
             "ALTER EXTENSION citext ADD TABLE conf;"
             "UPDATE pg_extension SET extconfig = ARRAY['conf'::regclass::oid],"
             " extcondition = ARRAY['WHERE own'] WHERE extname = 'citext'");
    AUTO(launch_clear) Launch dump = DUMP(&s);
    EXPECT_EXIT(&dump, 0);
    EXPECT_CONTAINS(dump.err, "not in the dump: rows of extension citext's table public.conf: 2");
    shut(&s);
}

/* Names that are one text together, or come in another order as numbers than as texts. */
Test(server_dump, finds_each_of_many_tables_of_like_names)
{
    Saved s = open_pair();
    test_sql(&s.shop.source,
             "DO $$ BEGIN FOR i IN 1..3 LOOP EXECUTE 'CREATE SCHEMA s' || i;"
             " FOR k IN 1..12 LOOP EXECUTE format('CREATE TABLE s%s.t%s AS SELECT %s AS x',"
             " i, k, i * 100 + k); END LOOP; END LOOP; END $$");
    AUTO(launch_clear) Launch dump = DUMP(&s, "-n", "s*");
    EXPECT_EXIT(&dump, 0);
    AUTO(launch_clear) Launch start = FROM_DUMP(&s, "start");
    EXPECT_EXIT(&start, 0);
    EXPECT_VALUE(&s.shop.dest,
                 "SELECT count(*) FROM pg_tables t WHERE schemaname ~ '^s[123]$' AND"
                 " (xpath('//x/text()', query_to_xml(format('SELECT x FROM %I.%I', schemaname,"
                 " tablename), false, false, '')))[1]::text = substr(schemaname, 2) ||"
                 " lpad(substr(tablename, 2), 2, '0')",
                 "36");
    shut(&s);
}

/* ---- spilling ---------------------------------------------------------------------------- */

Test(server_dump, that_is_spilled_is_gone_in_the_end)
{
    Saved s = open_pair();
    AUTO(launch_clear)
    Launch start = SHOP_LAUNCH(&s.shop, "start", "--spill-dir", s.folder, "--preserved-tables",
                               "nothing", "-j", "2");
    EXPECT_ERROR(&start, 4, "preserved table"); /* the destination has no such table */
    cr_expect_neq(access(s.folder, F_OK), 0, "rows were saved in vain");
    AUTO(launch_clear) Launch spilled = SHOP_LAUNCH(&s.shop, "start", "--spill-dir", s.folder);
    EXPECT_EXIT(&spilled, 0);
    cr_expect_neq(access(s.folder, F_OK), 0, "the folder is left");
    EXPECT_SAME(compare_databases(&s.shop.source, &s.shop.dest, &(CompareScope){0}));
    shut(&s);
}

static size_t count_text(const char *text, const char *part)
{
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, part)) != NULL; at++)
        count++;
    return count;
}

/* Of the source's state, which a dump does not know, and of what is looked at twice. */
Test(server_dump, that_is_spilled_gives_each_warning_once)
{
    Saved s = open_pair();
    test_sql(&s.shop.source, "SELECT lo_create(0)");
    test_sql(&s.shop.source, "CREATE PUBLICATION everything FOR ALL TABLES");
    AUTO(launch_clear) Launch plain = SHOP_LAUNCH(&s.shop, "prepare", "--json");
    EXPECT_EXIT(&plain, 0);
    AUTO(launch_clear) Launch abort = LAUNCH("abort", "--dest", s.shop.dest.conninfo);
    EXPECT_EXIT(&abort, 0);
    AUTO(launch_clear)
    Launch spilled = SHOP_LAUNCH(&s.shop, "prepare", "--json", "--spill-dir", s.folder);
    EXPECT_EXIT(&spilled, 0);
    AUTO(json_decref) json_t *before = shop_json(plain.out);
    AUTO(json_decref) json_t *after = shop_json(spilled.out);
    const json_t *warnings = json_object_get(before, "warnings");
    cr_assert_geq(json_array_size(warnings), 1);
    for (size_t i = 0; i < json_array_size(warnings); i++) {
        const char *warning = json_string_value(json_array_get(warnings, i));
        const json_t *given = json_object_get(after, "warnings");
        size_t count = 0;
        for (size_t k = 0; k < json_array_size(given); k++)
            count += strcmp(json_string_value(json_array_get(given, k)), warning) == 0;
        cr_expect_eq(count, 1, "%zu times: %s", count, warning);
        cr_expect_eq(count_text(spilled.err, warning), 1, "%s:\n%s", warning, spilled.err);
    }
    shut(&s);
}

/* A prepare that spills, at the moment when it has saved the rows and loads them. */
static Launch start_spilling(const Saved *s)
{
    test_sql(&s->shop.source, "CREATE TABLE big (i int PRIMARY KEY, x text);"
                              "INSERT INTO big SELECT i, repeat(md5(i::text), 10)"
                              " FROM generate_series(1, 200000) i");
    const char *const arguments[] = {"prepare",
                                     "-j",
                                     "1",
                                     "--source",
                                     s->shop.source.conninfo,
                                     "--dest",
                                     s->shop.dest.conninfo,
                                     "--spill-dir",
                                     s->folder,
                                     NULL};
    Launch prepare = launch_start(&(LaunchOptions){0}, arguments);
    cr_assert(sees_load(s, &prepare), "the load was not seen");
    return prepare;
}

Test(server_dump, that_is_spilled_into_a_folder_that_stays_says_so)
{
    Saved s = open_pair();
    Launch prepare = start_spilling(&s);
    in_folder(&s, "touch .mine");
    launch_wait(&prepare);
    EXPECT_EXIT(&prepare, 0);
    AUTO(mem_free) char *words = mem_printf("cannot remove folder %s", s.folder);
    EXPECT_CONTAINS(prepare.err, words);
    in_folder(&s, "test ! -e t1.1");
    launch_clear(&prepare);
    shut(&s);
}

Test(server_dump, that_is_spilled_holds_no_snapshot_while_it_is_loaded)
{
    Saved s = open_pair();
    Launch prepare = start_spilling(&s);
    EXPECT_VALUE(&s.shop.source,
                 "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                 " AND application_name LIKE 'pgzm-copy%'",
                 "0");
    kill(prepare.pid, SIGKILL); /* the rows are safe */
    launch_wait(&prepare);
    launch_clear(&prepare);
    AUTO(launch_clear) Launch again = FROM_DUMP(&s, "start", "--resume");
    EXPECT_EXIT(&again, 0);
    EXPECT_SAME(compare_databases(&s.shop.source, &s.shop.dest, &(CompareScope){0}));
    shut(&s);
}

/* ---- encryption -------------------------------------------------------------------------- */

static void write_key(const Saved *s, const char *name, char digit)
{
    AUTO(mem_free) char *path = mem_printf("%s/%s", s->base, name);
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    cr_assert_eq(fchmod(fileno(file), 0600), 0);
    for (int i = 0; i < 64; i++)
        fputc(digit, file);
    cr_assert_eq(fclose(file), 0);
}

Test(server_dump, is_secret_to_who_has_no_key)
{
    Saved s = open_pair();
    write_key(&s, "key", 'a');
    write_key(&s, "other", 'b');
    AUTO(mem_free) char *key = mem_printf("%s/key", s.base);
    AUTO(mem_free) char *other = mem_printf("%s/other", s.base);
    AUTO(launch_clear) Launch dump = DUMP(&s, "--key-file", key);
    if (dump.exit_code == 2 && strstr(dump.err, "built without") != NULL)
        cr_skip_test("the program is built without libsodium");
    EXPECT_EXIT(&dump, 0);
    in_folder(&s, "! grep -rqE 'customers|glad|n1999' .");
    expect_refusal(&s, 2, ": the dump is encrypted");
    AUTO(launch_clear) Launch wrong = FROM_DUMP(&s, "start", "--key-file", other);
    EXPECT_ERROR(&wrong, 4, "folder");
    EXPECT_CONTAINS(wrong.err, "/dump: the dump");
    AUTO(launch_clear) Launch right = FROM_DUMP(&s, "start", "--key-file", key);
    EXPECT_EXIT(&right, 0);
    EXPECT_VALUE(&s.shop.dest, "SELECT count(*) FROM customers", "2000");
    shut(&s);
}

/* As text: the byte itself before 15, which is no text, since then octal digits that older servers
 * do not know. Which of both is to read it shows when the dump is there. */
Test(server_dump, wide_chars_go_where_their_text_is_known)
{
    Saved s = open_pair();
    test_sql(&s.shop.source, "CREATE TABLE letters (c \"char\", m money);"
                             "INSERT INTO letters VALUES ((-2)::\"char\", 1), ('a', 2)");
    const char *known = "SELECT current_setting('server_version_num')::int >= 150000";
    AUTO(mem_free) char *here = test_value(&s.shop.source, known);
    AUTO(mem_free) char *there = test_value(&s.shop.dest, known);
    AUTO(launch_clear) Launch dump = DUMP(&s);
    if (strcmp(here, "t") == 0) {
        EXPECT_EXIT(&dump, 0);
        AUTO(launch_clear) Launch load = FROM_DUMP(&s, "prepare");
        if (strcmp(there, "t") == 0) {
            EXPECT_EXIT(&load, 0);
            EXPECT_VALUE(&s.shop.dest, "SELECT sum(c::int) FROM pgzm_shadow_public.letters", "95");
        } else {
            EXPECT_ERROR(&load, 4,
                         "the rows of table public.letters are text with values of "
                         "\"char\" above 127");
        }
    } else {
        AUTO(mem_free)
        char *error =
            mem_printf("saving into folder %s: table public.letters travels as text", s.folder);
        EXPECT_ERROR(&dump, 4, error);
    }
    shut(&s);
}
