#include "cli/diffreport.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "cli/figure.h"
#include "cli/report.h"
#include "cli/terminal.h"

enum {
    EXCERPT_BYTES = 100, /* of a definition */
    EXCERPT_BEFORE = 40, /* of these before the first difference */
    NAMED_AT_MOST = 20
};

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static int64_t number_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

/* On one line, whatever the text holds. */
static void flatten(Str *out, const char *text)
{
    AUTO(str_clear) Str spaced = STR_INIT;
    for (; *text != '\0'; text++) {
        bool space = strchr(" \t\r\n", *text) != NULL;
        if (!space)
            str_add_bytes(&spaced, text, 1);
        else if (spaced.len > 0 && spaced.text[spaced.len - 1] != ' ')
            str_add(&spaced, " ");
    }
    terminal_add_clean(out, str_text(&spaced));
}

/* Back to the first byte of a character. */
static size_t boundary(const char *text, size_t at)
{
    while (at > 0 && ((unsigned char)text[at] & 0xc0) == 0x80)
        at--;
    return at;
}

static void add_excerpt(Str *out, char sign, const char *text, const char *other)
{
    if (text == NULL)
        return;
    size_t same = 0;
    while (other != NULL && text[same] != '\0' && text[same] == other[same])
        same++;
    size_t len = strlen(text);
    size_t from =
        len <= EXCERPT_BYTES || same <= EXCERPT_BEFORE ? 0 : boundary(text, same - EXCERPT_BEFORE);
    size_t to = len - from <= EXCERPT_BYTES ? len : boundary(text, from + EXCERPT_BYTES);
    str_addf(out, "            %c %s", sign, from > 0 ? "..." : "");
    str_add_bytes(out, text + from, to - from);
    str_add(out, to < len ? "...\n" : "\n");
}

static void add_difference(Str *out, const json_t *item)
{
    const char *risk = text_of(item, "risk"), *operation = text_of(item, "operation");
    const char *identity = text_of(item, "identity"), *stays = text_of(item, "stays");
    str_addf(out, "  %-8s  %s ",
             stays != NULL  ? "stays"
             : risk != NULL ? risk
                            : "",
             operation != NULL ? operation : "");
    flatten(out, identity != NULL ? identity : "");
    str_add(out, "\n");
    AUTO(str_clear) Str source = STR_INIT;
    AUTO(str_clear) Str dest = STR_INIT;
    bool new = text_of(item, "source") != NULL, old = text_of(item, "dest") != NULL;
    flatten(&source, new ? text_of(item, "source") : "");
    flatten(&dest, old ? text_of(item, "dest") : "");
    add_excerpt(out, '-', old ? str_text(&dest) : NULL, new ? str_text(&source) : NULL);
    add_excerpt(out, '+', new ? str_text(&source) : NULL, old ? str_text(&dest) : NULL);
}

static void add_differences(Str *out, const json_t *differences)
{
    const char *kind = "";
    for (size_t i = 0; i < json_array_size(differences); i++) {
        const json_t *item = json_array_get(differences, i);
        const char *own = text_of(item, "kind");
        if (own != NULL && strcmp(kind, own) != 0) {
            str_add(out, "\n");
            flatten(out, own);
            str_add(out, "\n");
            kind = own;
        }
        add_difference(out, item);
    }
}

/* "2 high, 1 medium, 3 low" */
static void add_risks(Str *out, const json_t *risks)
{
    static const char *const words[] = {"high", "medium", "low"};
    AUTO(str_clear) Str list = STR_INIT;
    for (size_t i = 0; i < LENGTH(words); i++) {
        if (number_of(risks, words[i]) == 0)
            continue;
        str_separate(&list, ", ");
        figure_add_count(&list, number_of(risks, words[i]));
        str_addf(&list, " %s", words[i]);
    }
    if (number_of(risks, "stays") > 0) {
        str_separate(&list, ", ");
        figure_add_count(&list, number_of(risks, "stays"));
        str_add(&list, " that a migration leaves alone");
    }
    str_add(out, str_text(&list));
}

static void add_server(Str *out, const json_t *result, const char *side, const char *label)
{
    AUTO(str_clear) Str text = STR_INIT;
    if (report_add_server(&text, result, side))
        str_addf(out, "  %-15s %s\n", label, str_text(&text));
}

static void add_kept(Str *out, const json_t *kept)
{
    size_t count = json_array_size(kept);
    if (count == 0)
        return;
    str_add(out, "\nOnly in the destination, and kept: ");
    figure_add_things(out, (int64_t)count, "object", NULL);
    str_add(out, "\n");
    for (size_t i = 0; i < count && i < NAMED_AT_MOST; i++) {
        const json_t *item = json_array_get(kept, i);
        const char *kind = text_of(item, "kind"), *identity = text_of(item, "identity");
        str_add(out, "  ");
        flatten(out, kind != NULL ? kind : "");
        str_add(out, " ");
        flatten(out, identity != NULL ? identity : "");
        str_add(out, "\n");
    }
    if (count > NAMED_AT_MOST)
        str_addf(out, "  and %zu more\n", count - NAMED_AT_MOST);
}

void diffreport_write(Str *out, const json_t *result)
{
    const json_t *differences = json_object_get(result, "differences");
    size_t count = json_array_size(differences);
    if (count == 0) {
        str_add(out, "No differences.\n\n");
    } else {
        figure_add_things(out, (int64_t)count, "difference", NULL);
        str_add(out, ": ");
        add_risks(out, json_object_get(result, "risks"));
        str_add(out, "\n\n");
    }
    add_server(out, result, "source", "source (+)");
    add_server(out, result, "dest", "destination (-)");
    add_differences(out, differences);
    add_kept(out, json_object_get(result, "kept"));
    size_t expected = json_array_size(json_object_get(result, "expected"));
    if (expected > 0) {
        str_add(out, "\nNot counted: ");
        figure_add_things(out, (int64_t)expected, "definition", NULL);
        str_add(out, " that only look different (--json says why)\n");
    }
}
