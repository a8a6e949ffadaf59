#include <criterion/criterion.h>
#include <string.h>

#include "schema/loader.h"

/* Rows into structs, from results made by hand. */

typedef struct Row {
    const char *text;
    char letter;
    bool flag;
    int number;
    int64_t big;
    double real;
    Oid oid;
    const Oid *oids;
    size_t oid_count;
    const int *ints;
    size_t int_count;
    const char *const *texts;
    size_t text_count;
} Row;

static const Field fields[] = {
    FIELD(FIELD_TEXT, Row, text, "text"),
    FIELD(FIELD_CHAR, Row, letter, "letter"),
    FIELD(FIELD_BOOL, Row, flag, "flag"),
    FIELD(FIELD_INT, Row, number, "number"),
    FIELD(FIELD_BIGINT, Row, big, "big"),
    FIELD(FIELD_DOUBLE, Row, real, "real"),
    FIELD(FIELD_OID, Row, oid, "oid"),
    FIELD_LIST(FIELD_OIDS, Row, oids, oid_count, "oids"),
    FIELD_LIST(FIELD_INTS, Row, ints, int_count, "ints"),
    FIELD_LIST(FIELD_TEXTS, Row, texts, text_count, "texts"),
};

enum { COLUMNS = 10 };

/* One row; a NULL value is a NULL. */
static PGresult *make_result(const char *const values[COLUMNS])
{
    static const char *const names[COLUMNS] = {"text", "letter", "flag", "number", "big",
                                               "real", "oid",    "oids", "ints",   "texts"};
    PGresult *result = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
    PGresAttDesc descriptions[COLUMNS] = {0};
    char copies[COLUMNS][16];
    for (int i = 0; i < COLUMNS; i++) {
        strcpy(copies[i], names[i]);
        descriptions[i].name = copies[i];
    }
    cr_assert(PQsetResultAttrs(result, COLUMNS, descriptions));
    for (int i = 0; i < COLUMNS; i++) {
        char value[64] = "";
        if (values[i] != NULL)
            strcpy(value, values[i]);
        int length = values[i] == NULL ? -1 : (int)strlen(value);
        cr_assert(PQsetvalue(result, 0, i, values[i] == NULL ? NULL : value, length));
    }
    return result;
}

Test(loader, fills_every_type_of_field)
{
    static const char *const values[COLUMNS] = {"x y",
                                                "p",
                                                "t",
                                                "-5",
                                                "9223372036854775807",
                                                "-1",
                                                "4294967295",
                                                "7,4294967295",
                                                "-1,300",
                                                "[\"a\", null, \"\\u00fc \\\"q\\\"\"]"};
    AUTO(arena_free) Arena *arena = arena_new();
    AUTO(error_clear) Error err = ERROR_INIT;
    AUTO(result_free) PGresult *result = make_result(values);
    void *items;
    size_t count;
    cr_assert(
        loader_fill(result, fields, LENGTH(fields), sizeof(Row), arena, &items, &count, &err));
    cr_assert_eq(count, 1);
    const Row *row = items;
    cr_assert_str_eq(row->text, "x y");
    cr_assert_eq(row->letter, 'p');
    cr_assert(row->flag);
    cr_assert_eq(row->number, -5);
    cr_assert_eq(row->big, INT64_MAX);
    cr_assert_eq(row->real, -1.0);
    cr_assert_eq(row->oid, 4294967295u);
    cr_assert_eq(row->oid_count, 2);
    cr_assert_eq(row->oids[0], 7);
    cr_assert_eq(row->oids[1], 4294967295u);
    cr_assert_eq(row->int_count, 2);
    cr_assert_eq(row->ints[0], -1);
    cr_assert_eq(row->ints[1], 300);
    cr_assert_eq(row->text_count, 3);
    cr_assert_str_eq(row->texts[0], "a");
    cr_assert_null(row->texts[1]);
    cr_assert_str_eq(row->texts[2], "\xc3\xbc \"q\"");
}

Test(loader, leaves_nulls_zero_and_empty_lists_empty)
{
    static const char *const values[COLUMNS] = {NULL, "",   "f", NULL, NULL,
                                                NULL, NULL, "",  NULL, "[]"};
    AUTO(arena_free) Arena *arena = arena_new();
    AUTO(error_clear) Error err = ERROR_INIT;
    AUTO(result_free) PGresult *result = make_result(values);
    void *items;
    size_t count;
    cr_assert(
        loader_fill(result, fields, LENGTH(fields), sizeof(Row), arena, &items, &count, &err));
    const Row *row = items;
    cr_assert_null(row->text);
    cr_assert_eq(row->letter, '\0');
    cr_assert_not(row->flag);
    cr_assert_eq(row->oid, 0);
    cr_assert_eq(row->oid_count, 0);
    cr_assert_eq(row->int_count, 0);
    cr_assert_eq(row->text_count, 0);
}

Test(loader, refuses_values_that_do_not_parse)
{
    static const struct {
        int column;
        const char *value;
    } wrong[] = {
        {2, "yes"},       {3, "2147483648"}, {3, "5x"}, {3, ""},    {4, "9223372036854775808"},
        {5, "much"},      {6, "-1"},         {7, "1,"}, {7, "1,x"}, {8, "1;2"},
        {9, "{\"a\":1}"}, {9, "[\"a\""},
    };
    for (size_t i = 0; i < LENGTH(wrong); i++) {
        const char *values[COLUMNS] = {NULL};
        values[wrong[i].column] = wrong[i].value;
        AUTO(arena_free) Arena *arena = arena_new();
        AUTO(error_clear) Error err = ERROR_INIT;
        AUTO(result_free) PGresult *result = make_result(values);
        void *items;
        size_t count;
        bool filled =
            loader_fill(result, fields, LENGTH(fields), sizeof(Row), arena, &items, &count, &err);
        cr_assert_not(filled, "column %d took %s", wrong[i].column, wrong[i].value);
        cr_assert_eq(err.kind, ERROR_OTHER);
    }
}

Test(loader, names_a_column_that_the_query_lacks)
{
    static const Field missing[] = {FIELD(FIELD_TEXT, Row, text, "absent")};
    static const char *const values[COLUMNS] = {NULL};
    AUTO(arena_free) Arena *arena = arena_new();
    AUTO(error_clear) Error err = ERROR_INIT;
    AUTO(result_free) PGresult *result = make_result(values);
    void *items;
    size_t count;
    cr_assert_not(loader_fill(result, missing, 1, sizeof(Row), arena, &items, &count, &err));
    cr_assert_not_null(strstr(err.message, "absent"));
}
