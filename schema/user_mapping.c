#include <stddef.h>

#include "schema/foreign_option.h"

/* User mappings. Their options hold passwords. */

typedef struct UserMapping {
    Object object; /* name: of the role */
    bool is_public;
    Oid server_oid;
    const char *server;
    ForeignOptions options;
} UserMapping;

static const Field fields[] = {
    FIELD(FIELD_BOOL, UserMapping, is_public, "is_public"),
    FIELD(FIELD_OID, UserMapping, server_oid, "server_oid"),
    FIELD(FIELD_TEXT, UserMapping, server, "server"),
    FOREIGN_OPTION_FIELDS(UserMapping),
};

static void build(Builder *builder, const void *item)
{
    const UserMapping *mapping = item;
    Object object = mapping->object;
    AUTO(mem_free)
    char *identity = mem_printf("USER MAPPING FOR %s SERVER %s",
                                mapping->is_public ? "PUBLIC" : builder_ident(builder, object.name),
                                builder_ident(builder, mapping->server));
    AUTO(mem_free) char *label = mem_printf("%s on server %s", object.name, mapping->server);
    object.name = label;
    size_t index =
        builder_add(builder, FRAGMENT_OBJECT, SECTION_PRE, &object, 0, "CREATE %s", identity);
    builder_undo(builder, index, "DROP %s", identity);
    /* The wrapper's validator may look at the server's options too. */
    builder_needs(builder, index,
                  (Address){CATALOG_FOREIGN_SERVER, mapping->server_oid, SUBID_COMPLETE});
    AUTO(str_clear) Str options = STR_INIT;
    foreign_option_add(builder, &options, &mapping->options);
    builder_whole(builder, index, "CREATE %s%s", identity, str_text(&options));
    foreign_option_build(builder, index, &object, identity, &mapping->options);
}

const Kind user_mapping_kind = {
    .name = "user mapping",
    .place = PLACE_EARLY,
    .query = "user_mappings",
    .fields = fields,
    .field_count = LENGTH(fields),
    .size = sizeof(UserMapping),
    .build = build,
};
