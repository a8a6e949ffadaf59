/* Tables whose shape changes while applications use them: what preflight predicted fails, nothing
 * else does. */
#include <libpq-fe.h>

#include "tests/e2e/shop.h"
#include "tests/harness/clients.h"

static void auto_pq_finish(PGconn **conn)
{
    PQfinish(*conn);
}

/* What an application has prepared before the swap. */
typedef struct Statement {
    const char *table;  /* of result.predicted */
    const char *breaks; /* how the sentence begins that would predict a failure */
    const char *names;  /* what that sentence also holds; NULL for nothing */
    const char *sql;    /* $1 is a number that no table has yet, but for WHERE id = 1 */
    const char *value;  /* of $2; NULL for none */
} Statement;

#define ALL "prepared statements that return all columns"
#define LIST "INSERT without a column list"
#define WHOLE "prepared statements that return a whole row"
#define ID " WHERE id = 1 AND $1::int > 0"

static const Statement statements[] = {
    {"public.gone", ALL, NULL, "SELECT * FROM gone" ID, NULL},
    {"public.gone", ALL, NULL, "UPDATE gone SET a = 'u'" ID " RETURNING *", NULL},
    {"public.gone", "statements that name column b", NULL, "SELECT b FROM gone" ID, NULL},
    {"public.gone", "statements that name column b", NULL, "UPDATE gone SET b = 'u'" ID, NULL},
    {"public.gone", "statements that name column a", NULL, "SELECT id, a FROM gone" ID, NULL},
    {"public.gone", "statements that name column a", NULL, "UPDATE gone SET a = 'u'" ID, NULL},
    {"public.gone", LIST, NULL, "INSERT INTO gone VALUES ($1, 'x', 'y')", NULL},
    {"public.gone", "INSERT that", NULL, "INSERT INTO gone (id, a) VALUES ($1, 'x')", NULL},
    {"public.added", ALL, NULL, "SELECT * FROM added" ID, NULL},
    {"public.added", ALL, NULL, "SELECT a.* FROM added a JOIN same s USING (id)" ID, NULL},
    {"public.added", ALL, NULL, "DELETE FROM added WHERE id = $1 RETURNING *", NULL},
    {"public.added", ALL, NULL, "SELECT * FROM own_rows()" ID, NULL},
    {"public.added", "functions", "own_rows(", "SELECT id FROM own_rows()" ID, NULL},
    {"public.added", "functions", "own_columns(", "SELECT * FROM own_columns()" ID, NULL},
    {"public.added", "functions", "own_columns(", "SELECT id FROM own_columns()" ID, NULL},
    {"public.added", "functions", "own_names(", "SELECT * FROM own_names()" ID, NULL},
    {"public.added", LIST, NULL, "INSERT INTO added VALUES ($1, 'x')", NULL},
    {"public.added", "statements", NULL, "SELECT id, a FROM added" ID, NULL},
    {"public.middle", ALL, NULL, "SELECT * FROM middle" ID, NULL},
    {"public.middle", LIST, NULL, "INSERT INTO middle VALUES ($1, 'x', 'y')", NULL},
    {"public.middle", "statements", NULL, "SELECT a, b FROM middle" ID, NULL},
    {"public.turned", ALL, NULL, "SELECT * FROM turned" ID, NULL},
    {"public.turned", LIST, NULL, "INSERT INTO turned VALUES ($1, 'x', 5)", NULL},
    {"public.turned", "statements", NULL, "INSERT INTO turned (id, a, b) VALUES ($1, 'x', 5)",
     NULL},
    {"public.turned", "statements", NULL, "SELECT a, b FROM turned" ID, NULL},
    {"public.wide", ALL, NULL, "SELECT * FROM wide" ID, NULL},
    {"public.wide", "prepared statements that return column n", NULL, "SELECT n FROM wide" ID,
     NULL},
    {"public.wide", "prepared statements that return column id", NULL, "SELECT id FROM wide" ID,
     NULL},
    {"public.wide", "prepared statements that compare column n", NULL,
     "SELECT id FROM wide WHERE id = $1 AND n = $2", "7"},
    {"public.wide", "prepared statements that write a parameter into column n", NULL,
     "INSERT INTO wide VALUES ($1, $2)", "7"},
    {"public.wide", "expressions with column n", NULL, "SELECT takes_integer(n) FROM wide" ID,
     NULL},
    {"public.other", ALL, NULL, "SELECT * FROM other" ID, NULL},
    {"public.other", "prepared statements that return column n", NULL, "SELECT n FROM other" ID,
     NULL},
    {"public.other", "prepared statements that compare column n", NULL,
     "SELECT id FROM other WHERE id = $1 AND n = $2", "7"},
    {"public.other", "prepared statements that write a parameter into column n", NULL,
     "INSERT INTO other VALUES ($1, $2)", "7"},
    {"public.other", "expressions with column n", NULL, "SELECT length(n) FROM other" ID, NULL},
    {"public.other", "statements", NULL, "SELECT id FROM other" ID, NULL},
    {"public.must", "INSERT that gives column b no value", NULL,
     "INSERT INTO must (id, a) VALUES ($1, 'x')", NULL},
    {"public.must", "INSERT that gives column b no value", NULL, "INSERT INTO must VALUES ($1)",
     NULL},
    {"public.must", "statements", NULL, "UPDATE must SET a = 'u'" ID, NULL},
    {"public.filled", "INSERT that gives column a no value", NULL,
     "INSERT INTO filled (id) VALUES ($1)", NULL},
    {"public.filled", "statements that write NULL into column a", NULL,
     "UPDATE filled SET a = NULL" ID, NULL},
    {"public.filled", "statements that write NULL into column id", NULL,
     "UPDATE filled SET a = 'u'" ID, NULL},
    {"public.filled", ALL, NULL, "SELECT * FROM filled" ID, NULL},
    {"public.bare", "INSERT that gives column a no value", NULL, "INSERT INTO bare VALUES ($1)",
     NULL},
    {"public.bare", ALL, NULL, "SELECT * FROM bare" ID, NULL},
    {"public.made", "statements that write column a", NULL, "UPDATE made SET a = 5" ID, NULL},
    {"public.made", ALL, NULL, "SELECT * FROM made" ID, NULL},
    {"public.numbered", "statements that write column a", NULL,
     "INSERT INTO numbered VALUES ($1, 5)", NULL},
    {"public.numbered", ALL, NULL, "SELECT * FROM numbered" ID, NULL},
    {"public.sorted", ALL, NULL, "SELECT * FROM sorted" ID, NULL},
    {"public.sorted", "prepared statements that return column a", NULL, "SELECT a FROM sorted" ID,
     NULL},
    {"public.sorted", "prepared statements that return column id", NULL,
     "SELECT id FROM sorted" ID " ORDER BY a", NULL},
    {"public.feeling", ALL, NULL, "SELECT * FROM feeling" ID, NULL},
    {"public.feeling", "prepared statements that return column m", NULL, "SELECT m FROM feeling" ID,
     NULL},
    {"public.feeling", "prepared statements that compare column m", NULL,
     "SELECT id FROM feeling WHERE id = $1 AND m = $2", "a"},
    {"public.feeling", "prepared statements that write a parameter into column m", NULL,
     "INSERT INTO feeling VALUES ($1, $2)", "a"},
    {"public.feeling", "prepared statements that return column id", NULL,
     "SELECT id FROM feeling" ID " AND m = 'a'", NULL},
    {"public.due", ALL, NULL, "SELECT * FROM due" ID, NULL},
    {"public.due", "prepared statements that return column n", NULL, "SELECT n FROM due" ID, NULL},
    {"public.due", "prepared statements that return column c", NULL, "SELECT c FROM due" ID, NULL},
    {"public.due", "prepared statements that compare column n", NULL,
     "SELECT id FROM due WHERE id = $1 AND n = $2", "7"},
    {"public.due", "prepared statements that write a parameter into column n", NULL,
     "INSERT INTO due (id, n) VALUES ($1, $2)", "7"},
    {"public.due", "expressions with column n", NULL, "SELECT abs(n) FROM due" ID, NULL},
    {"public.due", "prepared statements that compare column c", NULL,
     "SELECT id FROM due WHERE id = $1 AND c = $2", "7"},
    {"public.due", "prepared statements that write a parameter into column c", NULL,
     "INSERT INTO due (id, c) VALUES ($1, $2)", "7"},
    {"public.due", "expressions with column c", NULL, "SELECT takes_varchar(c) FROM due" ID, NULL},
    {"public.graded", "prepared statements that return column g", NULL, "SELECT g FROM graded" ID,
     NULL},
    {"public.graded", "prepared statements that compare column g", NULL,
     "SELECT id FROM graded WHERE id = $1 AND g = $2", "7"},
    {"public.graded", "prepared statements that write a parameter into column g", NULL,
     "INSERT INTO graded VALUES ($1, $2)", "7"},
    {"public.seen", ALL, NULL, "SELECT * FROM seen" ID, NULL},
    {"public.seen", "statements", NULL, "SELECT id, a FROM seen" ID, NULL},
    {"public.same", ALL, NULL, "SELECT * FROM same" ID, NULL},
    {"*", WHOLE, NULL, "SELECT s FROM same s" ID, NULL},
    {"*", "currval", NULL, "SELECT currval('counter') + $1::int", NULL},
    {"*", "nothing", NULL, "SELECT count(*) FROM same s WHERE s.* IS NOT NULL AND $1::int > 0",
     NULL},
};

