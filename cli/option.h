/*
 * option.h - the one table of commands and options: names, letters, arguments, environment
 * variables, ranges, help. The parser (arguments.c), the help (help.c), and the man page, shell
 * completion and README table (manual.c) are all made from it. Not a parser, and it holds no
 * values.
 *
 * Threads: any; the tables are constant.
 */
#ifndef PGZM_CLI_OPTION_H
#define PGZM_CLI_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"
#include "engine/pgzm.h"

/* Bits of the commands, in the order in which help shows them. */
typedef enum OptionScope {
    OPTION_FOR_START = 1 << 0,
    OPTION_FOR_PREPARE = 1 << 1,
    OPTION_FOR_SWAP = 1 << 2,
    OPTION_FOR_ROLLBACK = 1 << 3,
    OPTION_FOR_DIFF = 1 << 4,
    OPTION_FOR_PREFLIGHT = 1 << 5,
    OPTION_FOR_VERIFY = 1 << 6,
    OPTION_FOR_STATUS = 1 << 7,
    OPTION_FOR_LIST = 1 << 8,
    OPTION_FOR_HISTORY = 1 << 9,
    OPTION_FOR_ABORT = 1 << 10,
    OPTION_FOR_CLEANUP = 1 << 11,
    OPTION_FOR_UNLOCK = 1 << 12,
    OPTION_FOR_DUMP = 1 << 13,
    OPTION_FOR_WORKER = 1 << 14,
    OPTION_FOR_ALL = (1 << 15) - 1
} OptionScope;

typedef enum OptionId {
    OPTION_SOURCE,
    OPTION_DEST,
    OPTION_PRESERVED_TABLES,
    OPTION_SCHEMA,
    OPTION_EXCLUDE_SCHEMA,
    OPTION_TABLE,
    OPTION_EXCLUDE_TABLE,
    OPTION_EXCLUDE_TABLE_DATA,
    OPTION_WHERE,
    OPTION_MASK,
    OPTION_FILTER,
    OPTION_NO_OWNER,
    OPTION_NO_PRIVILEGES,
    OPTION_ACL,
    OPTION_NO_COMMENTS,
    OPTION_NO_TABLESPACES,
    OPTION_ROLES,
    OPTION_LARGE_OBJECTS,
    OPTION_REQUIRE_COMPLETE,
    OPTION_MAX_RISK,
    OPTION_JOBS,
    OPTION_DRY_RUN,
    OPTION_REHEARSE,
    OPTION_RESUME,
    OPTION_LATEST,
    OPTION_TIMESTAMP,
    OPTION_BEFORE,
    OPTION_KEEP_TABLES,
    OPTION_CHECKSUM,
    OPTION_VERIFY,
    OPTION_ORPHANS,
    OPTION_ALLOW_PUBLISH,
    OPTION_FORCE,
    OPTION_LOCK_TIMEOUT,
    OPTION_SWAP_TIMEOUT,
    OPTION_LOCK_WAIT_TIMEOUT,
    OPTION_RETRY_TIMEOUT,
    OPTION_INDEX_MEMORY,
    OPTION_MAX_RATE,
    OPTION_MAX_LAG,
    OPTION_DIR,
    OPTION_FROM_DUMP,
    OPTION_SPILL_DIR,
    OPTION_KEY_FILE,
    OPTION_TIMEOUT,
    OPTION_JSON,
    OPTION_LOG_FILE,
    OPTION_VERBOSE,
    OPTION_QUIET,
    OPTION_NO_PASSWORD,
    OPTION_VERSION,
    OPTION_HELP,
    OPTION_COUNT
} OptionId;

typedef struct OptionCommand {
    const char *name;
    OptionScope bit;
    PgzmCommand run;
    const char *summary; /* after "name  " in the list of commands */
    const char *about;   /* a paragraph of sentences */
    const char *example; /* one command line */
    OptionId one_of[2];  /* it refuses to run without one of them */
    size_t one_of_count;
} OptionCommand;

typedef enum OptionType {
    OPTION_SWITCH,  /* no argument */
    OPTION_TEXT,    /* anything but empty */
    OPTION_CHOICE,  /* one of the words of its `argument`, which are separated by "|" */
    OPTION_INTEGER, /* a whole number within the range */
    OPTION_DURATION /* as in clock_parse_duration, the range in milliseconds */
} OptionType;

/* An environment variable and the commands for which it counts. */
typedef struct OptionVariable {
    const char *name;
    OptionScope scope;
} OptionVariable;

#define OPTION_VARIABLES 2 /* most variables of one option */
#define OPTION_NO_ENGINE (-1)

typedef struct Option {
    OptionId id;
    const char *name;                           /* without the dashes */
    const char *alias;                          /* another name that is understood; NULL: none */
    char letter;                                /* 0: none */
    const char *argument;                       /* as help shows it; NULL for a switch */
    OptionVariable variables[OPTION_VARIABLES]; /* asked in this order; name NULL: no more */
    OptionType type;
    const char *initial;  /* the default as text, NULL when there is none */
    int64_t min, max;     /* of OPTION_INTEGER and OPTION_DURATION */
    OptionScope scope;    /* commands that take it */
    OptionScope optional; /* of a side: commands that can do without it */
    OptionId instead;     /* of a side: the option that can take its place; 0: none */
    bool repeatable;      /* each use adds a value; otherwise the last one counts */
    bool secret;          /* may hold a password: never shown, wiped from argv */
    bool general;         /* understood without a command, too */
    int engine;           /* the PgzmOption that gets the value, or OPTION_NO_ENGINE */
    const char *help;     /* one line, lower case */
    const char *more;     /* sentences for the manual, or NULL */
} Option;

const Option *option_get(OptionId id);
const Option *option_by_name(const char *name, size_t len); /* NULL when unknown */
const Option *option_by_letter(char letter);                /* NULL when unknown */

size_t option_command_count(void);
const OptionCommand *option_command(size_t i);
const OptionCommand *option_command_by_name(const char *name); /* NULL when unknown */

/* The known name nearest to a mistyped one, or NULL when nothing is near. */
const char *option_nearest(const char *name, size_t len);
const char *option_nearest_command(const char *name);

/* True when a word can be repeated in a message: it cannot be a connection string. */
bool option_is_harmless(const char *word, size_t len);

/* Checks a value against type and range. `label` says in the message where it came from, e.g.
 * "option --jobs". ERROR_USAGE when it does not fit; what may be a secret is never part of the
 * message. */
bool option_check(const Option *option, const char *label, const char *value, Error *err)
    MUST_CHECK;

/* Adds "start, prepare and swap": the commands of a scope. */
void option_add_commands(Str *out, OptionScope scope);

/* Adds the range as a person reads it: "1 to 256". Nothing when the option has none. */
void option_add_range(Str *out, const Option *option);

#endif
