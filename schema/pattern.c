#include "schema/pattern.h"

#include <string.h>

#include "base/str.h"

enum { PARTS_MAX = 3 };

/* One part of a name in the making. */
typedef struct Part {
    Str regex, text; /* with and without what a regular expression needs */
} Part;

static void add_literal(Part *part, char c)
{
    if (strchr("|*+?()[]{}.^$\\", c) != NULL)
        str_add(&part->regex, "\\");
    str_add_bytes(&part->regex, &c, 1);
    str_add_bytes(&part->text, &c, 1);
}

/* Outside of quotes; `next` is the letter after it. */
static void add_bare(Part *part, char c, char next)
{
    if (c >= 'A' && c <= 'Z')
        c = (char)(c - 'A' + 'a');
    str_add_bytes(&part->text, &c, 1);
    if (c == '*')
        str_add(&part->regex, ".*");
    else if (c == '?')
        str_add(&part->regex, ".");
    else if (c == '$')
        str_add(&part->regex, "\\$"); /* a letter of names, and no name goes on after the end */
    else if (c == '[' && next == ']')
        str_add(&part->regex, "\\["); /* the name of an array type rather than an empty class */
    else
        str_add_bytes(&part->regex, &c, 1);
}

/* Splits at the dots. The number of parts, more than PARTS_MAX when there are too many, 0 when a
 * quoted part has no end. */
static size_t split(const char *text, Part *parts)
{
    size_t n = 0;
    bool quoted = false;
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '"' && quoted && c[1] == '"') {
            add_literal(&parts[n], '"');
            c++;
        } else if (*c == '"')
            quoted = !quoted;
        else if (quoted)
            add_literal(&parts[n], *c);
        else if (*c != '.')
            add_bare(&parts[n], *c, c[1]);
        else if (++n == PARTS_MAX)
            return PARTS_MAX + 1;
    }
    return quoted ? 0 : n + 1;
}

static const char *anchored(const Part *part, Arena *arena)
{
    return arena_printf(arena, "^(%s)$", str_text(&part->regex));
}

static bool check_parts(const Part *parts, size_t count, size_t most, const char *text, Error *err)
{
    if (count == 0) {
        error_set(err, ERROR_USAGE, "pattern %s: the quoted name has no end", text);
        return error_hint(err, "Close it with a double quote; write \"\" for a quote in a name.");
    }
    if (count > most) {
        error_set(err, ERROR_USAGE, "pattern %s has too many dots", text);
        return error_hint(err, "Put double quotes around a name with a dot in it.");
    }
    for (size_t i = 0; i < count; i++)
        if (parts[i].text.len == 0) {
            error_set(err, ERROR_USAGE, "pattern %s has an empty part", text);
            return error_hint(err, "Write * for any name.");
        }
    return true;
}

bool pattern_parse(const char *text, bool is_schema, Arena *arena, Pattern *pattern, Error *err)
{
    Part parts[PARTS_MAX] = {0};
    size_t most = is_schema ? PARTS_MAX - 1 : PARTS_MAX;
    size_t count = split(text, parts);
    bool ok = check_parts(parts, count, most, text, err);
    if (ok) {
        size_t last = count - 1;
        *pattern = (Pattern){.name = anchored(&parts[last], arena)};
        if (!is_schema && count >= 2)
            pattern->schema = anchored(&parts[last - 1], arena);
        if (count == most)
            pattern->database = arena_strdup(arena, str_text(&parts[0].text));
    }
    for (size_t i = 0; i < PARTS_MAX; i++) {
        str_clear(&parts[i].regex);
        str_clear(&parts[i].text);
    }
    return ok;
}