/* ---- what was predicted ------------------------------------------------------------------ */

static bool predicts(const json_t *breaks, const Statement *statement)
{
    for (size_t i = 0; i < json_array_size(breaks); i++) {
        const char *sentence = json_string_value(json_array_get(breaks, i));
        size_t length = strlen(statement->breaks);
        if (strncmp(sentence, statement->breaks, length) != 0)
            continue;
        /* after a colon it says which, or that it does not fail */
        if (statement->names != NULL ? strstr(sentence, statement->names) != NULL
                                     : sentence[length] != ':')
            return true;
    }
    return false;
}

static bool is_predicted(const json_t *result, const Statement *statement)
{
    const json_t *list = json_object_get(result, "predicted");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *entry = json_array_get(list, i);
        if (strcmp(json_string_value(json_object_get(entry, "table")), statement->table) == 0 &&
            predicts(json_object_get(entry, "breaks"), statement))
            return true;
    }
    return false;
}

/* ---- the application --------------------------------------------------------------------- */

static void prepare(PGconn *conn, size_t i)
{
    AUTO(mem_free) char *name = mem_printf("s%zu", i);
    PGresult *result = PQprepare(conn, name, statements[i].sql, 0, NULL);
    cr_assert_eq(PQresultStatus(result), PGRES_COMMAND_OK, "%s: %s", statements[i].sql,
                 PQerrorMessage(conn));
    PQclear(result);
}

