#include "cli/arguments.h"

#include <stdlib.h>
#include <string.h>

/* Where the reading of argv stands. */
typedef struct ArgumentsReader {
    Arguments *args;
    char **argv;
    int argc;
    int next;
    size_t words; /* command names and topics seen */
    bool only_words;
    Error *err;
} ArgumentsReader;

static void arguments_drop_values(ArgumentsValues *values)
{
    for (size_t i = 0; i < values->n; i++)
        mem_free(values->texts[i]);
    mem_free(values->texts);
    *values = (ArgumentsValues){0};
}

static void arguments_add(Arguments *args, const Option *option, const char *text)
{
    ArgumentsValues *values = &args->values[option->id];
    if (!option->repeatable)
        arguments_drop_values(values);
    values->texts = mem_resize(values->texts, (values->n + 1) * sizeof(char *));
    values->texts[values->n++] = mem_strdup(text);
}

/* Leaves "***" in the process list where a connection string stood: libpq's syntax has too many
 * places for a password (parts of a URI, quoted pairs, %-escapes) to keep the rest. */
static void arguments_scrub(char *text)
{
    size_t len = strlen(text);
    for (size_t i = 0; i < len; i++)
        text[i] = i < 3 ? '*' : 0;
}

static bool arguments_unknown_option(const char *name, size_t len, Error *err)
{
    if (!option_is_harmless(name, len))
        error_set(err, ERROR_USAGE, "unknown option");
    else
        error_set(err, ERROR_USAGE, "unknown option --%.*s", (int)len, name);
    const char *nearest = option_nearest(name, len);
    if (nearest != NULL)
        return error_hint(err, "Did you mean --%s?", nearest);
    return error_hint(err, "\"pgzm-copy --help\" lists the options.");
}

/* Takes the argument of `option`: `attached` (from "=value" or "-xvalue") or the next word. */
static void arguments_take(ArgumentsReader *r, const Option *option, char *attached)
{
    char *value = attached;
    if (value == NULL) {
        if (r->next >= r->argc) {
            error_set(r->err, ERROR_USAGE, "option --%s needs a value", option->name);
            error_hint(r->err, "Write --%s=%s.", option->name, option->argument);
            return;
        }
        value = r->argv[r->next++];
    }
    AUTO(mem_free) char *label = mem_printf("option --%s", option->name);
    if (option_check(option, label, value, r->err))
        arguments_add(r->args, option, value);
    if (option->secret)
        arguments_scrub(value);
}

static void arguments_switch(ArgumentsReader *r, const Option *option)
{
    if (option->id == OPTION_HELP)
        r->args->help = true;
    else if (option->id == OPTION_VERSION)
        r->args->version = true;
    arguments_add(r->args, option, "on");
}

static void arguments_long(ArgumentsReader *r, char *word)
{
    char *name = word + 2;
    char *equals = strchr(name, '=');
    size_t len = equals == NULL ? strlen(name) : (size_t)(equals - name);
    char *attached = equals == NULL ? NULL : equals + 1;

    if (len == strlen("generate") && memcmp(name, "generate", len) == 0) {
        /* Hidden: it is for the build, which makes the manual with it. */
        const char *what = attached != NULL    ? attached
                           : r->next < r->argc ? r->argv[r->next++]
                                               : "";
        mem_free(r->args->generate);
        r->args->generate = mem_strdup(what);
        return;
    }
    const Option *option = option_by_name(name, len);
    if (option == NULL) {
        arguments_unknown_option(name, len, r->err);
        return;
    }
    if (option->type != OPTION_SWITCH)
        arguments_take(r, option, attached);
    else if (attached != NULL) {
        error_set(r->err, ERROR_USAGE, "option --%s takes no value", option->name);
        error_hint(r->err, "Write --%s alone, or leave it out.", option->name);
    } else
        arguments_switch(r, option);
}

