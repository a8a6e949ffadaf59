#include <stddef.h>

#include "schema/foreign_option.h"

/* Foreign servers. The type cannot be changed, the version can. */

typedef struct Server {
    Object object;
    Oid wrapper_oid;
    const char *wrapper;
    const char *type, *version; /* NULL for none */
    ForeignOptions options;
} Server;

static const Field fields[] = {
    FIELD(FIELD_OID, Server, wrapper_oid, "wrapper_oid"),
    FIELD(FIELD_TEXT, Server, wrapper, "wrapper"),
    FIELD(FIELD_TEXT, Server, type, "type"),
    FIELD(FIELD_TEXT, Server, version, "version"),
    FOREIGN_OPTION_FIELDS(Server),
};

static void build(Builder *builder, const void *item)
{
    const Server *server = item;
    const Object *object = &server->object;
    const char *name = builder_ident(builder, object->name);
    AUTO(str_clear) Str type = STR_INIT;
    if (server->type != NULL)
        str_addf(&type, " TYPE %s", builder_literal(builder, server->type));
    size_t index = builder_add(builder, FRAGMENT_OBJECT, SECTION_PRE, object, 0,
                               "CREATE SERVER %s%s FOREIGN DATA WRAPPER %s", name, str_text(&type),
                               builder_ident(builder, server->wrapper));
    builder_undo(builder, index, "DROP SERVER %s", name);
    /* The wrapper's validator looks at the server's options. */
    builder_needs(builder, index,
                  (Address){CATALOG_FOREIGN_DATA_WRAPPER, server->wrapper_oid, SUBID_COMPLETE});
    AUTO(str_clear) Str version = STR_INIT;
    if (server->version != NULL)
        str_addf(&version, " VERSION %s", builder_literal(builder, server->version));
    AUTO(str_clear) Str options = STR_INIT;
    foreign_option_add(builder, &options, &server->options);
    builder_whole(builder, index, "CREATE SERVER %s%s%s FOREIGN DATA WRAPPER %s%s", name,
                  str_text(&type), str_text(&version), builder_ident(builder, server->wrapper),
                  str_text(&options));
    size_t last = index;
    if (server->version != NULL) {
        last = builder_add(builder, FRAGMENT_MEMBER, SECTION_PRE, object, 0, "ALTER SERVER %s%s",
                           name, str_text(&version));
        builder_change(builder, last, "ALTER SERVER %s%s", name, str_text(&version));
        builder_fragment(builder, last)->in_whole = true;
        builder_undo(builder, last, "ALTER SERVER %s VERSION NULL", name);
        builder_needs_fragment(builder, last, index);
    }
    AUTO(mem_free) char *alter = mem_printf("SERVER %s", name);
    foreign_option_build(builder, last, object, alter, &server->options);
    builder_add_attributes(builder, index, object, "SERVER", "FOREIGN SERVER", name);
}

const Kind server_kind = {
    .name = "server",
    .place = PLACE_EARLY,
    .query = "servers",
    .fields = fields,
    .field_count = LENGTH(fields),
    .size = sizeof(Server),
    .build = build,
};
