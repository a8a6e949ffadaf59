/* The second half of subset.h: the source's own word on conditions and expressions. */
#include <string.h>

#include "copy/statement.h"
#include "engine/subset.h"

/* How long a first row is looked for: what fails for every row is found out so. */
enum { FIRST_ROW_MS = 500 };

/* What is proven at the moment. */
typedef struct Proof {
    Run *run;
    const SubsetTable *table;
    const char *of; /* "--where for public.orders" */
} Proof;

static bool refuse(const Proof *proof, const char *hint, Error *err)
{
    if (error_is_state(err, "08P01")) { /* what the server says to $1; the connection is fine */
        error_clear(err);
        error_set(err, ERROR_PREFLIGHT, "there are no parameters here");
    }
    if (err->kind == ERROR_OTHER)
        error_kind(err, ERROR_PREFLIGHT);
    error_wrap(err, "%s", proof->of);
    return err->hint != NULL || err->kind != ERROR_PREFLIGHT ? false : error_hint(err, "%s", hint);
}

/* " FROM ONLY t AS a" */
static void add_from(const Proof *proof, Str *s)
{
    const Object *name = &proof->table->source->object;
    str_add(s, " FROM ONLY ");
    conn_add_name(proof->run->source, s, name->schema, name->name);
    if (proof->table->alias != NULL) {
        str_add(s, " AS ");
        conn_add_ident(proof->run->source, s, proof->table->alias);
    }
}

/* One expression it is when the server takes it both between parentheses, where it will stand, and
 * between the words of a CASE: what closes the one too early breaks the other. Behind WHERE there
 * are neither aggregates nor windows nor several rows for one. Nothing is run. */
static bool prove_expression(const Proof *proof, const char *sql, bool condition, Error *err)
{
    AUTO(str_clear) Str s = STR_INIT;
    str_add(&s, "EXPLAIN (COSTS off) SELECT");
    add_from(proof, &s);
    str_addf(&s,
             condition ? " WHERE CASE WHEN %s\n THEN true END"
                       : " WHERE (CASE WHEN true THEN %s\n END) IS NULL",
             sql);
    return conn_exec(proof->run->source, str_text(&s), err);
}

static void describe(Proof *proof, const char *option, const char *column)
{
    const Object *name = &proof->table->source->object;
    proof->of = arena_printf(proof->run->arena, "%s for %s.%s%s%s", option, name->schema,
                             name->name, column != NULL ? "." : "", column != NULL ? column : "");
}

/* ---- types ------------------------------------------------------------------------------- */

static bool read_types(const Proof *proof, const char *given, const char *wanted, const char **name,
                       bool *fits, Error *err)
{
    Conn *source = proof->run->source;
    const char *const values[] = {given, wanted};
    AUTO(result_free) PGresult *result = NULL;
    if (!conn_query_row(source, run_sql("subset_fits", conn_version(source)), 2, values, &result,
                        err))
        return error_wrap(err, "comparing types");
    *fits = PQgetvalue(result, 0, 0)[0] == 't';
    *name = arena_strdup(proof->run->arena, PQgetvalue(result, 0, 1));
    return true;
}

/* A literal takes any type that can be read from it; anything else must be of a type that may be
 * assigned to the column's. (A cast alone would turn any text into anything, row by row.) */
static bool prove_type(const Proof *proof, const CopyValue *value, Error *err)
{
    Conn *source = proof->run->source;
    AUTO(str_clear) Str s = STR_INIT;
    str_addf(&s, "SELECT pg_catalog.pg_typeof((SELECT (%s\n)", value->expression);
    add_from(proof, &s);
    str_add(&s, " LIMIT 0))::pg_catalog.oid");
    AUTO(result_free) PGresult *bare = NULL;
    if (!conn_query_row(source, str_text(&s), 0, NULL, &bare, err))
        return false;
    bool fits = false;
    const char *given = NULL;
    if (!read_types(proof, PQgetvalue(bare, 0, 0), value->type, &given, &fits, err) || fits)
        return !error_is_set(err);
    str_clear(&s);
    str_addf(&s, "SELECT coalesce((%s\n), NULL::%s)", value->expression, value->type);
    add_from(proof, &s);
    str_add(&s, " LIMIT 0");
    AUTO(error_clear) Error failure = ERROR_INIT;
    if (conn_exec(source, str_text(&s), &failure))
        return true;
    if (!error_is_state(&failure, "42804"))
        return error_move(err, &failure);
    error_set(err, ERROR_PREFLIGHT, "the expression is of type %s, the column of type %s", given,
              value->type);
    return error_hint(err, "Cast the expression: (...)::%s.", value->type);
}

/* ---- the whole --------------------------------------------------------------------------- */

static bool prove_parts(Proof *proof, Error *err)
{
    static const char one[] = "Write one expression, as it could stand between parentheses.";
    const SubsetTable *table = proof->table;
    describe(proof, "--where", NULL);
    for (size_t i = 0; i < table->condition_count; i++)
        if (!prove_expression(proof, table->conditions[i], true, err))
            return refuse(proof,
                          "Write one condition over the table's columns, as it could stand in "
                          "WHERE (...).",
                          err);
    for (size_t i = 0; table->values != NULL && i < table->source->column_count; i++) {
        if (table->values[i].expression == NULL)
            continue;
        describe(proof, "--mask", table->source->columns[i].name);
        if (!prove_expression(proof, table->values[i].expression, false, err) ||
            !prove_type(proof, &table->values[i], err))
            return refuse(proof, one, err);
    }
    return true;
}

/* The query as it will be run, planned whole; then its first row, unless that takes long. Behind a
 * savepoint: a time-out is no failure. */
static bool prove_query(const Proof *proof, Error *err)
{
    Conn *source = proof->run->source;
    const SubsetTable *table = proof->table;
    const CopyTable copied = {.source = table->source,
                              .only = true,
                              .conditions = table->conditions,
                              .condition_count = table->condition_count,
                              .values = table->values,
                              .alias = table->alias};
    const CopyChunk chunk = {.table = &copied, .chunks = 1, .end_page = -1};
    AUTO(str_clear) Str select = STR_INIT;
    statement_add_select(&select, source, &chunk);
    AUTO(mem_free) char *explain = mem_printf("EXPLAIN (COSTS off) %s", str_text(&select));
    if (!conn_exec(source, explain, err) || !conn_exec(source, "SAVEPOINT pgzm_row", err) ||
        !conn_execf(source, err, "SET LOCAL statement_timeout = %d", FIRST_ROW_MS))
        return false;
    /* computed whole, but not sent: it may be long, and it is nobody's business */
    AUTO(mem_free)
    char *first =
        mem_printf("WITH r AS MATERIALIZED (%s LIMIT 1) SELECT count(*) FROM r", str_text(&select));
    AUTO(error_clear) Error failure = ERROR_INIT;
    bool ok = conn_exec(source, first, &failure) || error_is_state(&failure, "57014");
    if (!ok)
        return error_move(err, &failure);
    return conn_exec(source, "ROLLBACK TO SAVEPOINT pgzm_row", err) &&
           conn_exec(source, "RELEASE SAVEPOINT pgzm_row", err);
}

bool subset_prove(Run *run, const SubsetTable *table, Error *err)
{
    Proof proof = {.run = run, .table = table};
    if (!prove_parts(&proof, err))
        return false;
    describe(&proof, table->condition_count > 0 ? "--where" : "--mask", NULL);
    return prove_query(&proof, err) ||
           refuse(&proof, "The source runs it once for its first row: correct what it says.", err);
}
