#include <criterion/criterion.h>
#include <string.h>

#include "base/conn.h"
#include "base/tape.h"

/* A result as a server would give it: columns a and b, the rows of `cells`; NULL is a NULL. */
static PGresult *make(int rows, const char *const *cells)
{
    PGresult *result = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
    char a[] = "a", b[] = "b";
    PGresAttDesc columns[] = {{.name = a}, {.name = b}};
    cr_assert_eq(PQsetResultAttrs(result, 2, columns), 1);
    for (int i = 0; i < rows * 2; i++) {
        AUTO(mem_free) char *cell = mem_strdup(cells[i]);
        cr_assert_eq(PQsetvalue(result, i / 2, i % 2, cell, cell == NULL ? -1 : (int)strlen(cell)),
                     1);
    }
    return result;
}

static void keep(Tape *tape, const char *sql, const char *parameter, const char *first)
{
    const char *const cells[] = {first, NULL, "", "two\nlines"};
    const char *const values[] = {parameter};
    AUTO(result_free) PGresult *result = make(2, cells);
    tape_add_result(tape, sql, 1, values, result);
}

static void expect(Tape *tape, const char *sql, const char *parameter, const char *first)
{
    const char *const values[] = {parameter};
    AUTO(error_clear) Error err = ERROR_INIT;
    AUTO(result_free) PGresult *result = NULL;
    cr_assert(tape_answer(tape, sql, 1, values, &result, &err), "%s", err.message);
    cr_assert_eq(PQntuples(result), 2);
    cr_assert_eq(PQfnumber(result, "b"), 1);
    cr_assert_str_eq(PQgetvalue(result, 0, 0), first);
    cr_assert(PQgetisnull(result, 0, 1));
    cr_assert_not(PQgetisnull(result, 1, 0));
    cr_assert_str_eq(PQgetvalue(result, 1, 1), "two\nlines");
}

static Tape *again(const Tape *tape)
{
    AUTO(str_clear) Str bytes = STR_INIT;
    AUTO(error_clear) Error err = ERROR_INIT;
    Tape *loaded = NULL;
    tape_save(tape, &bytes);
    cr_assert(tape_load(bytes.text, bytes.len, &loaded, &err), "%s", err.message);
    return loaded;
}

Test(tape, gives_each_question_its_answer)
{
    AUTO(tape_free) Tape *tape = tape_new();
    for (int i = 0; i < 1000; i++) { /* more than the table begins with */
        AUTO(mem_free) char *parameter = mem_printf("%d", i);
        keep(tape, "SELECT 1", parameter, parameter);
    }
    keep(tape, "SELECT 1", NULL, "no parameter");
    keep(tape, "SELECT 1", "", "an empty one");
    AUTO(tape_free) Tape *loaded = again(tape);
    for (int i = 0; i < 1000; i++) {
        AUTO(mem_free) char *parameter = mem_printf("%d", i);
        expect(loaded, "SELECT 1", parameter, parameter);
    }
    expect(loaded, "SELECT 1", NULL, "no parameter");
    expect(loaded, "SELECT 1", "", "an empty one");
}

Test(tape, gives_changing_answers_in_their_turn)
{
    AUTO(tape_free) Tape *tape = tape_new();
    keep(tape, "SELECT 1", "x", "before");
    keep(tape, "SELECT 1", "x", "before");
    keep(tape, "SELECT 1", "x", "after");
    AUTO(tape_free) Tape *loaded = again(tape);
    expect(loaded, "SELECT 1", "x", "before");
    expect(loaded, "SELECT 1", "x", "after");
    expect(loaded, "SELECT 1", "x", "after");
}

Test(tape, gives_errors_as_they_were)
{
    AUTO(tape_free) Tape *tape = tape_new();
    AUTO(error_clear) Error failure = ERROR_INIT;
    error_set_state(&failure, ERROR_PREFLIGHT, "42501", "permission denied");
    error_hint(&failure, "Ask for it.");
    tape_add_error(tape, "SELECT 2", 0, NULL, &failure);
    AUTO(tape_free) Tape *loaded = again(tape);
    AUTO(error_clear) Error err = ERROR_INIT;
    PGresult *result = NULL;
    cr_assert_not(tape_answer(loaded, "SELECT 2", 0, NULL, &result, &err));
    cr_assert_eq(err.kind, ERROR_PREFLIGHT);
    cr_assert(error_is_state(&err, "42501"));
    cr_assert_str_eq(err.message, "permission denied");
    cr_assert_str_eq(err.hint, "Ask for it.");
}