static void arguments_letters(ArgumentsReader *r, char *word)
{
    for (char *letter = word + 1; *letter != 0; letter++) {
        const Option *option = option_by_letter(*letter);
        if (option == NULL) {
            if (option_is_harmless(letter, 1))
                error_set(r->err, ERROR_USAGE, "unknown option -%c", *letter);
            else
                error_set(r->err, ERROR_USAGE, "unknown option");
            error_hint(r->err, "\"pgzm-copy --help\" lists the options.");
            return;
        }
        if (option->type != OPTION_SWITCH) {
            arguments_take(r, option, letter[1] != 0 ? letter + 1 : NULL);
            return;
        }
        arguments_switch(r, option);
    }
}

static void arguments_word(ArgumentsReader *r, const char *word)
{
    Arguments *args = r->args;
    r->words++;
    if (args->command == NULL && !args->help && strcmp(word, "help") == 0) {
        args->help = true;
        return;
    }
    const OptionCommand *command = option_command_by_name(word);
    if (command != NULL && args->command == NULL) {
        args->command = command;
        return;
    }
    bool harmless = option_is_harmless(word, strlen(word));
    if (args->command != NULL) {
        if (harmless)
            error_set(r->err, ERROR_USAGE, "unexpected argument \"%s\" after %s", word,
                      args->command->name);
        else
            error_set(r->err, ERROR_USAGE, "unexpected argument after %s", args->command->name);
        error_hint(r->err,
                   "Connection strings are given with --source and --dest; \"pgzm-copy "
                   "help %s\" shows all options.",
                   args->command->name);
        return;
    }
    if (harmless)
        error_set(r->err, ERROR_USAGE, "unknown command \"%s\"", word);
    else
        error_set(r->err, ERROR_USAGE, "unknown command");
    const char *nearest = option_nearest_command(word);
    if (nearest != NULL)
        error_hint(r->err, "Did you mean \"pgzm-copy %s\"?", nearest);
    else
        error_hint(r->err, "\"pgzm-copy --help\" lists the commands.");
}

/* Every option given must be one of the command's. */
static bool arguments_check_scope(const Arguments *args, Error *err)
{
    if (args->command == NULL)
        return true;
    for (OptionId id = 0; id < OPTION_COUNT; id++) {
        const Option *option = option_get(id);
        if (args->values[id].n == 0 || option->general || (option->scope & args->command->bit))
            continue;
        AUTO(str_clear) Str scope = STR_INIT;
        option_add_commands(&scope, option->scope);
        error_set(err, ERROR_USAGE, "%s has no option --%s", args->command->name, option->name);
        return error_hint(err, "--%s is an option of %s.", option->name, str_text(&scope));
    }
    return true;
}

bool arguments_parse(Arguments *args, int argc, char **argv, Error *err)
{
    ArgumentsReader r = {.args = args, .argv = argv, .argc = argc, .next = 1};

    /* A mistake does not end the reading: --json may come after it, and so may a password. */
    while (r.next < argc) {
        char *word = argv[r.next++];
        Error mistake = ERROR_INIT;
        r.err = &mistake;
        if (r.only_words || word[0] != '-' || word[1] == 0)
            arguments_word(&r, word);
        else if (strcmp(word, "--") == 0)
            r.only_words = true;
        else if (word[1] == '-')
            arguments_long(&r, word);
        else
            arguments_letters(&r, word);
        error_move(err, &mistake);
        error_clear(&mistake);
    }
    if (error_is_set(err))
        return false;
    if (args->help || args->version || args->generate != NULL)
        return true;
    if (args->command == NULL) {
        error_set(err, ERROR_USAGE, "no command given");
        return error_hint(err, "\"pgzm-copy --help\" lists the commands.");
    }
    return arguments_check_scope(args, err);
}

static bool arguments_fill(Arguments *args, const Option *option, Error *err)
{
    if (option->instead != 0 && arguments_has(args, option->instead))
        return true;
    for (size_t i = 0; i < OPTION_VARIABLES && option->variables[i].name != NULL; i++) {
        const OptionVariable *variable = &option->variables[i];
        const char *text = getenv(variable->name);
        if (text == NULL || *text == 0 || !(variable->scope & args->command->bit))
            continue;
        if (!option_check(option, variable->name, text, err))
            return false;
        arguments_add(args, option, text);
        args->values[option->id].variable = variable->name;
        return true;
    }
    return true;
}

