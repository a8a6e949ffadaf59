#include <stddef.h>

#include "schema/kind.h"

/* Event triggers. They see every statement that comes after them, so they come last. */

typedef struct EventTrigger {
    Object object;
    const char *event;
    const char *const *tags; /* no tags: all */
    size_t tag_count;
    const char *function;
    char enabled; /* evtenabled: O, D, R, A */
} EventTrigger;

static const Field fields[] = {
    FIELD(FIELD_TEXT, EventTrigger, event, "event"),
    FIELD_LIST(FIELD_TEXTS, EventTrigger, tags, tag_count, "tags"),
    FIELD(FIELD_TEXT, EventTrigger, function, "function"),
    FIELD(FIELD_CHAR, EventTrigger, enabled, "enabled"),
};

static const char *enable_words(char enabled)
{
    switch (enabled) {
    case 'D':
        return "DISABLE";
    case 'R':
        return "ENABLE REPLICA";
    case 'A':
        return "ENABLE ALWAYS";
    default:
        return NULL;
    }
}

static void build(Builder *builder, const void *item)
{
    const EventTrigger *trigger = item;
    const Object *object = &trigger->object;
    const char *name = builder_ident(builder, object->name);
    AUTO(str_clear) Str tags = STR_INIT;
    for (size_t i = 0; i < trigger->tag_count; i++)
        str_addf(&tags, "%s%s", i == 0 ? " WHEN TAG IN (" : ", ",
                 builder_literal(builder, trigger->tags[i]));
    if (trigger->tag_count > 0)
        str_add(&tags, ")");
    /* POST, although it needs no rows: what is made before it must not set it off. */
    size_t index =
        builder_add(builder, FRAGMENT_OBJECT, SECTION_POST, object, 0,
                    "CREATE EVENT TRIGGER %s ON %s%s EXECUTE FUNCTION %s()", name,
                    builder_ident(builder, trigger->event), str_text(&tags), trigger->function);
    builder_undo(builder, index, "DROP EVENT TRIGGER %s", name);
    if (enable_words(trigger->enabled) != NULL) {
        size_t state =
            builder_add(builder, FRAGMENT_PROPERTY, SECTION_POST, object, 0,
                        "ALTER EVENT TRIGGER %s %s", name, enable_words(trigger->enabled));
        builder_undo(builder, state, "ALTER EVENT TRIGGER %s ENABLE", name);
        builder_needs_fragment(builder, state, index);
    }
    builder_add_attributes(builder, index, object, "EVENT TRIGGER", NULL, name);
}

const Kind event_trigger_kind = {
    .name = "event trigger",
    .place = PLACE_SWAP,
    .query = "event_triggers",
    .fields = fields,
    .field_count = LENGTH(fields),
    .size = sizeof(EventTrigger),
    .build = build,
};
