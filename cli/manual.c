#include "cli/manual.h"

#include <string.h>

#include "cli/help.h"
#include "cli/option.h"

/* The keys of the result, for the manual page. */
static const struct {
    const char *keys, *about;
} results[] = {
    {"ok", "true when the exit status is 0"},
    {"error", "when ok is false: kind, message, hint, sqlstate (null where there is none), "
              "exit_code"},
    {"command", "the command"},
    {"timestamp", "the migration's id: milliseconds since 1970-01-01 UTC, as a string"},
    {"state", "PREPARING, PREPARED, SWAPPED, SETTLED, ROLLED BACK or ABORTED"},
    {"source, dest", "objects with host, port, database, user and version"},
    {"source_as_of", "when the source was read: later changes of it are not carried over"},
    {"tables, rows, bytes, indexes, sequences", "how much was copied and built"},
    {"orphans", "for each foreign key that the swap adds: key, and the number of rows that violate "
                "it as counted before the swap"},
    {"row_differences",
     "of --verify checksum: the tables that are not what the source has: table, source_rows, "
     "dest_rows, and where they could be told the rows by key: only_source and only_dest (rows, "
     "first, last), complete (false: there are more), columns (that differ in rows of the same "
     "keys)"},
    {"unsettled", "what could not be verified after the swap or the rollback: what, the statement "
                  "that verifies it, message, sqlstate"},
    {"preserved", "the tables that keep the destination's rows: table, rows; in status: table, "
                  "rows_behind, errors"},
    {"warnings", "sentences to look at"},
    {"obstacles", "what the destination's version cannot take or does otherwise: action (refused, "
                  "left out, named), kind, identity, reason, needs (the version that has it, or "
                  "null)"},
    {"left_out", "with filters: how many objects need something that is excluded and are left out "
                 "as well; warnings name them"},
    {"undone",
     "of rollback: the migrations that were undone, the newest first: timestamp, swap (as "
     "below), schemas (where their objects are), kept (tables that kept their rows: "
     "table, rows copied, old_rows: the table with the rows it had before)"},
    {"phases", "the phases with their names and durations: name, ms"},
    {"swap",
     "attempts; tables; locked_ms: how long applications may have waited; transaction_ms: how "
     "long tables that nobody was seen to use were locked; waited_ms: before that, for "
     "others"},
    {"dry_run, plan", "whether nothing was changed, and the statements that would have run"},
    {"backup_schemas", "the schemas that hold the old objects"},
    {"next", "command lines to go on or clean up"},
    {"migration",
     "of status: timestamp, state, started, changed, swapped, cleaned, source_as_of, tasks_done, "
     "tasks_total, rows, bytes (of the shadow), preserved (table, rows, synced, rows_behind, "
     "errors, last_error, last_error_at), unsettled (what is live and not verified), orphans (keys "
     "that the swap adds and rows violate: key, rows); null when there is none"},
    {"readyForSwap, reasons, remarks",
     "of status: whether swap can run; what it would refuse; what it would wait for or bring in "
     "step"},
    {"lock, in unlock holder",
     "of status and unlock: the session that holds the journal's lock, or null: backend, user, "
     "address (local for a socket), host (as its client says), application, since, command, "
     "migration, state, query (what it runs or ran last), idle_ms (null while it runs something)"},
    {"ended", "of unlock --force: true when that session was ended"},
    {"shadowSchemaExists, shadowTableCount, syncTriggerCount", "of status: what a prepare built"},
    {"backupCount, backupSchemas", "of status: the backups there are"},
    {"differences",
     "of diff: operation, kind, identity, risk (low, medium, high), dest and source: "
     "what either has there (null for nothing); stays: why a migration leaves the "
     "destination's"},
    {"risks", "of diff: how many differences are high, medium and low, and how many stays"},
    {"kept", "of diff: what only the destination has and keeps: operation (KEEP), kind, identity"},
    {"expected",
     "of diff: what only looks different, mostly because two versions of PostgreSQL print "
     "it differently, and why; not counted as differences"},
    {"checks", "of verify and preflight: what was looked at: name, status (pass, warning or "
               "failure), message, hint (null for none)"},
    {"predicted",
     "of preflight and prepare: which statements of applications fail from the swap on: table "
     "(schema.name, or * for any), change (what is different about it), breaks (sentences, each "
     "a kind of statement)"},
    {"bytes_needed", "of preflight and prepare: about how much will be written, indexes included"},
    {"tables, in verify",
     "the tables whose rows were counted: table, rows (of what was prepared, or of what is live), "
     "other_rows (of the source, of what was loaded, of the live table or of the backup: other "
     "says which), checksum and other_checksum with --checksum"},
    {"backups",
     "of list: timestamp, created, age (seconds), state, tableCount, size in bytes, schemas, "
     "swapped (when it went live), cleaned (when its backup was dropped, or null), rollback "
     "(whether rollback --timestamp can undo it), version of the program"},
    {"cleaned", "of cleanup: what was dropped: timestamp, state, schemas, tables, bytes"},
    {"events",
     "of history: at (UTC), migration (or null), role, address (local for a socket), host (as the "
     "client says), backend, what, detail"},
};

