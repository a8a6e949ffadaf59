#include "base/str.h"

#include <stdarg.h>
#include <string.h>

void str_add_bytes(Str *s, const char *bytes, size_t len)
{
    if (s->len + len + 1 > s->capacity) {
        size_t capacity = s->capacity < 64 ? 64 : s->capacity * 2;
        s->capacity = capacity > s->len + len + 1 ? capacity : s->len + len + 1;
        s->text = mem_resize(s->text, s->capacity);
    }
    memcpy(s->text + s->len, bytes, len);
    s->len += len;
    s->text[s->len] = '\0';
}

void str_add(Str *s, const char *text)
{
    str_add_bytes(s, text, strlen(text));
}

void str_addf(Str *s, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    AUTO(mem_free) char *text = mem_vprintf(fmt, args);
    va_end(args);
    str_add(s, text);
}

void str_separate(Str *s, const char *separator)
{
    if (s->len > 0)
        str_add(s, separator);
}

const char *str_text(const Str *s)
{
    return s->text != NULL ? s->text : "";
}

char *str_take(Str *s)
{
    char *text = s->text != NULL ? s->text : mem_strdup("");
    *s = STR_INIT;
    return text;
}

void str_clear(Str *s)
{
    if (s == NULL)
        return;
    mem_free(s->text);
    *s = STR_INIT;
}
