/* pgzm-generate: fills an empty database for comparisons; see bench/run.sh. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "bench/dataset.h"

enum { MB = 1024 * 1024 };

static int usage(void)
{
    fputs("usage: pgzm-generate [--size MB] [--tables N] [--seed N] DATASET CONNECTION\n"
          "  --size MB    the large tables with their TOAST, about (default 200)\n"
          "  --tables N   small tables, where a dataset has such (default 200)\n"
          "  --seed N     other rows (default 1)\n"
          "datasets:\n",
          stderr);
    for (const Dataset *d = dataset_all(); d->name != NULL; d++)
        fprintf(stderr, "  %-12s %s\n", d->name, d->what);
    return error_kind_exit_code(ERROR_USAGE);
}

/* A whole number from 0 to 10 million. */
static bool parse_number(const char *text, int64_t *number)
{
    char *end;
    errno = 0;
    *number = strtoll(text, &end, 10);
    return errno == 0 && end != text && *end == '\0' && *number >= 0 && *number <= 10000000;
}

static int report(const Error *err)
{
    fprintf(stderr, "pgzm-generate: %s\n", err->message);
    if (err->hint != NULL)
        fprintf(stderr, "HINT: %s\n", err->hint);
    return error_kind_exit_code(err->kind);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"size", required_argument, NULL, 's'},
                                            {"tables", required_argument, NULL, 't'},
                                            {"seed", required_argument, NULL, 'r'},
                                            {0}};
    int64_t megabytes = 200, tables = 200, seed = 1;
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        int64_t *number = c == 's' ? &megabytes : c == 't' ? &tables : c == 'r' ? &seed : NULL;
        if (number == NULL || !parse_number(optarg, number))
            return usage();
    }
    const Dataset *dataset = argc - optind == 2 ? dataset_find(argv[optind]) : NULL;
    if (dataset == NULL)
        return usage();

    AUTO(error_clear) Error err = ERROR_INIT;
    AUTO(conn_free) Conn *conn = NULL;
    ConnSpec spec = {.side = CONN_DEST, .conninfo = argv[optind + 1], .purpose = "generate"};
    DatasetSize size = {.bytes = megabytes * MB, .tables = tables, .seed = (uint64_t)seed};
    if (!conn_open(&spec, NULL, &conn, &err) || !dataset_make(dataset, conn, &size, &err))
        return report(&err);
    return 0;
}
