#include "cli/help.h"

#include <string.h>

#define HELP_WIDTH 80
#define HELP_COLUMN 33 /* where descriptions begin; leaves a space after the longest option */

/* Adds words of `text` up to HELP_WIDTH, following lines indented; `column` is where we are.
 * `tail` goes before each line break but the last. */
static void help_wrap(Str *out, const char *text, size_t column, size_t indent, const char *tail)
{
    bool first = true;
    while (*text != 0) {
        size_t len = strcspn(text, " ");
        if (!first && column + 1 + len + strlen(tail) > HELP_WIDTH) {
            str_addf(out, "%s\n%*s", tail, (int)indent, "");
            column = indent;
        } else if (!first) {
            str_add(out, " ");
            column++;
        }
        str_add_bytes(out, text, len);
        column += len;
        first = false;
        text += len;
        text += strspn(text, " ");
    }
    str_add(out, "\n");
}

void help_add_option(Str *out, const Option *option)
{
    if (option->letter != 0)
        str_addf(out, "-%c, --%s", option->letter, option->name);
    else
        str_addf(out, "    --%s", option->name);
    if (option->argument != NULL)
        str_addf(out, "=%s", option->argument);
}

/* "  left        text": what does not fit on the left puts the text on the next line. */
static void help_row(Str *out, const char *left, size_t column, const char *text)
{
    str_addf(out, "  %s", left);
    size_t at = 2 + strlen(left);
    if (at + 1 > column) {
        str_add(out, "\n");
        at = 0;
    }
    str_addf(out, "%*s", (int)(column - at), "");
    help_wrap(out, text, column, column, "");
}

static void help_option(Str *out, const Option *option)
{
    AUTO(str_clear) Str left = STR_INIT;
    AUTO(str_clear) Str text = STR_INIT;
    help_add_option(&left, option);
    str_add(&text, option->help);
    if (option->initial != NULL)
        str_addf(&text, " (default: %s)", option->initial);
    help_row(out, str_text(&left), HELP_COLUMN, str_text(&text));
}

static void help_options(Str *out, const OptionCommand *command)
{
    str_add(out, "\nOptions:\n");
    for (OptionId id = 0; id < OPTION_COUNT; id++) {
        const Option *option = option_get(id);
        if (command == NULL || (option->scope & command->bit))
            help_option(out, option);
    }
}

static void help_variables(Str *out, const OptionCommand *command)
{
    str_add(out, "\nEnvironment (options override it):\n");
    for (OptionId id = 0; id < OPTION_COUNT; id++) {
        const Option *option = option_get(id);
        if (command != NULL && !(option->scope & command->bit))
            continue;
        for (size_t i = 0; i < OPTION_VARIABLES && option->variables[i].name != NULL; i++) {
            const OptionVariable *variable = &option->variables[i];
            if (command != NULL && !(variable->scope & command->bit))
                continue;
            AUTO(str_clear) Str text = STR_INIT;
            str_addf(&text, "%s --%s", i == 0 ? "same as" : "after that, same as", option->name);
            if (command == NULL && variable->scope != OPTION_FOR_ALL) {
                str_add(&text, "; not used for ");
                option_add_commands(&text, OPTION_FOR_ALL & ~variable->scope);
            }
            help_row(out, variable->name, HELP_COLUMN, str_text(&text));
        }
    }
    help_row(out, "PG*", HELP_COLUMN, "libpq's variables fill gaps on both sides");
}

static void help_exits(Str *out)
{
    str_add(out, "\nExit status:\n");
    for (ErrorKind kind = ERROR_NONE; kind < ERROR_KIND_COUNT; kind++) {
        AUTO(mem_free) char *code = mem_printf("%3d", error_kind_exit_code(kind));
        help_row(out, code, 7, error_kind_sentence(kind));
    }
}

static void help_program(Str *out)
{
    str_add(out,
            "pgzm-copy moves a PostgreSQL database into another, live one.\n\n"
            "Usage:\n  pgzm-copy COMMAND [OPTION]...\n  pgzm-copy help COMMAND\n\nCommands:\n");
    for (size_t i = 0; i < option_command_count(); i++)
        help_row(out, option_command(i)->name, 13, option_command(i)->summary);
    help_options(out, NULL);
    help_variables(out, NULL);
    help_exits(out);
    str_add(out, "\nExample:\n");
    str_add(out, "  export SOURCE_DATABASE_URL=postgresql://reader@staging/shop\n"
                 "  export DEST_DATABASE_URL=postgresql://owner@production/shop\n"
                 "  pgzm-copy start --dry-run\n"
                 "  pgzm-copy start --preserved-tables users,sessions\n");
}

void help_write(Str *out, const OptionCommand *command)
{
    if (command == NULL) {
        help_program(out);
        return;
    }
    str_addf(out, "pgzm-copy %s: %s\n\nUsage:\n  pgzm-copy %s [OPTION]...\n\n", command->name,
             command->summary, command->name);
    help_wrap(out, command->about, 0, 0, "");
    help_options(out, command);
    help_variables(out, command);
    str_add(out, "\nExample:\n  ");
    help_wrap(out, command->example, 2, 4, " \\");
}