bool arguments_needs(const Arguments *args, const Option *option)
{
    return (option->scope & ~option->optional & args->command->bit) != 0 &&
           (option->instead == 0 || !arguments_has(args, option->instead));
}

/* A side that is named nowhere would be whatever libpq's defaults lead to. */
static bool arguments_check_side(const Arguments *args, OptionId id, const char *side, Error *err)
{
    static const char *const fillers[] = {"PGSERVICE", "PGHOST", "PGHOSTADDR", "PGPORT",
                                          "PGDATABASE"};
    const Option *option = option_get(id);
    if (!arguments_needs(args, option) || arguments_has(args, id))
        return true;
    for (size_t i = 0; i < LENGTH(fillers); i++) {
        const char *text = getenv(fillers[i]);
        if (text != NULL && *text != 0)
            return true;
    }
    error_set(err, ERROR_USAGE, "no %s given", side);
    const OptionVariable *last = &option->variables[1];
    if (last->name != NULL && !(last->scope & args->command->bit) && getenv(last->name) != NULL)
        return error_hint(err, "Give --%s or set %s; %s is not used for %s.", option->name,
                          option->variables[0].name, last->name, args->command->name);
    return error_hint(err, "Give --%s or set %s.", option->name, option->variables[0].name);
}

/* What a command acts on must be said where a mistake would cost something. */
static bool arguments_check_one_of(const Arguments *args, Error *err)
{
    const OptionCommand *command = args->command;
    if (command->one_of_count == 0)
        return true;
    size_t given = 0;
    for (size_t i = 0; i < command->one_of_count; i++)
        given += arguments_has(args, command->one_of[i]);
    if (given == 1)
        return true;
    const char *first = option_get(command->one_of[0])->name;
    const char *second = option_get(command->one_of[1])->name;
    if (given > 1)
        error_set(err, ERROR_USAGE, "options --%s and --%s exclude each other", first, second);
    else
        error_set(err, ERROR_USAGE, "%s needs --%s or --%s", command->name, first, second);
    return error_hint(err, "pgzm-copy help %s tells what they mean.", command->name);
}

bool arguments_complete(Arguments *args, Error *err)
{
    for (OptionId id = 0; id < OPTION_COUNT; id++) {
        const Option *option = option_get(id);
        if ((option->scope & args->command->bit) && !arguments_has(args, id) &&
            !arguments_fill(args, option, err))
            return false;
    }
    if (!arguments_check_one_of(args, err))
        return false;
    if (arguments_has(args, OPTION_QUIET) && arguments_has(args, OPTION_VERBOSE)) {
        error_set(err, ERROR_USAGE, "options --quiet and --verbose exclude each other");
        return error_hint(err, "Leave one of them out.");
    }
    if (arguments_has(args, OPTION_REHEARSE) && !arguments_has(args, OPTION_DRY_RUN)) {
        error_set(err, ERROR_USAGE, "option --rehearse needs --dry-run");
        return error_hint(err, "Without --dry-run everything is rehearsed anyway.");
    }
    return arguments_check_side(args, OPTION_SOURCE, "source", err) &&
           arguments_check_side(args, OPTION_DEST, "destination", err);
}

bool arguments_has(const Arguments *args, OptionId id)
{
    return args->values[id].n > 0;
}

const char *arguments_text(const Arguments *args, OptionId id)
{
    const ArgumentsValues *values = &args->values[id];
    return values->n > 0 ? values->texts[values->n - 1] : NULL;
}

void arguments_clear(Arguments *args)
{
    if (args == NULL)
        return;
    for (OptionId id = 0; id < OPTION_COUNT; id++)
        arguments_drop_values(&args->values[id]);
    mem_free(args->generate);
    *args = ARGUMENTS_INIT;
}
