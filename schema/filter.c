#include "schema/filter.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

static void filter_put(Filter *filter, FilterKind kind, bool children, char *text, char *origin)
{
    filter->items = mem_resize(filter->items, (filter->count + 1) * sizeof *filter->items);
    filter->items[filter->count++] =
        (FilterPattern){.kind = kind, .children = children, .text = text, .origin = origin};
}

bool filter_add(Filter *filter, FilterKind kind, const char *text, const char *option, Error *err)
{
    if (*text == '\0')
        return error_set(err, ERROR_USAGE, "option %s is empty", option);
    filter_put(filter, kind, false, mem_strdup(text), mem_printf("option %s", option));
    return true;
}

bool filter_has(const Filter *filter, FilterKind kind)
{
    for (size_t i = 0; i < filter->count; i++)
        if (filter->items[i].kind == kind)
            return true;
    return false;
}

void filter_clear(Filter *filter)
{
    if (filter == NULL)
        return;
    for (size_t i = 0; i < filter->count; i++) {
        mem_free(filter->items[i].text);
        mem_free(filter->items[i].origin);
    }
    mem_free(filter->items);
    *filter = (Filter){0};
}

/* ---- files ------------------------------------------------------------------------------- */

typedef struct FilterReader {
    Filter *filter;
    const char *name; /* for messages */
    const char *at;
    size_t line;
    Error *err;
} FilterReader;

/* What can follow "include" and "exclude". */
static const struct {
    const char *word;
    FilterKind include, exclude; /* FILTER_KIND_COUNT: not allowed */
    bool children;
} filter_words[] = {
    {"schema", FILTER_SCHEMA, FILTER_EXCLUDE_SCHEMA, false},
    {"table", FILTER_TABLE, FILTER_EXCLUDE_TABLE, false},
    {"table_and_children", FILTER_TABLE, FILTER_EXCLUDE_TABLE, true},
    {"table_data", FILTER_KIND_COUNT, FILTER_EXCLUDE_DATA, false},
    {"table_data_and_children", FILTER_KIND_COUNT, FILTER_EXCLUDE_DATA, true},
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

static bool filter_mistake(const FilterReader *r, size_t line, const char *what, const char *word,
                           size_t len)
{
    if (word == NULL)
        error_set(r->err, ERROR_USAGE, "line %zu of %s: %s", line, r->name, what);
    else
        error_set(r->err, ERROR_USAGE, "line %zu of %s: %s: \"%.*s\"", line, r->name, what,
                  (int)(len > 60 ? 60 : len), word);
    return error_hint(r->err, "Write lines like \"include table app.orders\", \"exclude schema "
                              "test*\" or \"exclude table_data app.logs\".");
}

static void skip_blanks(FilterReader *r)
{
    while (is_blank(*r->at))
        r->at++;
}

/* A word of the line; empty at its end. */
static size_t take_word(FilterReader *r, const char **word)
{
    skip_blanks(r);
    *word = r->at;
    while (*r->at != '\0' && *r->at != '\n' && *r->at != '#' && !is_blank(*r->at))
        r->at++;
    return (size_t)(r->at - *word);
}

static bool same_word(const char *word, size_t len, const char *other)
{
    return strlen(other) == len && memcmp(word, other, len) == 0;
}

/* The rest of the line up to a comment, without the blanks around it. A quoted part keeps
 * everything, line ends as well. */
static bool take_pattern(FilterReader *r, Str *pattern)
{
    size_t begin = r->line, kept = 0;
    bool quoted = false;
    skip_blanks(r);
    while (*r->at != '\0' && (quoted || (*r->at != '\n' && *r->at != '#'))) {
        char c = *r->at++;
        if (c == '"')
            quoted = !quoted;
        if (c == '\n')
            r->line++;
        str_add_bytes(pattern, &c, 1);
        if (quoted || !is_blank(c))
            kept = pattern->len;
    }
    if (quoted)
        return filter_mistake(r, begin, "the quoted name has no end", NULL, 0);
    if (kept == 0)
        return filter_mistake(r, begin, "the pattern is missing", NULL, 0);
    pattern->text[kept] = '\0';
    return true;
}

static bool read_rule(FilterReader *r)
{
    size_t line = r->line;
    const char *verb, *noun;
    size_t verb_len = take_word(r, &verb);
    if (verb_len == 0)
        return true; /* an empty line, or a comment */
    bool include = same_word(verb, verb_len, "include");
    if (!include && !same_word(verb, verb_len, "exclude"))
        return filter_mistake(r, line, "neither include nor exclude", verb, verb_len);
    size_t noun_len = take_word(r, &noun);
    if (noun_len == 0)
        return filter_mistake(r, line, "the kind of object is missing", NULL, 0);
    for (size_t i = 0; i < LENGTH(filter_words); i++) {
        if (!same_word(noun, noun_len, filter_words[i].word))
            continue;
        FilterKind kind = include ? filter_words[i].include : filter_words[i].exclude;
        if (kind == FILTER_KIND_COUNT)
            return filter_mistake(r, line, "cannot be included, only excluded", noun, noun_len);
        AUTO(str_clear) Str pattern = STR_INIT;
        if (!take_pattern(r, &pattern))
            return false;
        filter_put(r->filter, kind, filter_words[i].children, str_take(&pattern),
                   mem_printf("line %zu of %s", line, r->name));
        return true;
    }
    return filter_mistake(r, line, "no kind of object that can be filtered", noun, noun_len);
}

static bool read_rules(FilterReader *r)
{
    while (*r->at != '\0') {
        if (!read_rule(r))
            return false;
        while (*r->at != '\0' && *r->at != '\n')
            r->at++; /* a comment */
        if (*r->at == '\n') {
            r->at++;
            r->line++;
        }
    }
    return true;
}

static bool read_all(FILE *file, const char *name, Str *text, Error *err)
{
    char buffer[8192];
    size_t n;
    while ((n = fread(buffer, 1, sizeof buffer, file)) > 0)
        str_add_bytes(text, buffer, n);
    if (ferror(file))
        return error_set(err, ERROR_USAGE, "reading %s: %s", name, strerror(errno));
    if (strlen(str_text(text)) != text->len)
        return error_set(err, ERROR_USAGE, "%s is no text: it has a zero byte", name);
    return true;
}

bool filter_read(Filter *filter, const char *path, Error *err)
{
    bool input = strcmp(path, "-") == 0;
    const char *name = input ? "standard input" : path;
    AUTO(str_clear) Str text = STR_INIT;
    FILE *file = input ? stdin : fopen(path, "re");
    if (file == NULL) {
        error_set(err, ERROR_USAGE, "the filter file %s cannot be opened: %s", path,
                  strerror(errno));
        return error_hint(err, "Give the name of a file that can be read, or - for standard "
                               "input.");
    }
    bool ok = read_all(file, name, &text, err);
    if (!input)
        fclose(file);
    FilterReader reader = {
        .filter = filter, .name = name, .at = str_text(&text), .line = 1, .err = err};
    return ok && read_rules(&reader);
}
