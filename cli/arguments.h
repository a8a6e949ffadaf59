/*
 * arguments.h - what a person typed: the command line and the environment, read by the table of
 * option.h. It knows no option by itself beyond those that the command line needs to be read at all
 * (--help, --version), and it prints nothing.
 *
 * Threads: arguments_parse runs before any other thread starts: it writes to argv.
 */
#ifndef PGZM_CLI_ARGUMENTS_H
#define PGZM_CLI_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "cli/option.h"

typedef struct ArgumentsValues {
    char **texts; /* owned */
    size_t n;
    const char *variable; /* the environment variable they came from; NULL: the command line */
} ArgumentsValues;

typedef struct Arguments {
    const OptionCommand *command; /* NULL: none given */
    bool help;                    /* asked for with --help or the command "help" */
    bool version;
    char *generate; /* owned; of the hidden --generate: man, completion, readme; or NULL */
    ArgumentsValues values[OPTION_COUNT];
} Arguments;

#define ARGUMENTS_INIT ((Arguments){0})

/* Reads the command line. Options stand before or after the command, as --name=value,
 * --name value, -x value, -xvalue; "--" ends them. Values that may hold a password are copied and
 * then overwritten in argv, so that the process list does not show them. On failure (ERROR_USAGE)
 * the first mistake is reported, and --json is still recognised wherever it stands. */
bool arguments_parse(Arguments *args, int argc, char **argv, Error *err) MUST_CHECK;

/* Fills options that were not given from their environment variables, and checks that the command
 * has what it needs. Not for help and version. ERROR_USAGE. */
bool arguments_complete(Arguments *args, Error *err) MUST_CHECK;

bool arguments_has(const Arguments *args, OptionId id);
/* True when the command cannot do without the side that the option names. */
bool arguments_needs(const Arguments *args, const Option *option);
/* The value that counts, or NULL. */
const char *arguments_text(const Arguments *args, OptionId id);

void arguments_clear(Arguments *args); /* NULL is fine */

static inline __attribute__((unused)) void auto_arguments_clear(Arguments *args)
{
    arguments_clear(args);
}

#endif