/* Adds text in which troff sees nothing but letters. */
static void manual_troff(Str *out, const char *text)
{
    if (*text == '.' || *text == '\'')
        str_add(out, "\\&");
    for (; *text != 0; text++) {
        if (*text == '\\')
            str_add(out, "\\e");
        else if (*text == '-')
            str_add(out, "\\-");
        else
            str_add_bytes(out, text, 1);
    }
}

static void manual_paragraph(Str *out, const char *tag, const char *text)
{
    str_add(out, ".TP\n.B ");
    manual_troff(out, tag);
    str_add(out, "\n");
    manual_troff(out, text);
    str_add(out, "\n");
}

static void manual_option(Str *out, const Option *option)
{
    AUTO(str_clear) Str tag = STR_INIT;
    help_add_option(&tag, option);
    AUTO(str_clear) Str text = STR_INIT;
    str_addf(&text, "%s.", option->help);
    str_text(&text);
    if (text.text[0] >= 'a' && text.text[0] <= 'z')
        text.text[0] = (char)(text.text[0] - 'a' + 'A');
    if (option->initial != NULL)
        str_addf(&text, " Default: %s.", option->initial);
    AUTO(str_clear) Str range = STR_INIT;
    option_add_range(&range, option);
    if (range.len > 0)
        str_addf(&text, " Range: %s.", str_text(&range));
    if (option->more != NULL)
        str_addf(&text, " %s", option->more);
    if (option->scope != OPTION_FOR_ALL) {
        str_add(&text, " For ");
        option_add_commands(&text, option->scope);
        str_add(&text, ".");
    }
    const char *trimmed = str_text(&tag);
    manual_paragraph(out, trimmed + strspn(trimmed, " "), str_text(&text));
}

static void manual_variables(Str *out)
{
    str_add(out, ".SH ENVIRONMENT\nAn option given on the command line counts more.\n");
    for (OptionId id = 0; id < OPTION_COUNT; id++) {
        const Option *option = option_get(id);
        for (size_t i = 0; i < OPTION_VARIABLES && option->variables[i].name != NULL; i++) {
            const OptionVariable *variable = &option->variables[i];
            AUTO(str_clear) Str text = STR_INIT;
            str_addf(&text, "Same as --%s", option->name);
            if (i > 0)
                str_addf(&text, ", where %s is not set", option->variables[i - 1].name);
            str_add(&text, ".");
            if (variable->scope != OPTION_FOR_ALL) {
                str_add(&text, " Not used for ");
                option_add_commands(&text, OPTION_FOR_ALL & ~variable->scope);
                str_add(&text, ".");
            }
            manual_paragraph(out, variable->name, str_text(&text));
        }
    }
    manual_paragraph(out, "PGHOST, PGPORT, PGUSER, PGPASSFILE, PGSERVICE, ...",
                     "libpq's variables fill what a connection string leaves open, on both sides.");
    manual_paragraph(out, "NO_COLOR", "When set, nothing is coloured.");
}

static void manual_examples(Str *out)
{
    str_add(out, ".SH EXAMPLES\n");
    for (size_t i = 0; i < option_command_count(); i++) {
        const OptionCommand *command = option_command(i);
        str_add(out, ".PP\n.nf\n# ");
        manual_troff(out, command->summary);
        str_add(out, "\n");
        manual_troff(out, command->example);
        str_add(out, "\n.fi\n");
    }
}

