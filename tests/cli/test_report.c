#include <criterion/criterion.h>
#include <string.h>

#include "cli/report.h"

/* The report of a result, owned. */
static char *report(PgzmCommand command, const char *json, size_t shown)
{
    json_t *result = report_parse(json);
    Str out = STR_INIT;
    report_write(&out, command, result, NULL, shown);
    json_decref(result);
    str_add(&out, "");
    return str_take(&out);
}

Test(report, an_empty_result_makes_a_report_of_every_command)
{
    for (PgzmCommand command = PGZM_START; command <= PGZM_DIFF; command++) {
        AUTO(mem_free) char *text = report(command, "{}", 0);
        cr_expect(strlen(text) > 5);
        AUTO(mem_free) char *broken = report(command, "no JSON at all", 0);
        cr_expect_str_eq(broken, text);
    }
}

Test(report, values_of_another_type_are_left_out)
{
    AUTO(mem_free)
    char *text =
        report(PGZM_START,
               "{\"tables\":\"many\",\"phases\":7,\"preserved\":\"x\",\"swap\":[],\"source\":1,"
               "\"next\":[5],\"warnings\":[null],\"timestamp\":12}",
               1);
    cr_expect_null(strstr(text, "copied"));
    cr_expect_null(strstr(text, "source "));
}

Test(report, a_start_that_ends_prepared_does_not_claim_to_be_live)
{
    AUTO(mem_free) char *text = report(PGZM_START, "{\"state\":\"PREPARED\"}", 0);
    cr_expect_null(strstr(text, "is live"));
    AUTO(mem_free) char *dry = report(PGZM_START, "{\"dry_run\":true}", 0);
    cr_expect_str_eq(dry, "Dry run: nothing was changed.\n\n");
}

Test(report, warnings_that_were_not_shown_are_written_out)
{
    const char *json = "{\"warnings\":[\"first thing\",\"second thing\"]}";
    AUTO(mem_free) char *hidden = report(PGZM_START, json, 0);
    cr_expect_not_null(strstr(hidden, "warnings       first thing\n"));
    cr_expect_not_null(strstr(hidden, "               second thing\n"));
    AUTO(mem_free) char *shown = report(PGZM_START, json, 2);
    cr_expect_not_null(strstr(shown, "warnings       2, shown above\n"));
    cr_expect_null(strstr(shown, "first thing"));
}

Test(report, a_plan_keeps_the_lines_of_its_statements)
{
    AUTO(mem_free)
    char *text = report(PGZM_SWAP, "{\"dry_run\":true,\"plan\":[\"BEGIN\\n  -- note\\nEND\"]}", 0);
    cr_expect_not_null(strstr(text, "Plan:\n  BEGIN\n    -- note\n  END\n"), "%s", text);
}

Test(report, names_cannot_steer_a_terminal)
{
    AUTO(mem_free)
    char *text = report(PGZM_START, "{\"preserved\":[{\"table\":\"a\\u001b[2Jb\",\"rows\":2}]}", 0);
    cr_expect_null(strchr(text, '\033'));
    cr_expect_not_null(strstr(text, "a?[2Jb (2 rows)"));
}

Test(report, long_lists_are_broken_between_their_parts)
{
    AUTO(mem_free)
    char *text = report(
        PGZM_START,
        "{\"backup_schemas\":[\"pgzm_backup_1_first_schema\",\"pgzm_backup_1_second_schema\","
        "\"pgzm_backup_1_third_schema\"]}",
        0);
    cr_expect_not_null(strstr(text, "  backup         pgzm_backup_1_first_schema, "
                                    "pgzm_backup_1_second_schema,\n"
                                    "                 pgzm_backup_1_third_schema\n"),
                       "%s", text);
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n"))
        cr_expect(strlen(line) <= 81, "%s", line);
}

static json_t *answer(const char *result, const ReportError *error)
{
    json_t *parsed = report_parse(result);
    Str out = STR_INIT;
    report_write_json(&out, parsed, error);
    json_decref(parsed);
    cr_assert_eq(strchr(out.text, '\n'), out.text + out.len - 1, "not one line: %s", out.text);
    json_t *value = json_loads(out.text, 0, NULL);
    cr_assert_not_null(value, "%s", out.text);
    str_clear(&out);
    return value;
}

Test(report, json_says_what_went_wrong)
{
    ReportError error = {.kind = ERROR_LOCK,
                         .message = "a \"lock\"\non t\377",
                         .hint = NULL,
                         .sqlstate = "55P03",
                         .exit_code = 6};
    json_t *value = answer("{\"command\":\"swap\",\"state\":\"PREPARED\"}", &error);
    cr_expect(json_is_false(json_object_get(value, "ok")));
    const json_t *why = json_object_get(value, "error");
    cr_expect_str_eq(json_string_value(json_object_get(why, "kind")), "lock");
    cr_expect_str_eq(json_string_value(json_object_get(why, "message")), "a \"lock\" on t?");
    cr_expect(json_is_null(json_object_get(why, "hint")));
    cr_expect_str_eq(json_string_value(json_object_get(why, "sqlstate")), "55P03");
    cr_expect_eq(json_integer_value(json_object_get(why, "exit_code")), 6);
    cr_expect_str_eq(json_string_value(json_object_get(value, "state")), "PREPARED");
    json_decref(value);
}

Test(report, json_of_success_has_no_error)
{
    json_t *value = answer("{\"command\":\"list\",\"ok\":false,\"backups\":[]}", NULL);
    cr_expect(json_is_true(json_object_get(value, "ok")), "the result cannot say otherwise");
    cr_expect_null(json_object_get(value, "error"));
    cr_expect(json_is_array(json_object_get(value, "backups")));
    json_decref(value);
}

Test(report, a_failure_says_how_to_go_on)
{
    json_t *result = report_parse(
        "{\"timestamp\":\"17\",\"state\":\"PREPARING\",\"next\":[\"pgzm-copy abort\"]}");
    AUTO(str_clear) Str out = STR_INIT;
    report_write_failure(&out, result);
    cr_expect_str_eq(str_text(&out), "Migration 17 is PREPARING.\nTo go on or clean up:\n"
                                     "  pgzm-copy abort\n");
    json_decref(result);
    str_clear(&out);
    result = report_parse("{\"command\":\"start\"}");
    report_write_failure(&out, result);
    cr_expect_str_eq(str_text(&out), "");
    json_decref(result);
}
