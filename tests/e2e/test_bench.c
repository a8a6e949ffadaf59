/* bench/run.sh at a size that proves nothing but that it works: what it measures is there, and a
 * run that ends otherwise than the source does not count. It starts servers of its own. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "tests/harness/launch.h"
#include "tests/harness/server.h"

/* A folder of the test's own, and the variable that names the programs for bench/run.sh. */
typedef struct Bench {
    char folder[64];
    char programs[4096];
    char *path; /* of the plain command: ratios of a sanitized one mean nothing */
} Bench;

static Bench bench_open(void)
{
    Bench bench = {.folder = "/tmp/pgzmtest-bench.XXXXXX"};
    cr_assert_not_null(mkdtemp(bench.folder));
    const char *plain = getenv("TEST_COMMAND_PLAIN");
    bench.path = mem_strdup(plain != NULL ? plain : launch_command());
    char *end = strrchr(bench.path, '/');
    cr_assert_not_null(end, "%s", bench.path);
    snprintf(bench.programs, sizeof bench.programs, "BENCH_PROGRAMS=%.*s", (int)(end - bench.path),
             bench.path);
    return bench;
}

static void bench_close(Bench *bench)
{
    AUTO(mem_free) char *command = mem_printf("rm -rf '%s'", bench->folder);
    cr_expect_eq(system(command), 0);
    mem_free(bench->path);
}

static json_t *bench_results(const Bench *bench)
{
    AUTO(mem_free) char *path = mem_printf("%s/results.json", bench->folder);
    json_error_t error;
    json_t *results = json_load_file(path, 0, &error);
    cr_assert_not_null(results, "%s: %s", path, error.text);
    return results;
}

/* Runs it with those arguments after --quick; its exit code and JSON. */
static json_t *bench_run(const Bench *bench, int exit_code, const char *const *arguments)
{
    const char *all[24] = {PGZM_TOP "/bench/run.sh", "--quick", "--out", bench->folder};
    for (size_t n = 4; *arguments != NULL && n + 1 < LENGTH(all); arguments++)
        all[n++] = *arguments;
    AUTO(launch_clear)
    Launch launch = launch_start(
        &(LaunchOptions){.program = "sh",
                         .environment = (const char *const[]){bench->programs, "TMPDIR", NULL}},
        all);
    launch_wait(&launch);
    EXPECT_EXIT(&launch, exit_code);
    return bench_results(bench);
}

static json_t *found(json_t *array, const char *key, const char *value)
{
    size_t i;
    json_t *one;
    json_array_foreach(array, i, one)
    {
        const char *text = json_string_value(json_object_get(one, key));
        if (text != NULL && strcmp(text, value) == 0)
            return one;
    }
    return NULL;
}

static json_t *contender(json_t *results, const char *case_name, const char *name)
{
    json_t *one = found(json_object_get(results, "cases"), "case", case_name);
    cr_assert_not_null(one, "%s", case_name);
    return found(json_object_get(one, "contenders"), "contender", name);
}

static double median(const json_t *entry, const char *metric)
{
    return json_number_value(json_object_get(json_object_get(entry, metric), "median"));
}

static bool file_holds(const Bench *bench, const char *name, const char *words)
{
    AUTO(mem_free) char *path = mem_printf("%s/%s", bench->folder, name);
    AUTO(str_clear) Str text = STR_INIT;
    FILE *file = fopen(path, "r");
    char line[4096];
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        str_add(&text, line);
    if (file != NULL)
        fclose(file);
    return strstr(str_text(&text), words) != NULL;
}

