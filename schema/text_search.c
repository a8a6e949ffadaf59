#include <stddef.h>

#include "schema/kind.h"

/*
 * Text search: parsers, templates, dictionaries, configurations. Parsers and templates have no
 * owner, and only superusers make them.
 */

static void add_function(Str *s, const char *name, const char *function)
{
    if (function != NULL)
        str_addf(s, ", %s = %s", name, function);
}

/* ---- parsers --------------------------------------------------------------------------- */

typedef struct Parser {
    Object object;
    const char *start, *get_token, *end_function, *lex_types;
    const char *headline; /* NULL for none */
} Parser;

static const Field parser_fields[] = {
    FIELD(FIELD_TEXT, Parser, start, "start"),
    FIELD(FIELD_TEXT, Parser, get_token, "get_token"),
    FIELD(FIELD_TEXT, Parser, end_function, "end_function"),
    FIELD(FIELD_TEXT, Parser, lex_types, "lex_types"),
    FIELD(FIELD_TEXT, Parser, headline, "headline"),
};

static void build_parser(Builder *builder, const void *item)
{
    const Parser *parser = item;
    const Object *object = &parser->object;
    const char *name = builder_name(builder, object->schema, object->name);
    AUTO(str_clear) Str s = STR_INIT;
    add_function(&s, "GETTOKEN", parser->get_token);
    add_function(&s, "END", parser->end_function);
    add_function(&s, "LEXTYPES", parser->lex_types);
    add_function(&s, "HEADLINE", parser->headline);
    size_t index = builder_add(builder, FRAGMENT_OBJECT, SECTION_PRE, object, 0,
                               "CREATE TEXT SEARCH PARSER %s (START = %s%s)", name, parser->start,
                               str_text(&s));
    builder_add_attributes(builder, index, object, "TEXT SEARCH PARSER", NULL, name);
}

const Kind text_search_parser_kind = {
    .name = "text search parser",
    .query = "text_search_parsers",
    .fields = parser_fields,
    .field_count = LENGTH(parser_fields),
    .size = sizeof(Parser),
    .build = build_parser,
};

/* ---- templates ------------------------------------------------------------------------- */

typedef struct Template {
    Object object;
    const char *init; /* NULL for none */
    const char *lexize;
} Template;

static const Field template_fields[] = {
    FIELD(FIELD_TEXT, Template, init, "init"),
    FIELD(FIELD_TEXT, Template, lexize, "lexize"),
};

static void build_template(Builder *builder, const void *item)
{
    const Template *template = item;
    const Object *object = &template->object;
    const char *name = builder_name(builder, object->schema, object->name);
    AUTO(str_clear) Str s = STR_INIT;
    add_function(&s, "INIT", template->init);
    size_t index = builder_add(builder, FRAGMENT_OBJECT, SECTION_PRE, object, 0,
                               "CREATE TEXT SEARCH TEMPLATE %s (LEXIZE = %s%s)", name,
                               template->lexize, str_text(&s));
    builder_add_attributes(builder, index, object, "TEXT SEARCH TEMPLATE", NULL, name);
}

const Kind text_search_template_kind = {
    .name = "text search template",
    .query = "text_search_templates",
    .fields = template_fields,
    .field_count = LENGTH(template_fields),
    .size = sizeof(Template),
    .build = build_template,
};

/* ---- dictionaries ---------------------------------------------------------------------- */

typedef struct Dictionary {
    Object object;
    const char *template;
    const char *options; /* "a = 'x', ..."; NULL for none */
    Oid subdictionary;   /* of a thesaurus, or 0 */
} Dictionary;

static const Field dictionary_fields[] = {
    FIELD(FIELD_TEXT, Dictionary, template, "template"),
    FIELD(FIELD_TEXT, Dictionary, options, "options"),
    FIELD(FIELD_OID, Dictionary, subdictionary, "subdictionary"),
};

static void build_dictionary(Builder *builder, const void *item)
{
    const Dictionary *dictionary = item;
    const Object *object = &dictionary->object;
    const char *name = builder_name(builder, object->schema, object->name);
    size_t index = builder_add(builder, FRAGMENT_OBJECT, SECTION_PRE, object, 0,
                               "CREATE TEXT SEARCH DICTIONARY %s (TEMPLATE = %s%s%s)", name,
                               dictionary->template, dictionary->options == NULL ? "" : ", ",
                               dictionary->options == NULL ? "" : dictionary->options);
    /* The statement already loads the dictionary that a thesaurus is written in. */
    if (dictionary->subdictionary != 0)
        builder_needs(builder, index, (Address){CATALOG_TS_DICT, dictionary->subdictionary, 0});
    builder_add_attributes(builder, index, object, "TEXT SEARCH DICTIONARY", NULL, name);
}

const Kind text_search_dictionary_kind = {
    .name = "text search dictionary",
    .query = "text_search_dictionaries",
    .fields = dictionary_fields,
    .field_count = LENGTH(dictionary_fields),
    .size = sizeof(Dictionary),
    .build = build_dictionary,
};

/* ---- configurations -------------------------------------------------------------------- */

typedef struct Configuration {
    Object object;
    const char *parser;
    const char *const *mappings; /* "token, ... WITH dictionary, ..." */
    size_t mapping_count;
} Configuration;

static const Field configuration_fields[] = {
    FIELD(FIELD_TEXT, Configuration, parser, "parser"),
    FIELD_LIST(FIELD_TEXTS, Configuration, mappings, mapping_count, "mappings"),
};

static void build_configuration(Builder *builder, const void *item)
{
    const Configuration *configuration = item;
    const Object *object = &configuration->object;
    const char *name = builder_name(builder, object->schema, object->name);
    size_t index = builder_add(builder, FRAGMENT_OBJECT, SECTION_PRE, object, 0,
                               "CREATE TEXT SEARCH CONFIGURATION %s (PARSER = %s)", name,
                               configuration->parser);
    /* The dictionaries are dependencies of the configuration itself. */
    for (size_t i = 0; i < configuration->mapping_count; i++) {
        size_t mapping = builder_add(builder, FRAGMENT_MEMBER, SECTION_PRE, object, 0,
                                     "ALTER TEXT SEARCH CONFIGURATION %s ADD MAPPING FOR %s", name,
                                     configuration->mappings[i]);
        builder_needs_fragment(builder, mapping, index);
    }
    builder_add_attributes(builder, index, object, "TEXT SEARCH CONFIGURATION", NULL, name);
}

const Kind text_search_configuration_kind = {
    .name = "text search configuration",
    .query = "text_search_configurations",
    .fields = configuration_fields,
    .field_count = LENGTH(configuration_fields),
    .size = sizeof(Configuration),
    .build = build_configuration,
};
