#include "engine/checksum.h"

#include "base/str.h"

/*
 * Why equal rows give equal sums, and others do not:
 *
 * - A row becomes text by ROW(...)::text, which calls the output function of each type (a cast to
 *   text could be a user's own) and quotes what needs it: NULL is nothing, '' is "", and no value
 *   can look like two. Every setting that such a function looks at is pinned (conn.c): DateStyle,
 *   TimeZone, IntervalStyle, extra_float_digits (12 and later print the shortest text that is
 *   exact), bytea_output, lc_monetary. What looks at search_path (regclass and its like) is the
 *   caller's to set.
 * - Columns come in an order that the caller says, by name: theirs in the table does not matter.
 * - The text is hashed as UTF-8, whatever the databases' encodings. The hash is SHA-256, which is
 *   the same in every version, collation and byte order; hashtextextended depends on the last.
 * - Its first eight bytes as a bigint are added up as numeric, which cannot overflow. A sum does
 * not depend on the order of the rows, and two equal rows do not cancel each other out as they
 * would with XOR.
 */
const char *checksum_query(const ChecksumRows *rows, bool contents, Arena *arena)
{
    AUTO(str_clear) Str values = STR_INIT;
    for (size_t i = 0; i < rows->value_count; i++) {
        str_separate(&values, ", ");
        str_add(&values, rows->values[i]);
    }
    if (!contents)
        return arena_printf(arena, "SELECT pg_catalog.count(*), NULL FROM %s AS t", rows->from);
    return arena_printf(
        arena,
        "SELECT pg_catalog.count(*), coalesce(pg_catalog.sum(('x' || pg_catalog.encode("
        "pg_catalog.substr(pg_catalog.sha256(pg_catalog.convert_to(ROW(%s)::text, '%s')), 1, 8),"
        " 'hex'))::bit(64)::bigint), 0) FROM %s AS t",
        str_text(&values), rows->sql_ascii ? "SQL_ASCII" : "UTF8", rows->from);
}
