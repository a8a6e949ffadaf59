#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    int exit_code;
    const char *sentence;
} error_kinds[] = {
#define X(name, code, sentence) {#name, code, sentence},
    ERROR_KINDS(X)
#undef X
};

/* Servers print details on several lines and names may hold line breaks: a message is one line. */
static char *one_line(char *text)
{
    for (char *p = text; *p != '\0'; p++)
        if (*p == '\n' || *p == '\r')
            *p = ' ';
    for (size_t len = strlen(text); len > 0 && text[len - 1] == ' ';)
        text[--len] = '\0';
    return text;
}

static void record(Error *err, ErrorKind kind, const char *sqlstate, const char *fmt, va_list args)
{
    if (err->kind != ERROR_NONE)
        return;
    err->kind = kind;
    err->message = one_line(mem_vprintf(fmt, args));
    snprintf(err->sqlstate, sizeof err->sqlstate, "%s", sqlstate != NULL ? sqlstate : "");
}

bool error_set(Error *err, ErrorKind kind, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    record(err, kind, NULL, fmt, args);
    va_end(args);
    return false;
}

bool error_set_state(Error *err, ErrorKind kind, const char *sqlstate, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    record(err, kind, sqlstate, fmt, args);
    va_end(args);
    return false;
}

bool error_hint(Error *err, const char *fmt, ...)
{
    if (err->kind == ERROR_NONE)
        return false;
    va_list args;
    va_start(args, fmt);
    mem_free(err->hint);
    err->hint = one_line(mem_vprintf(fmt, args));
    va_end(args);
    return false;
}

bool error_wrap(Error *err, const char *fmt, ...)
{
    if (err->kind == ERROR_NONE)
        return false;
    va_list args;
    va_start(args, fmt);
    AUTO(mem_free) char *context = mem_vprintf(fmt, args);
    va_end(args);
    char *message = mem_printf("%s: %s", context, err->message);
    mem_free(err->message);
    err->message = one_line(message);
    return false;
}

bool error_kind(Error *err, ErrorKind kind)
{
    if (err->kind != ERROR_NONE && err->kind != ERROR_CONNECTION &&
        err->kind != ERROR_INTERRUPTED && !err->keeps_kind)
        err->kind = kind;
    return false;
}

bool error_move(Error *to, Error *from)
{
    if (to->kind == ERROR_NONE) {
        *to = *from;
        *from = ERROR_INIT;
    }
    error_clear(from);
    return false;
}

bool error_is_set(const Error *err)
{
    return err->kind != ERROR_NONE;
}

bool error_is_state(const Error *err, const char *sqlstate)
{
    return err->kind != ERROR_NONE && strcmp(err->sqlstate, sqlstate) == 0;
}

void error_clear(Error *err)
{
    if (err == NULL)
        return;
    mem_free(err->message);
    mem_free(err->hint);
    *err = ERROR_INIT;
}

int error_kind_exit_code(ErrorKind kind)
{
    return error_kinds[kind].exit_code;
}

const char *error_kind_sentence(ErrorKind kind)
{
    return error_kinds[kind].sentence;
}

const char *error_kind_name(ErrorKind kind)
{
    return error_kinds[kind].name;
}
