#include "schema/wording.h"

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/mem.h"

/*
 * Texts become lists of tokens; those of an older server are left alone, and those of a newer one
 * are put into the older one's words: an expression that 14 prints in the words of the standard
 * (EXTRACT, TRIM, AT TIME ZONE, ...) was printed as the function call that it is.
 */

typedef struct Token {
    const char *text;
    size_t len;
} Token;

typedef struct Tokens {
    Token *items;
    size_t count, capacity;
    Arena *arena;  /* for tokens that the text does not have */
    bool extracts; /* some were an EXTRACT */
} Tokens;

static void tokens_add(Tokens *tokens, Token token)
{
    if (tokens->count == tokens->capacity) {
        tokens->capacity = tokens->capacity == 0 ? 64 : 2 * tokens->capacity;
        tokens->items = mem_resize(tokens->items, tokens->capacity * sizeof(*tokens->items));
    }
    tokens->items[tokens->count++] = token;
}

static void tokens_add_text(Tokens *tokens, const char *text)
{
    tokens_add(tokens, (Token){text, strlen(text)});
}

static void auto_tokens_clear(Tokens *tokens)
{
    mem_free(tokens->items);
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '$' || (unsigned char)c >= 0x80;
}

/* Bytes of a quoted text at its opening quote; a doubled quote is part of it. */
static size_t quoted_length(const char *at)
{
    size_t len = 1;
    while (at[len] != '\0' && (at[len] != at[0] || at[len + 1] == at[0]))
        len += at[len] == at[0] ? 2 : 1;
    return at[len] == '\0' ? len : len + 1;
}

static size_t token_length(const char *at)
{
    if (*at == '\'' || *at == '"')
        return quoted_length(at);
    size_t len = 0;
    while (is_word(at[len]))
        len++;
    return len > 0 ? len : 1;
}

static Tokens tokens_of(const char *text)
{
    Tokens tokens = {0};
    for (const char *at = text; *at != '\0';) {
        if (isspace((unsigned char)*at)) {
            at++;
            continue;
        }
        size_t len = token_length(at);
        tokens_add(&tokens, (Token){at, len});
        at += len;
    }
    return tokens;
}

static bool token_is(const Tokens *tokens, size_t i, const char *text)
{
    return i < tokens->count && tokens->items[i].len == strlen(text) &&
           memcmp(tokens->items[i].text, text, tokens->items[i].len) == 0;
}

/* The same name or sign; a name that need not be quoted may be. */
static bool token_equal(Token a, Token b)
{
    if (a.len == b.len + 2 && a.text[0] == '"')
        a = (Token){a.text + 1, a.len - 2};
    else if (b.len == a.len + 2 && b.text[0] == '"')
        b = (Token){b.text + 1, b.len - 2};
    return a.len == b.len && memcmp(a.text, b.text, a.len) == 0;
}

static bool token_is_name(const Tokens *tokens, size_t i)
{
    return i < tokens->count &&
           (tokens->items[i].text[0] == '"' || is_word(tokens->items[i].text[0]));
}

/* ---- function calls in the words of the standard ---------------------------------------- */

/* The position of the bracket that closes the one at `open`, or the count. */
static size_t closing(const Tokens *t, size_t open)
{
    int depth = 0;
    for (size_t i = open; i < t->count; i++) {
        depth += token_is(t, i, "(");
        depth -= token_is(t, i, ")");
        if (depth == 0)
            return i;
    }
    return t->count;
}

/* The position of the word outside of brackets in [from, end), or `end`. */
static size_t find_word(const Tokens *t, size_t from, size_t end, const char *word)
{
    int depth = 0;
    for (size_t i = from; i < end; i++) {
        depth += token_is(t, i, "(");
        depth -= token_is(t, i, ")");
        if (depth == 0 && token_is(t, i, word))
            return i;
    }
    return end;
}

static void rewrite(const Tokens *t, size_t from, size_t end, Tokens *out);

/* "name"( the ranges between the positions, in that order, and a closing bracket. */
static void add_call(const Tokens *t, const char *name, const size_t (*ranges)[2], size_t count,
                     Tokens *out)
{
    tokens_add_text(out, name);
    tokens_add_text(out, "(");
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            tokens_add_text(out, ",");
        rewrite(t, ranges[i][0], ranges[i][1], out);
    }
    tokens_add_text(out, ")");
}

