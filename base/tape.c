#include "base/tape.h"

#include <stdint.h>
#include <string.h>

#define HEAD "pgzm tape 1\n"

enum { SLOTS_MIN = 256 }; /* a power of two */

typedef struct Fact {
    char *name, *value;
} Fact;

/* One statement with its parameters. Key and answers are bytes as they are saved. */
typedef struct Entry {
    uint64_t hash;
    Str key;
    Str *answers;
    size_t count, next; /* next: the answer to give */
} Entry;

struct Tape {
    Fact *facts;
    size_t fact_count;
    Entry *entries;
    size_t count, capacity;
    size_t *slots; /* hash table: number of an entry + 1; 0 for none */
    size_t slot_count;
};

Tape *tape_new(void)
{
    Tape *tape = mem_alloc(sizeof *tape);
    tape->slot_count = SLOTS_MIN;
    tape->slots = mem_alloc(tape->slot_count * sizeof *tape->slots);
    return tape;
}

void tape_free(Tape *tape)
{
    if (tape == NULL)
        return;
    for (size_t i = 0; i < tape->fact_count; i++) {
        mem_free(tape->facts[i].name);
        mem_free(tape->facts[i].value);
    }
    for (size_t i = 0; i < tape->count; i++) {
        str_clear(&tape->entries[i].key);
        for (size_t k = 0; k < tape->entries[i].count; k++)
            str_clear(&tape->entries[i].answers[k]);
        mem_free(tape->entries[i].answers);
    }
    mem_free(tape->facts);
    mem_free(tape->entries);
    mem_free(tape->slots);
    mem_free(tape);
}

/* ---- facts ----------------------------------------------------------------------------- */

void tape_note(Tape *tape, const char *fact, const char *value)
{
    if (value == NULL)
        return;
    tape->facts = mem_resize(tape->facts, (tape->fact_count + 1) * sizeof *tape->facts);
    tape->facts[tape->fact_count++] = (Fact){mem_strdup(fact), mem_strdup(value)};
}

const char *tape_fact(const Tape *tape, const char *fact)
{
    for (size_t i = 0; i < tape->fact_count; i++)
        if (strcmp(tape->facts[i].name, fact) == 0)
            return tape->facts[i].value;
    return NULL;
}

/* ---- bytes: numbers are 32 bits, most significant first; -1 is a NULL ------------------- */

static void put_number(Str *s, int64_t number)
{
    uint32_t n = (uint32_t)number;
    const char bytes[4] = {(char)(n >> 24), (char)(n >> 16), (char)(n >> 8), (char)n};
    str_add_bytes(s, bytes, sizeof bytes);
}

static void put_bytes(Str *s, const char *bytes, size_t n)
{
    put_number(s, (int64_t)n);
    str_add_bytes(s, bytes, n);
}

static void put_text(Str *s, const char *text)
{
    if (text == NULL)
        put_number(s, -1);
    else
        put_bytes(s, text, strlen(text));
}

typedef struct Reader {
    const char *bytes;
    size_t left;
    bool broken;
} Reader;

static int32_t take_number(Reader *r)
{
    if (r->left < 4) {
        r->broken = true;
        return -1;
    }
    const unsigned char *b = (const unsigned char *)r->bytes;
    uint32_t n = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
    r->bytes += 4;
    r->left -= 4;
    return (int32_t)n;
}

/* NULL for a NULL, and when they are not there. */
static const char *take_bytes(Reader *r, size_t *n)
{
    int32_t length = take_number(r);
    *n = 0;
    if (r->broken || length < 0)
        return NULL;
    if ((size_t)length > r->left) {
        r->broken = true;
        return NULL;
    }
    const char *bytes = r->bytes;
    *n = (size_t)length;
    r->bytes += length;
    r->left -= (size_t)length;
    return bytes;
}

/* Owned; NULL for a NULL. */
static char *take_text(Reader *r)
{
    size_t n;
    const char *bytes = take_bytes(r, &n);
    return bytes == NULL ? NULL : mem_printf("%.*s", (int)n, bytes);
}

/* How many of something follow, each of at least `size` bytes. */
static size_t take_count(Reader *r, size_t size)
{
    int32_t n = take_number(r);
    if (n < 0 || (size_t)n > r->left / size)
        r->broken = true;
    return r->broken ? 0 : (size_t)n;
}

/* ---- the table of questions ------------------------------------------------------------ */

static uint64_t hash_of(const Str *key)
{
    uint64_t hash = 14695981039346656037U; /* FNV-1a */
    for (size_t i = 0; i < key->len; i++)
        hash = (hash ^ (unsigned char)key->text[i]) * 1099511628211U;
    return hash;
}