Test(tape, names_a_question_that_was_not_asked)
{
    AUTO(tape_free) Tape *tape = tape_new();
    AUTO(error_clear) Error err = ERROR_INIT;
    PGresult *result = NULL;
    cr_assert_not(tape_answer(tape, "SELECT 3", 0, NULL, &result, &err));
    cr_assert_str_eq(err.message, "the dump holds no answer to: SELECT 3");
}

Test(tape, takes_commands_without_an_answer)
{
    AUTO(tape_free) Tape *tape = tape_new();
    AUTO(error_clear) Error err = ERROR_INIT;
    AUTO(result_free) PGresult *result = NULL;
    cr_assert(tape_answer(tape, "SET LOCAL lock_timeout = 0", 0, NULL, &result, &err));
    cr_assert_eq(PQresultStatus(result), PGRES_COMMAND_OK);
}

Test(tape, refuses_every_beginning_of_itself)
{
    AUTO(tape_free) Tape *tape = tape_new();
    AUTO(str_clear) Str bytes = STR_INIT;
    keep(tape, "SELECT 1", "x", "value");
    tape_note(tape, "version", "150000");
    tape_save(tape, &bytes);
    for (size_t n = 0; n < bytes.len; n++) {
        AUTO(error_clear) Error err = ERROR_INIT;
        Tape *loaded = NULL;
        cr_assert_not(tape_load(bytes.text, n, &loaded, &err), "%zu of %zu bytes", n, bytes.len);
        cr_assert_eq(err.kind, ERROR_PREFLIGHT);
    }
}

Test(tape, refuses_another_version)
{
    AUTO(error_clear) Error err = ERROR_INIT;
    Tape *loaded = NULL;
    const char bytes[] = "pgzm tape 2\n";
    cr_assert_not(tape_load(bytes, sizeof bytes - 1, &loaded, &err));
    cr_assert_eq(err.kind, ERROR_PREFLIGHT);
}

Test(tape, is_a_connection)
{
    AUTO(tape_free) Tape *tape = tape_new();
    AUTO(error_clear) Error err = ERROR_INIT;
    tape_note(tape, "version", "150020");
    tape_note(tape, "database", "shop");
    keep(tape, "SELECT 1", "x", "value");
    AUTO(conn_free) Conn *conn = NULL;
    cr_assert(conn_open_tape(tape, CONN_SOURCE, NULL, &conn, &err), "%s", err.message);
    cr_assert_eq(conn_version(conn), 150020);
    cr_assert_str_eq(conn_database(conn), "shop");
    cr_assert_str_eq(conn_label(conn), "the dump of database \"shop\"");
    cr_assert_not(conn_is_lost(conn));
    AUTO(result_free) PGresult *result = NULL;
    const char *const values[] = {"x"};
    cr_assert(conn_query(conn, "SELECT 1", 1, values, &result, &err), "%s", err.message);
    cr_assert_str_eq(PQgetvalue(result, 0, 0), "value");
    AUTO(str_clear) Str name = STR_INIT;
    conn_add_name(conn, &name, "a b", "c\"d");
    cr_assert_str_eq(str_text(&name), "\"a b\".\"c\"\"d\"");
    cr_assert_not(conn_copy_begin(conn, "COPY t TO STDOUT", PGRES_COPY_OUT, &err));
}

Test(tape, of_an_unsupported_server_is_refused)
{
    AUTO(tape_free) Tape *tape = tape_new();
    AUTO(error_clear) Error err = ERROR_INIT;
    tape_note(tape, "version", "110000");
    tape_note(tape, "server_version", "11.3");
    Conn *conn = NULL;
    cr_assert_not(conn_open_tape(tape, CONN_SOURCE, NULL, &conn, &err));
    cr_assert_str_eq(err.message, "the source is PostgreSQL 11.3, which is not supported");
}