/* EXTRACT(field FROM x) is date_part('field'::text, x). */
static bool rewrite_extract(const Tokens *t, size_t open, size_t end, Tokens *out)
{
    size_t from = find_word(t, open + 1, end, "FROM");
    if (from != open + 2)
        return false;
    Token field = t->items[open + 1];
    out->extracts = true;
    tokens_add_text(out, "date_part");
    tokens_add_text(out, "(");
    if (field.text[0] == '\'')
        tokens_add(out, field);
    else
        tokens_add_text(out, arena_printf(out->arena, "'%.*s'", (int)field.len, field.text));
    tokens_add_text(out, ":");
    tokens_add_text(out, ":");
    tokens_add_text(out, "text");
    tokens_add_text(out, ",");
    rewrite(t, from + 1, end, out);
    tokens_add_text(out, ")");
    return true;
}

/* TRIM(BOTH c FROM x) is btrim(x, c). */
static bool rewrite_trim(const Tokens *t, size_t open, size_t end, Tokens *out)
{
    const char *name = token_is(t, open + 1, "BOTH")       ? "btrim"
                       : token_is(t, open + 1, "LEADING")  ? "ltrim"
                       : token_is(t, open + 1, "TRAILING") ? "rtrim"
                                                           : NULL;
    size_t from = find_word(t, open + 1, end, "FROM");
    if (name == NULL || from == end)
        return false;
    const size_t ranges[][2] = {{from + 1, end}, {open + 2, from}};
    add_call(t, name, ranges, from == open + 2 ? 1 : 2, out);
    return true;
}

/* POSITION((a) IN (b)) is "position"(b, a). */
static bool rewrite_position(const Tokens *t, size_t open, size_t end, Tokens *out)
{
    size_t in = find_word(t, open + 1, end, "IN");
    if (in == end || !token_is(t, open + 1, "(") || !token_is(t, in + 1, "("))
        return false;
    const size_t ranges[][2] = {{in + 2, end - 1}, {open + 2, in - 1}};
    add_call(t, "position", ranges, 2, out);
    return true;
}

/* SUBSTRING(x FROM a FOR b) is "substring"(x, a, b); OVERLAY(x PLACING y FROM a FOR b) likewise. */
static bool rewrite_parts(const Tokens *t, const char *name, size_t open, size_t end, Tokens *out)
{
    size_t placing = find_word(t, open + 1, end, "PLACING");
    size_t from = find_word(t, open + 1, end, "FROM");
    size_t count = find_word(t, open + 1, end, "FOR");
    if (from == end)
        return false;
    size_t ranges[4][2];
    size_t n = 0, start = open + 1;
    const size_t ends[] = {placing, from, count};
    for (size_t i = 0; i < 3; i++) {
        if (ends[i] == end)
            continue;
        ranges[n][0] = start;
        ranges[n++][1] = ends[i];
        start = ends[i] + 1;
    }
    ranges[n][0] = start;
    ranges[n++][1] = end;
    add_call(t, name, (const size_t(*)[2])ranges, n, out);
    return true;
}

static bool rewrite_call(const Tokens *t, size_t i, size_t end, Tokens *out)
{
    if (token_is(t, i, "EXTRACT"))
        return rewrite_extract(t, i + 1, end, out);
    if (token_is(t, i, "TRIM"))
        return rewrite_trim(t, i + 1, end, out);
    if (token_is(t, i, "POSITION"))
        return rewrite_position(t, i + 1, end, out);
    if (token_is(t, i, "SUBSTRING"))
        return rewrite_parts(t, "substring", i + 1, end, out);
    if (token_is(t, i, "OVERLAY"))
        return rewrite_parts(t, "overlay", i + 1, end, out);
    return false;
}

/* (x AT TIME ZONE z) is timezone(z, x). */
static bool rewrite_zone(const Tokens *t, size_t open, size_t end, Tokens *out)
{
    size_t at = find_word(t, open + 1, end, "AT");
    if (at == end || !token_is(t, at + 1, "TIME") || !token_is(t, at + 2, "ZONE"))
        return false;
    const size_t ranges[][2] = {{at + 3, end}, {open + 1, at}};
    add_call(t, "timezone", ranges, 2, out);
    return true;
}

static void rewrite(const Tokens *t, size_t from, size_t end, Tokens *out)
{
    for (size_t i = from; i < end; i++) {
        bool call = i + 1 < end && token_is_name(t, i) && token_is(t, i + 1, "(");
        size_t close = call || token_is(t, i, "(") ? closing(t, i + call) : t->count;
        if (close < end && (call ? rewrite_call(t, i, close, out) : rewrite_zone(t, i, close, out)))
            i = close;
        else
            tokens_add(out, t->items[i]);
    }
}

/* ---- alignment -------------------------------------------------------------------------- */

typedef struct Aligning {
    const Tokens *older, *newer;
    int older_version, newer_version;
    bool extracts; /* the newer one has EXTRACT where the older one has date_part */
    bool skipped_qualifier, skipped_name, skipped_mode;
} Aligning;

