#include <stddef.h>

#include "schema/kind.h"

/* Languages that are no extension's: rare, and never initdb's own. */

typedef struct Language {
    Object object;
    bool trusted;
    const char *handler, *inline_handler, *validator; /* functions; NULL for none */
} Language;

static const Field fields[] = {
    FIELD(FIELD_BOOL, Language, trusted, "trusted"),
    FIELD(FIELD_TEXT, Language, handler, "handler"),
    FIELD(FIELD_TEXT, Language, inline_handler, "inline"),
    FIELD(FIELD_TEXT, Language, validator, "validator"),
};

static void build(Builder *builder, const void *item)
{
    const Language *language = item;
    const Object *object = &language->object;
    const char *name = builder_ident(builder, object->name);
    AUTO(str_clear) Str s = STR_INIT;
    str_addf(&s, "%sLANGUAGE %s HANDLER %s", language->trusted ? "TRUSTED " : "", name,
             language->handler);
    if (language->inline_handler != NULL)
        str_addf(&s, " INLINE %s", language->inline_handler);
    if (language->validator != NULL)
        str_addf(&s, " VALIDATOR %s", language->validator);
    size_t index =
        builder_add(builder, FRAGMENT_OBJECT, SECTION_PRE, object, 0, "CREATE %s", str_text(&s));
    /* functions in the language go on: the handlers are exchanged */
    builder_change(builder, index, "CREATE OR REPLACE %s", str_text(&s));
    builder_undo(builder, index, "DROP LANGUAGE IF EXISTS %s", name);
    builder_add_attributes(builder, index, object, "LANGUAGE", "LANGUAGE", name);
}

const Kind language_kind = {
    .name = "language",
    .place = PLACE_EARLY,
    .query = "languages",
    .fields = fields,
    .field_count = LENGTH(fields),
    .size = sizeof(Language),
    .build = build,
};