static void make_key(Str *key, const char *sql, int n, const char *const *values)
{
    put_text(key, sql);
    put_number(key, n);
    for (int i = 0; i < n; i++)
        put_text(key, values[i]);
}

static size_t *find_slot(const Tape *tape, uint64_t hash, const Str *key)
{
    size_t i = hash & (tape->slot_count - 1);
    for (; tape->slots[i] != 0; i = (i + 1) & (tape->slot_count - 1)) {
        const Entry *entry = &tape->entries[tape->slots[i] - 1];
        if (entry->hash == hash && entry->key.len == key->len &&
            memcmp(entry->key.text, key->text, key->len) == 0)
            break;
    }
    return &tape->slots[i];
}

static void grow(Tape *tape)
{
    if (tape->count == tape->capacity) {
        tape->capacity = tape->capacity == 0 ? 128 : tape->capacity * 2;
        tape->entries = mem_resize(tape->entries, tape->capacity * sizeof *tape->entries);
    }
    if (tape->count * 2 < tape->slot_count)
        return;
    mem_free(tape->slots);
    tape->slot_count *= 2;
    tape->slots = mem_alloc(tape->slot_count * sizeof *tape->slots);
    for (size_t i = 0; i < tape->count; i++)
        *find_slot(tape, tape->entries[i].hash, &tape->entries[i].key) = i + 1;
}

/* Takes over both. The same answer again is no news. */
static void add(Tape *tape, Str *key, Str *answer)
{
    uint64_t hash = hash_of(key);
    grow(tape);
    size_t *slot = find_slot(tape, hash, key);
    if (*slot == 0) {
        tape->entries[tape->count++] = (Entry){.hash = hash, .key = *key};
        *slot = tape->count;
    } else {
        str_clear(key);
    }
    Entry *entry = &tape->entries[*slot - 1];
    if (entry->count > 0) {
        const Str *last = &entry->answers[entry->count - 1];
        if (last->len == answer->len && memcmp(last->text, answer->text, answer->len) == 0) {
            str_clear(answer);
            return;
        }
    }
    entry->answers = mem_resize(entry->answers, (entry->count + 1) * sizeof *entry->answers);
    entry->answers[entry->count++] = *answer;
}

/* ---- answers --------------------------------------------------------------------------- */

void tape_add_result(Tape *tape, const char *sql, int n, const char *const *values,
                     const PGresult *result)
{
    Str key = STR_INIT, answer = STR_INIT;
    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        return;
    int rows = PQntuples(result), columns = PQnfields(result);
    make_key(&key, sql, n, values);
    put_number(&answer, 1);
    put_number(&answer, columns);
    for (int c = 0; c < columns; c++)
        put_text(&answer, PQfname(result, c));
    put_number(&answer, rows);
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < columns; c++)
            if (PQgetisnull(result, r, c))
                put_number(&answer, -1);
            else
                put_bytes(&answer, PQgetvalue(result, r, c), (size_t)PQgetlength(result, r, c));
    add(tape, &key, &answer);
}

void tape_add_error(Tape *tape, const char *sql, int n, const char *const *values,
                    const Error *failure)
{
    Str key = STR_INIT, answer = STR_INIT;
    make_key(&key, sql, n, values);
    put_number(&answer, 0);
    put_number(&answer, failure->kind);
    put_text(&answer, failure->sqlstate);
    put_text(&answer, failure->message);
    put_text(&answer, failure->hint);
    add(tape, &key, &answer);
}

static bool give_error(Reader *r, Error *err)
{
    int32_t kind = take_number(r);
    AUTO(mem_free) char *state = take_text(r);
    AUTO(mem_free) char *message = take_text(r);
    AUTO(mem_free) char *hint = take_text(r);
    bool known = kind > ERROR_NONE && kind < ERROR_KIND_COUNT;
    error_set_state(err, known ? (ErrorKind)kind : ERROR_OTHER, state, "%s",
                    message != NULL ? message : "");
    return hint != NULL ? error_hint(err, "%s", hint) : false;
}