/* A table's name or alias is somewhere without anything behind it; a schema's is not. */
static bool is_relation(const Tokens *tokens, Token name)
{
    for (size_t i = 0; i < tokens->count; i++)
        if (token_equal(tokens->items[i], name) && !token_is(tokens, i + 1, "."))
            return true;
    return false;
}

/* Before 16: "t.c" where the newer one says "c". `*i` is moved behind what is skipped. */
static bool skip_qualifier(Aligning *a, size_t *i, size_t j)
{
    if (a->older_version >= 160000 || a->newer_version < 160000 || *i + 1 >= a->older->count)
        return false;
    const Token *older = a->older->items + *i;
    const Token *newer = a->newer->items;
    bool skips = false;
    if (token_is(a->older, *i, ".")) /* a column called like its table: "t" matched already */
        skips = j > 0 && token_equal(older[1], newer[j - 1]);
    else if (token_is(a->older, *i + 1, ".") && *i + 2 < a->older->count)
        skips = j < a->newer->count && token_is_name(a->older, *i) &&
                token_equal(older[2], newer[j]) && is_relation(a->older, older[0]);
    if (!skips)
        return false;
    *i += 2;
    a->skipped_qualifier = true;
    return true;
}

/* Before 17 the NOT NULL of a domain has no name, before 18 that of a table. */
static bool skip_not_null_name(Aligning *a, size_t *j)
{
    const Tokens *t = a->newer;
    if (a->older_version >= 180000 || !token_is(t, *j, "CONSTRAINT") ||
        !token_is(t, *j + 2, "NOT") || !token_is(t, *j + 3, "NULL"))
        return false;
    *j += 2;
    a->skipped_name = true;
    return true;
}

/* What EXTRACT gives is numeric from 14 on, and numbers beside it are, too. */
static bool skip_cast(Aligning *a, size_t *i, size_t *j)
{
    if (!a->extracts || *j == 0 || !token_is(a->newer, *j - 1, ":") ||
        !token_is(a->newer, *j, "numeric") || !token_is(a->older, *i, "double") ||
        !token_is(a->older, *i + 1, "precision"))
        return false;
    *i += 2;
    *j += 1;
    return true;
}

/* From 14 on the arguments of procedures have their mode, IN. */
static bool skip_mode(Aligning *a, size_t *j)
{
    const Tokens *t = a->newer;
    if (a->older_version >= 140000 || a->newer_version < 140000 || *j == 0 ||
        !token_is(t, *j, "IN") || !(token_is(t, *j - 1, "(") || token_is(t, *j - 1, ",")))
        return false;
    *j += 1;
    a->skipped_mode = true;
    return true;
}

static bool aligned(Aligning *a)
{
    size_t i = 0, j = 0;
    while (i < a->older->count || j < a->newer->count) {
        if (i < a->older->count && j < a->newer->count &&
            token_equal(a->older->items[i], a->newer->items[j])) {
            i++;
            j++;
        } else if (!skip_not_null_name(a, &j) && !skip_mode(a, &j) && !skip_cast(a, &i, &j) &&
                   !skip_qualifier(a, &i, j)) {
            return false;
        }
    }
    return true;
}

const char *wording_same(const char *a, int a_version, const char *b, int b_version)
{
    if (a_version / 10000 == b_version / 10000)
        return NULL;
    bool a_is_older = a_version < b_version;
    AUTO(tokens_clear) Tokens older = tokens_of(a_is_older ? a : b);
    AUTO(tokens_clear) Tokens printed = tokens_of(a_is_older ? b : a);
    AUTO(arena_free) Arena *arena = arena_new();
    AUTO(tokens_clear) Tokens newer = {.arena = arena};
    Aligning aligning = {.older = &older,
                         .newer = &printed,
                         .older_version = a_is_older ? a_version : b_version,
                         .newer_version = a_is_older ? b_version : a_version};
    bool rewrites = aligning.older_version < 140000 && aligning.newer_version >= 140000;
    if (rewrites) {
        rewrite(&printed, 0, printed.count, &newer);
        aligning.newer = &newer;
        aligning.extracts = newer.extracts;
    }
    if (!aligned(&aligning))
        return NULL;
    if (aligning.skipped_qualifier)
        return "before PostgreSQL 16 the columns of a view are always qualified";
    if (aligning.skipped_name)
        return "before PostgreSQL 18 NOT NULL has no name";
    if (aligning.skipped_mode)
        return "before PostgreSQL 14 arguments of procedures have no IN";
    return rewrites ? "before PostgreSQL 14 EXTRACT and the like are function calls"
                    : "the versions print it differently";
}