Test(server_bench, measures_contenders_that_end_alike)
{
    Bench bench = bench_open();
    json_t *results =
        bench_run(&bench, 0,
                  (const char *const[]){"--only", "narrow", "tables-3", "tables-9", "--contenders",
                                        "pgzm", "psql", "floor", NULL});
    cr_expect_eq(json_array_size(json_object_get(results, "failures")), 0);
    static const char *const names[] = {"pgzm", "psql", "floor"};
    static const char *const cases[] = {"narrow", "tables-3", "tables-9"};
    for (size_t c = 0; c < LENGTH(cases); c++)
        for (size_t i = 0; i < LENGTH(names); i++) {
            json_t *entry = contender(results, cases[c], names[i]);
            cr_assert_not_null(entry, "%s %s", cases[c], names[i]);
            cr_expect_eq(json_array_size(json_object_get(entry, "runs")), 1);
            cr_expect_gt(median(entry, "wall_s"), 0);
            cr_expect_gt(median(entry, "client_cpu_s"), 0);
            cr_expect_gt(median(entry, "server_cpu_s"), 0);
            cr_expect_gt(median(entry, "memory_kb"), 1000);
            cr_expect_gt(median(entry, "wal_bytes"), 10000);
        }
    /* 37,000 rows were written to the log, whoever brought them. */
    cr_expect_gt(median(contender(results, "narrow", "pgzm"), "wal_bytes"), 2e6);
    cr_expect_gt(median(contender(results, "narrow", "floor"), "wal_bytes"), 2e6);
    json_t *phases = json_object_get(contender(results, "narrow", "pgzm"), "phases_ms");
    cr_expect_not_null(json_object_get(phases, "copy"));
    cr_expect_not_null(json_object_get(phases, "swap"));
    json_t *narrow = found(json_object_get(results, "cases"), "case", "narrow");
    cr_expect_eq(json_integer_value(json_object_get(narrow, "tables")), 4);
    cr_expect_gt(json_integer_value(json_object_get(narrow, "rows")), 30000);

    json_t *growth = found(json_object_get(results, "growth"), "contender", "pgzm");
    cr_assert_not_null(growth);
    cr_expect_str_eq(json_string_value(json_object_get(growth, "dataset")), "tables");
    cr_expect(json_is_number(json_object_get(growth, "wall_s")));
    json_t *target =
        found(json_object_get(results, "targets"), "target", "narrow: time / best other contender");
    cr_assert_not_null(target);
    cr_expect_gt(json_number_value(json_object_get(target, "measured")), 0);
    cr_expect(json_is_boolean(json_object_get(target, "met")));
    cr_expect(file_holds(&bench, "RESULTS.md", "sh bench/run.sh --quick"));
    cr_expect(file_holds(&bench, "RESULTS.md", "shared_buffers = "));
    cr_expect(file_holds(&bench, "chart.svg", "the floor"));
    cr_expect(file_holds(&bench, "chart.svg", "</svg>"));
    json_decref(results);
    bench_close(&bench);
}

static void write_file(const Bench *bench, const char *name, const char *text)
{
    AUTO(mem_free) char *path = mem_printf("%s/%s", bench->folder, name);
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file, "%s", path);
    cr_assert_eq(fputs(text, file) >= 0, true);
    cr_assert_eq(fclose(file), 0);
}

/* The second round was slow for all, and two contenders are not in the third. By medians psql's
 * ratio would be 5 / 4. */
Test(bench, ratios_are_of_the_runs_of_one_round)
{
    Bench bench = bench_open();
    write_file(&bench, "facts", "jobs\t2\n");
    write_file(&bench, "failures", "");
    write_file(&bench, "cases", "narrow\tnarrow\t700\tMB\t4\t9\t9\t0\n");
    write_file(&bench, "runs",
               "narrow\tpgzm\t1\t4\t1\t1\t9\t9\t-\nnarrow\tpsql\t1\t5\t1\t1\t9\t9\t-\n"
               "narrow\tfloor\t1\t4\t1\t1\t9\t9\t-\nnarrow\tdump\t1\t8\t1\t1\t9\t9\t-\n"
               "narrow\tdump\t2\t40\t1\t1\t9\t9\t-\nnarrow\tfloor\t2\t20\t1\t1\t9\t9\t-\n"
               "narrow\tpsql\t2\t25\t1\t1\t9\t9\t-\nnarrow\tpgzm\t2\t18\t1\t1\t9\t9\t-\n"
               "narrow\tpgzm\t3\t3\t1\t1\t9\t9\t-\nnarrow\tpsql\t3\t5\t1\t1\t9\t9\t-\n");
    AUTO(mem_free)
    char *program = mem_printf("%s/pgzm-summarize", strchr(bench.programs, '=') + 1);
    AUTO(launch_clear)
    Launch launch = launch_start(&(LaunchOptions){.program = program},
                                 (const char *const[]){"--out", bench.folder, bench.folder, NULL});
    launch_wait(&launch);
    EXPECT_EXIT(&launch, 0);

    json_t *results = bench_results(&bench);
    json_t *psql = contender(results, "narrow", "psql"),
           *dump = contender(results, "narrow", "dump");
    cr_expect_float_eq(median(psql, "wall_s"), 5, 1e-4);
    cr_expect_float_eq(json_number_value(json_object_get(psql, "ratio_to_pgzm")), 25 / 18.0, 1e-4);
    cr_expect_float_eq(json_number_value(json_object_get(dump, "ratio_to_pgzm")),
                       (8 / 4.0 + 40 / 18.0) / 2, 1e-4);
    json_t *target =
        found(json_object_get(results, "targets"), "target", "narrow: time / best other contender");
    cr_expect_float_eq(json_number_value(json_object_get(target, "measured")), 18 / 25.0, 1e-4);
    json_decref(results);
    bench_close(&bench);
}