/* NULL when it goes well, otherwise the server's words (mem_free). */
static char *run(PGconn *conn, size_t i, int number)
{
    AUTO(mem_free) char *name = mem_printf("s%zu", i);
    AUTO(mem_free) char *text = mem_printf("%d", number);
    const char *const values[] = {text, statements[i].value};
    PGresult *result =
        PQexecPrepared(conn, name, statements[i].value != NULL ? 2 : 1, values, NULL, NULL, 0);
    ExecStatusType status = PQresultStatus(result);
    bool ok = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
    char *failure = ok ? NULL : mem_strdup(PQerrorMessage(conn));
    PQclear(result);
    return failure;
}

/* Prepared again, or written anew: what failed for being prepared only goes well. */
static void run_again(PGconn *conn, size_t i, int number)
{
    bool for_being_prepared = strncmp(statements[i].breaks, "prepared", 8) == 0;
    AUTO(mem_free) char *drop = mem_printf("DEALLOCATE s%zu", i);
    PQclear(PQexec(conn, drop));
    if (!for_being_prepared)
        return;
    prepare(conn, i);
    AUTO(mem_free) char *failure = run(conn, i, number);
    cr_expect_null(failure, "prepared again: %s: %s", statements[i].sql, failure);
}

Test(server_shape, fails_exactly_the_statements_that_preflight_predicted)
{
    Shop shop = {test_source_database("source"), test_database("dest")};
    test_sql_file(&shop.source, "tests/fixture/shape_source.sql");
    test_sql_file(&shop.dest, "tests/fixture/shape_dest.sql");
    AUTO(launch_clear) Launch preflight = SHOP_LAUNCH(&shop, "preflight", "--json");
    EXPECT_EXIT(&preflight, 0);
    AUTO(json_decref) json_t *result = shop_json(preflight.out);

    AUTO(pq_finish) PGconn *conn = PQconnectdb(shop.dest.conninfo);
    PQclear(PQexec(conn, "SELECT nextval('counter')"));
    for (size_t i = 0; i < LENGTH(statements); i++) {
        prepare(conn, i);
        AUTO(mem_free) char *failure = run(conn, i, 900000000 + (int)i);
        cr_assert_null(failure, "before: %s: %s", statements[i].sql, failure);
    }
    /* Others do meanwhile what is not predicted to fail, but for what may at the swap alone. */
    const char *unpredicted[LENGTH(statements) + 1] = {NULL};
    size_t count = 0;
    for (size_t i = 0; i < LENGTH(statements); i++)
        if (statements[i].value == NULL && strncmp(statements[i].sql, "INSERT", 6) != 0 &&
            strstr(statements[i].sql, "own_rows") == NULL && !is_predicted(result, &statements[i]))
            unpredicted[count++] = statements[i].sql;
    Clients *clients = clients_start(&shop.dest, 4, 100, unpredicted);
    AUTO(launch_clear) Launch start = SHOP_LAUNCH(&shop, "start");
    clients_await(clients, 100);
    ClientsReport report = clients_stop(clients);
    EXPECT_EXIT(&start, 0);
    cr_expect_eq(report.failures, 0, "%ld of %ld: %s", report.failures, report.statements,
                 report.first_failure);

    size_t failed = 0;
    for (size_t i = 0; i < LENGTH(statements); i++) {
        bool predicted = is_predicted(result, &statements[i]);
        AUTO(mem_free) char *failure = run(conn, i, 910000000 + (int)i);
        failed += failure != NULL;
        cr_expect(predicted == (failure != NULL), "%s: %s, but %s", statements[i].sql,
                  predicted ? "predicted to fail" : "not predicted",
                  failure != NULL ? failure : "it went well");
        if (failure != NULL)
            run_again(conn, i, 920000000 + (int)i);
    }
    cr_expect_gt(failed, 20);
}
