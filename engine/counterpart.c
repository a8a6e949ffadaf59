#include "engine/counterpart.h"

#include <jansson.h>
#include <string.h>

struct Counterparts {
    json_t *objects, *slots, *statements; /* text -> position of the first; any bytes are a key */
};

bool counterpart_is_maker(const Fragment *fragment)
{
    switch (fragment->kind) {
    case FRAGMENT_TYPE:
    case FRAGMENT_FUNCTION:
    case FRAGMENT_SEQUENCE:
    case FRAGMENT_TABLE:
    case FRAGMENT_VIEW:
    case FRAGMENT_MATVIEW:
    case FRAGMENT_OBJECT:
    case FRAGMENT_IDENTITY: /* makes its sequence */
        return true;
    default:
        return false;
    }
}

/* The caller frees it. */
static char *object_key(const Fragment *maker)
{
    if (maker->object.classid != CATALOG_CLASS)
        return mem_strdup(maker->identity);
    size_t noun = strlen(fragment_kind_name(maker->kind));
    return mem_printf("relation%s", maker->identity + noun);
}

static const char *slot_key(const Fragment *fragment)
{
    return fragment->undo != NULL ? fragment->undo : fragment->sql;
}

static void add(json_t *index, const char *key, size_t position)
{
    if (json_object_get(index, key) == NULL)
        json_object_set_new_nocheck(index, key, json_integer((json_int_t)position));
}

static size_t look_up(const json_t *index, const char *key)
{
    const json_t *found = json_object_get(index, key);
    return found == NULL ? COUNTERPART_NONE : (size_t)json_integer_value(found);
}

Counterparts *counterparts_new(const FragmentList *list)
{
    Counterparts *made = mem_alloc(sizeof *made);
    *made = (Counterparts){json_object(), json_object(), json_object()};
    for (size_t i = 0; i < list->count; i++) {
        const Fragment *fragment = &list->items[i];
        if (counterpart_is_maker(fragment)) {
            AUTO(mem_free) char *key = object_key(fragment);
            add(made->objects, key, i);
        }
        add(made->slots, slot_key(fragment), i);
        add(made->statements, fragment->sql, i);
    }
    return made;
}

void counterparts_free(Counterparts *counterparts)
{
    if (counterparts == NULL)
        return;
    json_decref(counterparts->objects);
    json_decref(counterparts->slots);
    json_decref(counterparts->statements);
    mem_free(counterparts);
}

size_t counterparts_object(const Counterparts *counterparts, const Fragment *maker)
{
    AUTO(mem_free) char *key = object_key(maker);
    return look_up(counterparts->objects, key);
}

size_t counterparts_slot(const Counterparts *counterparts, const Fragment *fragment)
{
    return look_up(counterparts->slots, slot_key(fragment));
}

bool counterparts_says(const Counterparts *counterparts, const Fragment *fragment)
{
    return look_up(counterparts->statements, fragment->sql) != COUNTERPART_NONE;
}
