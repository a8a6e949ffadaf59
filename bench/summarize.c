/*
 * pgzm-summarize: what bench/run.sh measured, as tables on standard output:
 *
 *     pgzm-summarize [--out FOLDER] RESULTS
 *
 * RESULTS is the folder that bench/run.sh filled. With --out also RESULTS.md, results.json and
 * chart.svg in FOLDER.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bench/chart.h"
#include "bench/outcome.h"

/* Under another name first: a file is whole or it is the one from before. */
static bool write_file(const char *folder, const char *name, const char *text, Error *err)
{
    AUTO(mem_free) char *path = mem_printf("%s/%s", folder, name);
    AUTO(mem_free) char *unfinished = mem_printf("%s.new", path);
    FILE *file = fopen(unfinished, "w");
    if (file == NULL)
        return error_set(err, ERROR_OTHER, "%s: %s", unfinished, strerror(errno));
    bool ok = fputs(text, file) >= 0;
    if (fclose(file) != 0 || !ok || rename(unfinished, path) != 0)
        return error_set(err, ERROR_OTHER, "%s: %s", path, strerror(errno));
    return true;
}

static bool write_all(const Summary *summary, const char *folder, Error *err)
{
    AUTO(str_clear) Str markdown = STR_INIT, json = STR_INIT, svg = STR_INIT;
    outcome_markdown(summary, &markdown);
    chart_draw(summary, &svg);
    json_t *all = outcome_json(summary);
    char *text = json_dumps(all, JSON_INDENT(1) | JSON_REAL_PRECISION(6));
    str_addf(&json, "%s\n", text != NULL ? text : "");
    mem_free(text);
    json_decref(all);
    return write_file(folder, "results.json", str_text(&json), err) &&
           write_file(folder, "chart.svg", str_text(&svg), err) &&
           write_file(folder, "RESULTS.md", str_text(&markdown), err);
}

int main(int argc, char **argv)
{
    bool out = argc == 4 && strcmp(argv[1], "--out") == 0;
    if (!out && argc != 2) {
        fprintf(stderr, "usage: %s [--out FOLDER] RESULTS\n", argv[0]);
        return error_kind_exit_code(ERROR_USAGE);
    }
    AUTO(error_clear) Error err = ERROR_INIT;
    AUTO(summary_clear) Summary summary = {0};
    AUTO(str_clear) Str text = STR_INIT;
    if (!summary_read(argv[argc - 1], &summary, &err) ||
        (out && !write_all(&summary, argv[2], &err))) {
        fprintf(stderr, "pgzm-summarize: %s\n", err.message);
        return error_kind_exit_code(err.kind);
    }
    outcome_text(&summary, &text);
    fputs(str_text(&text), stdout);
    return 0;
}
