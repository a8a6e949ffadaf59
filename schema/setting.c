#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "schema/kind.h"

/*
 * Settings of the database, and of roles in the database. The statements name the model's database.
 */

typedef struct Setting {
    Object object;               /* owner: the role, NULL for all */
    const char *const *settings; /* "name=value" */
    size_t setting_count;
} Setting;

static const Field fields[] = {
    FIELD_LIST(FIELD_TEXTS, Setting, settings, setting_count, "settings"),
};

/* Lists of names (GUC_LIST_QUOTE). They are stored as text with the names quoted where necessary
 * and must be given name by name: one literal would be one name. No server tells which these are;
 * extensions cannot have them. */
static bool is_name_list(const char *name)
{
    static const char *const lists[] = {
        "local_preload_libraries",   "search_path",      "session_preload_libraries",
        "shared_preload_libraries",  "temp_tablespaces", "unix_socket_directories",
        "oauth_validator_libraries",
    };
    for (size_t i = 0; i < LENGTH(lists); i++)
        if (strcasecmp(name, lists[i]) == 0)
            return true;
    return false;
}

/* One name of a stored list into `element`; what comes after it and its comma, NULL at the end. */
static const char *next_name(const char *text, Str *element)
{
    str_clear(element);
    text += strspn(text, " \t\n\r");
    if (*text == '"') {
        for (text++; *text != '\0' && (text[0] != '"' || text[1] == '"'); text++) {
            if (*text == '"')
                text++;
            str_add_bytes(element, text, 1);
        }
        text += *text == '"';
    } else {
        size_t length = strcspn(text, ",");
        while (length > 0 && strchr(" \t\n\r", text[length - 1]) != NULL)
            length--;
        str_add_bytes(element, text, length);
        text += length;
    }
    text += strcspn(text, ",");
    return *text == ',' ? text + 1 : NULL;
}

static const char *value_words(Builder *builder, const char *name, const char *value)
{
    if (!is_name_list(name))
        return builder_literal(builder, value);
    AUTO(str_clear) Str list = STR_INIT;
    AUTO(str_clear) Str element = STR_INIT;
    for (const char *rest = value; rest != NULL;) {
        rest = next_name(rest, &element);
        str_separate(&list, ", ");
        str_add(&list, builder_literal(builder, str_text(&element)));
    }
    return arena_strdup(builder_arena(builder), str_text(&list));
}

static void build_one(Builder *builder, const Setting *item, const char *setting)
{
    const char *equals = strchr(setting, '=');
    if (equals == NULL)
        return;
    Arena *arena = builder_arena(builder);
    const char *role = item->object.owner;
    const char *name = arena_printf(arena, "%.*s", (int)(equals - setting), setting);
    const char *database = builder_ident(builder, builder_model(builder)->database);
    const char *head = role == NULL ? arena_printf(arena, "ALTER DATABASE %s", database)
                                    : arena_printf(arena, "ALTER ROLE %s IN DATABASE %s",
                                                   builder_ident(builder, role), database);
    Object object = item->object;
    object.name = role == NULL ? name : arena_printf(arena, "%s of role %s", name, role);
    /* A name with a dot is one quoted name here too. */
    const char *quoted = builder_ident(builder, name);
    size_t index = builder_add(builder, FRAGMENT_MEMBER, SECTION_PRE, &object, 0, "%s SET %s TO %s",
                               head, quoted, value_words(builder, name, equals + 1));
    builder_undo(builder, index, "%s RESET %s", head, quoted);
}

static void build(Builder *builder, const void *item)
{
    const Setting *setting = item;
    for (size_t i = 0; i < setting->setting_count; i++)
        build_one(builder, setting, setting->settings[i]);
}

const Kind setting_kind = {
    .name = "database setting",
    .place = PLACE_SWAP,
    .query = "settings",
    .fields = fields,
    .field_count = LENGTH(fields),
    .size = sizeof(Setting),
    .build = build,
};
