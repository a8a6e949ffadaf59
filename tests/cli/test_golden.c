/*
 * Whole outputs, compared with tests/cli/golden/<name>.txt. To write them anew after a change that
 * is wanted: PGZM_GOLDEN=write, then look at the difference before committing it.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "cli/option.h"
#include "engine/pgzm.h"
#include "process.h"

/* What the command did, as one text. */
static char *golden_text(const Process *p, const char *const *args)
{
    Str text = STR_INIT;
    str_add(&text, "$ pgzm-copy");
    for (size_t i = 0; args[i] != NULL; i++)
        str_addf(&text, " %s", args[i]);
    str_addf(&text, "\n--- standard output\n%s--- standard error\n%s--- exit status %d\n", p->out,
             p->err, p->status);
    return str_take(&text);
}

static void golden_compare(const char *name, const char *actual)
{
    AUTO(mem_free) char *path = mem_printf(TEST_CLI_FOLDER "/golden/%s.txt", name);
    const char *mode = getenv("PGZM_GOLDEN");
    if (mode != NULL && strcmp(mode, "write") == 0) {
        FILE *file = fopen(path, "w");
        cr_assert_not_null(file);
        fputs(actual, file);
        fclose(file);
        return;
    }
    AUTO(mem_free) char *expected = process_read_file(path);
    cr_assert_not_null(expected, "%s is missing", path);
    size_t same = 0;
    while (actual[same] != 0 && actual[same] == expected[same])
        same++;
    while (same > 0 && actual[same - 1] != '\n')
        same--;
    cr_assert_str_eq(actual, expected,
                     "%s differs; expected from there on:\n%.400s\nbut got:\n%.400s", path,
                     expected + same, actual + same);
}

static void golden(const char *name, const char *program, const char *const *env,
                   const char *const *args)
{
    AUTO(process_clear) Process p;
    process_run(&p, &(ProcessSpec){.program = program, .args = args, .env = env});
    AUTO(mem_free) char *text = golden_text(&p, args);
    golden_compare(name, text);
}

#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* A run of the scripted library. */
static void golden_script(const char *name, const char *script, const char *const *args)
{
    AUTO(mem_free) char *variable = process_script(script);
    golden(name, process_fake(),
           ARGS("SOURCE_DATABASE_URL=postgresql://alice:sesame@db1/shop",
                "DEST_DATABASE_URL=postgresql://bob:sesame@db2/shop", variable),
           args);
}

Test(golden, help)
{
    golden("help", process_real(), NULL, ARGS("--help"));
}

Test(golden, help_of_each_command)
{
    for (size_t i = 0; i < option_command_count(); i++) {
        const char *command = option_command(i)->name;
        AUTO(mem_free) char *name = mem_printf("help_%s", command);
        golden(name, process_real(), NULL, ARGS("help", command));
    }
}

Test(golden, the_version_is_that_of_the_library)
{
    AUTO(process_clear) Process p;
    process_run(&p, &(ProcessSpec){.program = process_real(), .args = ARGS("--version")});
    AUTO(mem_free) char *expected = mem_printf("pgzm-copy %s\n", pgzm_version());
    cr_expect_str_eq(p.out, expected);
    cr_expect_str_eq(p.err, "");
    cr_expect_eq(p.status, 0);
    golden("version", process_fake(), NULL, ARGS("-V"));
}

Test(golden, usage_errors)
{
    static const struct {
        const char *name;
        const char *args[8];
    } cases[] = {
        {"usage_no_command", {NULL}},
        {"usage_unknown_command", {"strat"}},
        {"usage_unknown_option", {"start", "--preserved", "users"}},
        {"usage_foreign_option", {"swap", "--jobs", "3"}},
        {"usage_bad_number", {"start", "-j", "many"}},
        {"usage_bad_duration", {"start", "--lock-timeout=soon"}},
        {"usage_missing_value", {"start", "--dest"}},
        {"usage_unwanted_value", {"start", "--dry-run=yes"}},
        {"usage_extra_argument", {"start", "postgresql://u:sesame@h/d"}},
        {"usage_no_source", {"start", "--dest", "d"}},
        {"usage_no_destination", {"status"}},
        {"usage_no_latest", {"rollback", "--dest", "d"}},
        {"usage_latest_and_timestamp", {"rollback", "--latest", "--timestamp", "1", "--dest", "d"}},
        {"usage_no_before", {"cleanup", "--dest", "d"}},
        {"usage_json", {"start", "--no-such-option", "--json"}},
    };
    for (size_t i = 0; i < LENGTH(cases); i++)
        golden(cases[i].name, process_real(), NULL, cases[i].args);
}