static void manual_filters(Str *out)
{
    static const char *const paragraphs[] = {
        "Without filters everything is migrated. With --schema or --table only what one of the "
        "patterns matches, without what one of --exclude-schema and --exclude-table matches. A "
        "pattern that matches nothing is an error. What is excluded is neither locked nor read, "
        "and what the destination has of it stays there as it is.",
        "A pattern is one as in psql: * stands for any letters, ? for one, a dot separates schema "
        "and name, letters are folded to lower case, and what stands in double quotes is taken as "
        "it is. Other characters have their meaning in regular expressions, but $ stands for "
        "itself. The pattern must match the whole name. A table without a schema is one that is "
        "found by its name alone; *.NAME is one in any schema.",
        "--table takes tables, views, materialized views, sequences and foreign tables with all "
        "that belongs to them (indexes, triggers, policies, partitions, the sequences of their "
        "columns), and the types and functions that they need. What leans on something "
        "that is excluded (a foreign key, a view) is named and left out; --require-complete makes "
        "that an error.",
        "A filter file has a line for each pattern: include or exclude; schema, table, "
        "table_and_children, table_data or table_data_and_children; the pattern. # begins a "
        "comment."};
    str_add(out, ".SH FILTERS\n");
    for (size_t i = 0; i < LENGTH(paragraphs); i++) {
        str_add(out, i > 0 ? ".PP\n" : "");
        manual_troff(out, paragraphs[i]);
        str_add(out, "\n");
    }
}

static void manual_man(Str *out)
{
    str_addf(out, ".TH PGZM\\-COPY 1 \"\" \"pgzm\\-copy %s\" \"pgzm\\-copy manual\"\n",
             pgzm_version());
    str_add(out, ".SH NAME\npgzm\\-copy \\- moves a PostgreSQL database into another, live one\n"
                 ".SH SYNOPSIS\n.B pgzm\\-copy\n.I COMMAND\n.RI [ OPTION ]...\n.SH DESCRIPTION\n");
    manual_troff(
        out, "pgzm-copy reads a source database and builds a copy of it as shadow objects beside "
             "the live objects of the destination, keeps chosen tables in step with live traffic, "
             "and then trades places in one short transaction. The old objects stay as a backup "
             "that can be traded back. The source is only ever read; changes made to it after its "
             "snapshot are not carried over. Source and destination are PostgreSQL 12 to 18.");
    str_add(out, "\n.SH COMMANDS\n");
    for (size_t i = 0; i < option_command_count(); i++)
        manual_paragraph(out, option_command(i)->name, option_command(i)->about);
    manual_paragraph(out, "help [COMMAND]", "Prints the help of a command.");
    str_add(out, ".SH OPTIONS\nOptions stand before or after the command.\n");
    for (OptionId id = 0; id < OPTION_COUNT; id++)
        manual_option(out, option_get(id));
    manual_filters(out);
    manual_variables(out);
    str_add(out, ".SH EXIT STATUS\n");
    for (ErrorKind kind = ERROR_NONE; kind < ERROR_KIND_COUNT; kind++) {
        AUTO(mem_free) char *code = mem_printf("%d", error_kind_exit_code(kind));
        AUTO(mem_free) char *sentence = mem_printf("%s.", error_kind_sentence(kind));
        if (sentence[0] >= 'a' && sentence[0] <= 'z')
            sentence[0] = (char)(sentence[0] - 'a' + 'A');
        manual_paragraph(out, code, sentence);
    }
    str_add(out, ".SH RESULT\n");
    manual_troff(out, "With --json one JSON object is printed on standard output, also when the "
                      "command fails. Keys that do not apply are left out.");
    str_add(out, "\n");
    for (size_t i = 0; i < LENGTH(results); i++)
        manual_paragraph(out, results[i].keys, results[i].about);
    str_add(out, ".SH SIGNALS\n");
    manual_troff(out, "SIGINT and SIGTERM stop the command within about a second, in a state from "
                      "which the next command goes on. A second one ends it at once.");
    str_add(out, "\n");
    manual_examples(out);
    str_add(out, ".SH SEE ALSO\n.BR psql (1),\n.BR pg_dump (1)\n");
}

static void manual_complete_choice(Str *out, const Option *option)
{
    str_addf(out, "    --%s)\n        COMPREPLY=($(compgen -W \"", option->name);
    for (const char *c = option->argument; *c != 0; c++)
        str_add_bytes(out, *c == '|' ? " " : c, 1);
    str_add(out, "\" -- \"$word\"))\n        return ;;\n");
}

/* The words after options that take one. */
static void manual_complete_values(Str *out)
{
    AUTO(str_clear) Str taking = STR_INIT;
    str_add(out, "    case $before in\n");
    for (OptionId id = 0; id < OPTION_COUNT; id++) {
        const Option *option = option_get(id);
        if (option->type == OPTION_SWITCH)
            continue;
        if (id == OPTION_LOG_FILE || id == OPTION_FILTER) {
            str_addf(out,
                     "    --%s)\n        compopt -o filenames 2> /dev/null\n"
                     "        COMPREPLY=($(compgen -f -- \"$word\"))\n"
                     "        return ;;\n",
                     option->name);
            continue;
        }
        if (option->type == OPTION_CHOICE) {
            manual_complete_choice(out, option);
            continue;
        }
        str_separate(&taking, "|");
        str_addf(&taking, "--%s", option->name);
        if (option->letter != 0)
            str_addf(&taking, "|-%c", option->letter);
    }
    str_addf(out, "    %s)\n        return ;;\n    esac\n", str_text(&taking));
}