/* A pgzm-copy that loses one row is put in the place of the real one. */
Test(server_bench, counts_no_run_that_lost_a_row)
{
    Bench bench = bench_open();
    char programs[128];
    snprintf(programs, sizeof programs, "%s/programs", bench.folder);
    AUTO(mem_free)
    char *command = mem_printf(
        "mkdir '%s' && cd '%s' && ln -s '%s'/pgzm-* . && rm pgzm-copy && cat >pgzm-copy <<'END'\n"
        "#!/bin/sh\n"
        "'%s' \"$@\" || exit\n"
        "[ \"$1\" != start ] || psql -X -q -d \"$BENCH_DEST\" -c "
        "'DELETE FROM small_00001 WHERE id = 1; DELETE FROM small_00002 WHERE id = 1'\n"
        "END\nchmod 755 pgzm-copy",
        programs, programs, strchr(bench.programs, '=') + 1, bench.path);
    cr_assert_eq(system(command), 0);
    snprintf(bench.programs, sizeof bench.programs, "BENCH_PROGRAMS=%s", programs);

    json_t *results = bench_run(
        &bench, 1,
        (const char *const[]){"--only", "tables-2", "--contenders", "pgzm", "dump", NULL});
    cr_expect_null(contender(results, "tables-2", "pgzm"));
    cr_expect_not_null(contender(results, "tables-2", "dump"));
    cr_expect_eq(json_array_size(json_object_get(results, "failures")), 1);
    json_decref(results);
    bench_close(&bench);
}

/* Each table with its rows' number and a sum over them. */
static const char row_sums[] =
    "SELECT c.relname, query_to_xml(format('SELECT count(*), sum(hashtextextended(t::text, 0)) "
    "FROM ONLY %s t', c.oid::regclass), false, true, '') FROM pg_class c "
    "WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1";

static void generate(const Bench *bench, const TestDatabase *database, const char *dataset)
{
    AUTO(mem_free)
    char *program = mem_printf("%s/pgzm-generate", strchr(bench->programs, '=') + 1);
    AUTO(launch_clear)
    Launch launch = launch_start(
        &(LaunchOptions){.program = program},
        (const char *const[]){"--size", "2", "--tables", "3", dataset, database->conninfo, NULL});
    launch_wait(&launch);
    EXPECT_EXIT(&launch, 0);
}

Test(server_bench, makes_the_same_rows_every_time_and_as_many_as_wanted)
{
    static const char *const datasets[] = {"narrow", "stream",      "wide",  "toast",
                                           "mixed",  "partitioned", "skewed"};
    Bench bench = bench_open();
    for (size_t i = 0; i < LENGTH(datasets); i++) {
        TestDatabase one = test_database("bench"), other = test_database("bench");
        generate(&bench, &one, datasets[i]);
        generate(&bench, &other, datasets[i]);
        AUTO(mem_free) char *rows = test_rows(&one, row_sums);
        AUTO(mem_free) char *again = test_rows(&other, row_sums);
        cr_expect_str_eq(rows, again, "%s", datasets[i]);
        AUTO(mem_free)
        char *size = test_value(&one, "SELECT sum(pg_table_size(oid)) / 1024 FROM pg_class "
                                      "WHERE relkind = 'r' AND relname !~ '^small' AND "
                                      "relnamespace = 'public'::regnamespace");
        cr_expect(atof(size) > 1500 && atof(size) < 4500, "%s: %s kB", datasets[i], size);
        test_database_drop(&one);
        test_database_drop(&other);
    }
    bench_close(&bench);
}