Test(golden, generated_documents)
{
    golden("generate_man", process_fake(), NULL, ARGS("--generate", "man"));
    golden("generate_completion", process_fake(), NULL, ARGS("--generate", "completion"));
    golden("generate_readme", process_fake(), NULL, ARGS("--generate", "readme"));
}

Test(golden, the_readme_holds_the_generated_table)
{
    AUTO(mem_free) char *readme = process_read_file(TEST_CLI_FOLDER "/../../README.md");
    if (readme == NULL)
        cr_skip_test("there is no README.md");
    AUTO(process_clear) Process p;
    process_run(&p,
                &(ProcessSpec){.program = process_real(), .args = ARGS("--generate", "readme")});
    cr_expect_not_null(strstr(readme, p.out),
                       "README.md lacks what \"pgzm-copy --generate readme\" prints:\n%s", p.out);
}

Test(golden, results)
{
    golden_script("start", "start", ARGS("start"));
    golden_script("start_verbose", "start", ARGS("start", "-v"));
    golden_script("start_quiet", "start", ARGS("start", "-q"));
    golden_script("start_json", "start", ARGS("start", "--json", "-q"));
    golden_script("start_dry_run", "dry", ARGS("start", "--dry-run"));
    golden_script("start_refused", "refused", ARGS("start"));
    golden_script("start_failed", "failed", ARGS("start"));
    golden_script("start_failed_json", "failed", ARGS("--json", "start", "--quiet"));
    golden_script("start_unsettled", "unsettled", ARGS("start"));
    golden_script("rollback", "rollback", ARGS("rollback", "--timestamp", "1769903999123"));
    golden_script("rollback_unsettled", "rollback_unsettled", ARGS("rollback", "--latest"));
    golden_script("prepare", "prepare", ARGS("prepare"));
    golden_script("prepare_dest", "prepare", ARGS("prepare", "--dest", "x"));
    golden_script("status", "status", ARGS("status"));
    golden_script("status_none", "status_none", ARGS("status"));
    golden_script("list", "list", ARGS("list"));
    golden_script("list_json", "list", ARGS("list", "--json"));
    golden_script("status_not_ready", "status_not_ready", ARGS("status"));
    golden_script("list_states", "list_states", ARGS("list"));
    golden_script("history", "history", ARGS("history", "--quiet"));
    golden_script("history_json", "history", ARGS("history", "--json"));
    golden_script("history_none", "history_none", ARGS("history"));
    golden_script("cleanup", "cleanup", ARGS("cleanup", "--before", "2026-03-01"));
    golden_script("cleanup_none", "cleanup_none", ARGS("cleanup", "--before", "2026-03-01"));
    golden_script("cleanup_dry", "cleanup_dry",
                  ARGS("cleanup", "--timestamp", "1769800000000", "--dry-run", "-q"));
    golden_script("cleanup_refused", "cleanup_refused",
                  ARGS("cleanup", "--timestamp", "1769800000000"));
    golden_script("unlock", "unlock", ARGS("unlock"));
    golden_script("unlock_held", "unlock_held", ARGS("unlock"));
    golden_script("unlock_force", "unlock_force", ARGS("unlock", "--force"));
    golden_script("unlock_json", "unlock_held", ARGS("unlock", "--json"));
    golden_script("diff", "diff", ARGS("diff"));
    golden_script("diff_none", "diff_none", ARGS("diff", "--quiet"));
    golden_script("diff_json", "diff", ARGS("diff", "--json"));
    golden_script("verify", "verify", ARGS("verify", "--quiet"));
    golden_script("verify_failed", "verify_failed", ARGS("verify"));
    golden_script("verify_failed_json", "verify_failed", ARGS("verify", "--json"));
    golden_script("preflight", "preflight", ARGS("preflight"));
    golden_script("preflight_json", "preflight", ARGS("preflight", "--json", "--quiet"));
}