/* The options of the command that was typed, of all when there is none yet. */
static void manual_complete_options(Str *out)
{
    str_add(out, "    case $command in\n");
    for (size_t i = 0; i <= option_command_count(); i++) {
        const OptionCommand *command = i < option_command_count() ? option_command(i) : NULL;
        str_addf(out, "    %s) options=\"", command != NULL ? command->name : "*");
        const char *separator = "";
        for (OptionId id = 0; id < OPTION_COUNT; id++) {
            const Option *option = option_get(id);
            if (command != NULL && !(option->scope & command->bit))
                continue;
            str_addf(out, "%s--%s", separator, option->name);
            separator = " ";
        }
        str_add(out, "\" ;;\n");
    }
    str_add(out, "    esac\n");
}

static void manual_completion(Str *out)
{
    AUTO(str_clear) Str names = STR_INIT;
    AUTO(str_clear) Str pattern = STR_INIT;
    for (size_t i = 0; i < option_command_count(); i++) {
        str_separate(&names, " ");
        str_add(&names, option_command(i)->name);
        str_separate(&pattern, "|");
        str_add(&pattern, option_command(i)->name);
    }
    str_add(out, "# bash completion for pgzm-copy; made from its option table\n"
                 "_pgzm_copy()\n{\n"
                 "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
                 "    local command= options= i\n"
                 "    COMPREPLY=()\n");
    manual_complete_values(out);
    str_addf(out,
             "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
             "        case ${COMP_WORDS[i]} in\n"
             "        %s) command=${COMP_WORDS[i]}; break ;;\n"
             "        esac\n"
             "    done\n"
             "    if [[ $word != -* ]]; then\n"
             "        [[ -z $command ]] && COMPREPLY=($(compgen -W \"%s help\" -- \"$word\"))\n"
             "        return\n"
             "    fi\n",
             str_text(&pattern), str_text(&names));
    manual_complete_options(out);
    str_add(out, "    COMPREPLY=($(compgen -W \"$options\" -- \"$word\"))\n"
                 "}\n"
                 "complete -F _pgzm_copy pgzm-copy\n");
}

/* A cell of a markdown table. */
static void manual_cell(Str *out, const char *text)
{
    for (; *text != 0; text++) {
        if (*text == '|')
            str_add(out, "\\");
        str_add_bytes(out, text, 1);
    }
}

static void manual_readme(Str *out)
{
    str_add(out, "| option | environment | default | commands | meaning |\n"
                 "|---|---|---|---|---|\n");
    for (OptionId id = 0; id < OPTION_COUNT; id++) {
        const Option *option = option_get(id);
        AUTO(str_clear) Str tag = STR_INIT;
        help_add_option(&tag, option);
        const char *trimmed = str_text(&tag);
        str_add(out, "| `");
        manual_cell(out, trimmed + strspn(trimmed, " "));
        str_add(out, "` | ");
        for (size_t i = 0; i < OPTION_VARIABLES && option->variables[i].name != NULL; i++)
            str_addf(out, "%s`%s`%s", i > 0 ? ", " : "", option->variables[i].name,
                     option->variables[i].scope != OPTION_FOR_ALL ? " (1)" : "");
        str_addf(out, " | %s | ", option->initial != NULL ? option->initial : "");
        if (option->scope == OPTION_FOR_ALL)
            str_add(out, "all");
        else
            option_add_commands(out, option->scope);
        str_add(out, " | ");
        manual_cell(out, option->help);
        str_add(out, " |\n");
    }
    for (OptionId id = 0; id < OPTION_COUNT; id++) {
        const Option *option = option_get(id);
        for (size_t i = 0; i < OPTION_VARIABLES && option->variables[i].name != NULL; i++) {
            if (option->variables[i].scope == OPTION_FOR_ALL)
                continue;
            str_add(out, "\n(1) not used for ");
            option_add_commands(out, OPTION_FOR_ALL & ~option->variables[i].scope);
            str_add(out, "\n");
        }
    }
}

bool manual_write(Str *out, const char *document, Error *err)
{
    if (strcmp(document, "man") == 0)
        manual_man(out);
    else if (strcmp(document, "completion") == 0)
        manual_completion(out);
    else if (strcmp(document, "readme") == 0)
        manual_readme(out);
    else
        return error_set(err, ERROR_USAGE, "option --generate takes man, completion or readme");
    return true;
}
