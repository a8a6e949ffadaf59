#include "engine/counterpart.h"

#include <string.h>

/* Two parts of one text. */
typedef struct Key {
    const char *head, *tail;
} Key;

/* The first fragment of each key: a hash table with open addressing. */
typedef struct KeyTable {
    uint32_t *slots; /* a position + 1; 0: free */
    size_t capacity; /* a power of two */
    Key (*key)(const Fragment *fragment);
} KeyTable;

struct Counterparts {
    const FragmentList *list;
    KeyTable objects, slots, statements;
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

static Key object_key(const Fragment *maker)
{
    if (maker->object.classid != CATALOG_CLASS)
        return (Key){"", maker->identity};
    return (Key){"relation", maker->identity + strlen(fragment_kind_name(maker->kind))};
}

static Key slot_key(const Fragment *fragment)
{
    return (Key){"", fragment->undo != NULL ? fragment->undo : fragment->sql};
}

static Key statement_key(const Fragment *fragment)
{
    return (Key){"", fragment->sql};
}

/* ---- look-up --------------------------------------------------------------------------- */

static uint64_t add_hash(uint64_t hash, const char *text)
{
    for (; *text != '\0'; text++)
        hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
    return hash;
}

static size_t key_hash(Key key)
{
    uint64_t hash = add_hash(add_hash(0xcbf29ce484222325u, key.head), key.tail);
    return (size_t)(hash ^ hash >> 32);
}

static bool key_equal(Key a, Key b)
{
    return strcmp(a.tail, b.tail) == 0 && strcmp(a.head, b.head) == 0;
}

static uint32_t *find_slot(const KeyTable *table, const FragmentList *list, Key key)
{
    size_t i = key_hash(key) & (table->capacity - 1);
    while (table->slots[i] != 0 && !key_equal(table->key(&list->items[table->slots[i] - 1]), key))
        i = (i + 1) & (table->capacity - 1);
    return &table->slots[i];
}

static KeyTable make_table(const FragmentList *list, Key (*key)(const Fragment *fragment),
                           bool (*takes)(const Fragment *fragment))
{
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++)
        count += takes == NULL || takes(&list->items[i]);
    KeyTable table = {.capacity = 1, .key = key};
    while (table.capacity < count + count / 2 + 1)
        table.capacity *= 2;
    table.slots = mem_alloc(table.capacity * sizeof *table.slots);
    for (size_t i = 0; i < list->count; i++) {
        if (takes != NULL && !takes(&list->items[i]))
            continue;
        uint32_t *slot = find_slot(&table, list, key(&list->items[i]));
        if (*slot == 0)
            *slot = (uint32_t)i + 1;
    }
    return table;
}

static size_t look_up(const Counterparts *counterparts, const KeyTable *table,
                      const Fragment *fragment)
{
    uint32_t found = *find_slot(table, counterparts->list, table->key(fragment));
    return found == 0 ? COUNTERPART_NONE : found - 1;
}

Counterparts *counterparts_new(const FragmentList *list)
{
    Counterparts *made = mem_alloc(sizeof *made);
    *made = (Counterparts){.list = list,
                           .objects = make_table(list, object_key, counterpart_is_maker),
                           .slots = make_table(list, slot_key, NULL),
                           .statements = make_table(list, statement_key, NULL)};
    return made;
}

void counterparts_free(Counterparts *counterparts)
{
    if (counterparts == NULL)
        return;
    mem_free(counterparts->objects.slots);
    mem_free(counterparts->slots.slots);
    mem_free(counterparts->statements.slots);
    mem_free(counterparts);
}

size_t counterparts_object(const Counterparts *counterparts, const Fragment *maker)
{
    return look_up(counterparts, &counterparts->objects, maker);
}

size_t counterparts_slot(const Counterparts *counterparts, const Fragment *fragment)
{
    return look_up(counterparts, &counterparts->slots, fragment);
}

bool counterparts_says(const Counterparts *counterparts, const Fragment *fragment)
{
    return look_up(counterparts, &counterparts->statements, fragment) != COUNTERPART_NONE;
}