static PGresult *make_result(Reader *r)
{
    PGresult *result = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
    size_t columns = take_count(r, 4);
    PGresAttDesc *described = mem_alloc((columns + 1) * sizeof *described);
    for (size_t c = 0; c < columns; c++)
        described[c].name = take_text(r);
    bool ok = result != NULL && PQsetResultAttrs(result, (int)columns, described) != 0;
    for (size_t c = 0; c < columns; c++)
        mem_free(described[c].name);
    mem_free(described);
    size_t rows = columns == 0 ? 0 : take_count(r, 4 * columns);
    for (size_t row = 0; row < rows && ok; row++)
        for (size_t c = 0; c < columns && ok; c++) {
            size_t n;
            const char *bytes = take_bytes(r, &n);
            /* libpq copies the bytes; it takes them as char * */
            ok = PQsetvalue(result, (int)row, (int)c, (char *)(uintptr_t)bytes,
                            bytes == NULL ? -1 : (int)n) != 0;
        }
    if (ok && !r->broken)
        return result;
    PQclear(result);
    return NULL;
}

static bool is_command(const char *sql)
{
    static const char *const words[] = {"BEGIN",     "COMMIT",     "ROLLBACK",
                                        "SAVEPOINT", "RELEASE ",   "SET ",
                                        "RESET ",    "LOCK TABLE", "SELECT pg_catalog.set_config("};
    for (size_t i = 0; i < LENGTH(words); i++)
        if (strncmp(sql, words[i], strlen(words[i])) == 0)
            return true;
    return false;
}

bool tape_answer(Tape *tape, const char *sql, int n, const char *const *values, PGresult **result,
                 Error *err)
{
    AUTO(str_clear) Str key = STR_INIT;
    make_key(&key, sql, n, values);
    size_t slot = *find_slot(tape, hash_of(&key), &key);
    if (slot == 0 && is_command(sql)) {
        *result = PQmakeEmptyPGresult(NULL, PGRES_COMMAND_OK);
        return true;
    }
    if (slot == 0)
        return error_set(err, ERROR_OTHER, "the dump holds no answer to: %.*s%s",
                         (int)strcspn(sql, "\n"), sql, n > 0 ? " (with parameters)" : "");
    Entry *entry = &tape->entries[slot - 1];
    const Str *answer = &entry->answers[entry->next];
    if (entry->next + 1 < entry->count)
        entry->next++;
    Reader r = {.bytes = answer->text, .left = answer->len};
    if (take_number(&r) == 0)
        return give_error(&r, err);
    *result = make_result(&r);
    return *result != NULL ||
           error_set(err, ERROR_OTHER, "an answer of the source's catalogs is damaged");
}

/* ---- saving ---------------------------------------------------------------------------- */

void tape_save(const Tape *tape, Str *bytes)
{
    str_add(bytes, HEAD);
    put_number(bytes, (int64_t)tape->fact_count);
    for (size_t i = 0; i < tape->fact_count; i++) {
        put_text(bytes, tape->facts[i].name);
        put_text(bytes, tape->facts[i].value);
    }
    put_number(bytes, (int64_t)tape->count);
    for (size_t i = 0; i < tape->count; i++) {
        const Entry *entry = &tape->entries[i];
        put_bytes(bytes, entry->key.text, entry->key.len);
        put_number(bytes, (int64_t)entry->count);
        for (size_t k = 0; k < entry->count; k++)
            put_bytes(bytes, entry->answers[k].text, entry->answers[k].len);
    }
}

static Str take_str(Reader *r)
{
    Str s = STR_INIT;
    size_t n;
    const char *bytes = take_bytes(r, &n);
    str_add_bytes(&s, bytes != NULL ? bytes : "", n);
    return s;
}

bool tape_load(const char *bytes, size_t size, Tape **out, Error *err)
{
    const size_t head = strlen(HEAD);
    if (size < head || memcmp(bytes, HEAD, head) != 0)
        return error_set(err, ERROR_PREFLIGHT,
                         "the source's catalogs are in a form that this version does not read");
    AUTO(tape_free) Tape *tape = tape_new();
    Reader r = {.bytes = bytes + head, .left = size - head};
    for (size_t i = take_count(&r, 8); i > 0 && !r.broken; i--) {
        AUTO(mem_free) char *fact = take_text(&r);
        AUTO(mem_free) char *value = take_text(&r);
        if (fact != NULL)
            tape_note(tape, fact, value);
    }
    for (size_t i = take_count(&r, 8); i > 0 && !r.broken; i--) {
        AUTO(str_clear) Str key = take_str(&r);
        for (size_t k = take_count(&r, 4); k > 0 && !r.broken; k--) {
            Str copy = STR_INIT, answer = take_str(&r);
            str_add_bytes(&copy, str_text(&key), key.len);
            add(tape, &copy, &answer);
        }
    }
    if (r.broken || r.left > 0)
        return error_set(err, ERROR_PREFLIGHT, "what the dump holds of the catalogs is damaged");
    *out = TAKE(tape);
    return true;
}
