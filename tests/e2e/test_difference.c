/* pgzm-copy diff: a copy is the same, and every single change made to it is found as what it is. */
#include <stdlib.h>

#include "base/str.h"
#include "tests/e2e/shop.h"

/* One change of the copy, which is the destination; the difference that is found then, and the one
 * that is found when the two databases are compared the other way round. */
typedef struct Change {
    const char *sql;
    const char *kind, *identity;
    const char *operation, *risk;           /* "high", ...; "stays", "kept" */
    const char *back_operation, *back_risk; /* NULL: not looked at */
    int since; /* PQserverVersion / 10000 that knows the statement; 0: all */
} Change;

/* A new database that is a copy of another one, which nobody is connected to. */
static TestDatabase copy_of(const TestDatabase *admin, const TestDatabase *original)
{
    TestDatabase copy = test_database("copy");
    AUTO(mem_free) char *drop = mem_printf("DROP DATABASE %s", copy.name);
    AUTO(mem_free)
    char *create = mem_printf("CREATE DATABASE %s TEMPLATE %s", copy.name, original->name);
    test_sql(admin, drop);
    test_sql(admin, create);
    return copy;
}

static json_t *diff(const TestDatabase *source, const TestDatabase *dest, int *exit_code)
{
    const char *arguments[] = {"diff",   "--source", source->conninfo, "--dest", dest->conninfo,
                               "--json", NULL};
    AUTO(launch_clear) Launch launch = launch_now(arguments);
    *exit_code = launch.exit_code;
    return shop_json(launch.out);
}

static size_t count_of(const json_t *result, const char *key)
{
    return json_array_size(json_object_get(result, key));
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : "";
}

/* All that was found, for messages. */
static char *findings(const json_t *result)
{
    static const char *const keys[] = {"differences", "kept", "expected"};
    Str text = STR_INIT;
    for (size_t k = 0; k < LENGTH(keys); k++)
        for (size_t i = 0; i < count_of(result, keys[k]); i++) {
            const json_t *item = json_array_get(json_object_get(result, keys[k]), i);
            str_addf(&text, "%s: %s %s %s [%s]\n  - %s\n  + %s\n", keys[k],
                     text_of(item, "operation"), text_of(item, "kind"), text_of(item, "identity"),
                     text_of(item, "risk"), text_of(item, "dest"), text_of(item, "source"));
        }
    str_add(&text, "");
    return str_take(&text);
}

/* Exactly this and nothing else is found. */
static bool finds(const TestDatabase *source, const TestDatabase *dest, const Change *change,
                  const char *operation, const char *risk)
{
    bool kept = strcmp(risk, "kept") == 0;
    int exit_code;
    AUTO(json_decref) json_t *result = diff(source, dest, &exit_code);
    const char *key = kept ? "kept" : "differences";
    const json_t *item = json_array_get(json_object_get(result, key), 0);
    bool alone = count_of(result, "differences") + count_of(result, "kept") == 1 &&
                 count_of(result, "expected") == 0;
    bool stays = json_object_get(item, "stays") != NULL;
    bool right = exit_code == (kept ? 0 : 8) &&
                 strcmp(text_of(item, "operation"), operation) == 0 &&
                 strcmp(text_of(item, "kind"), change->kind) == 0 &&
                 strcmp(text_of(item, "identity"), change->identity) == 0 &&
                 (kept || stays == (strcmp(risk, "stays") == 0)) &&
                 (kept || stays || strcmp(text_of(item, "risk"), risk) == 0);
    if (alone && right)
        return true;
    AUTO(mem_free) char *found = findings(result);
    fprintf(stderr, "%s\n  should be %s %s %s [%s], but is (exit code %d)\n%s", change->sql,
            operation, change->kind, change->identity, risk, exit_code, found);
    return false;
}

static void expect_all(const Change *changes, size_t count)
{
    TestDatabase admin = test_database("admin"), original = test_database("original");
    test_sql_file(&original, "tests/fixture/differing.sql");
    size_t wrong = 0;
    for (size_t i = 0; i < count; i++) {
        if (changes[i].since * 10000 > test_server_version())
            continue;
        TestDatabase copy = copy_of(&admin, &original);
        test_sql(&copy, changes[i].sql);
        wrong += !finds(&original, &copy, &changes[i], changes[i].operation, changes[i].risk);
        if (changes[i].back_operation != NULL)
            wrong += !finds(&copy, &original, &changes[i], changes[i].back_operation,
                            changes[i].back_risk);
        test_database_drop(&copy);
    }
    cr_assert_eq(wrong, 0, "%zu changes of %zu are not found as what they are, see above", wrong,
                 count);
}

Test(server_difference, finds_changes_of_columns)
{
    static const Change changes[] = {
        {"ALTER TABLE lib.books ADD extra text", "column", "lib.books.extra", "DROP_COLUMN", "high",
         "ADD_COLUMN", "low", 0},
        {"ALTER TABLE lib.books ADD extra int NOT NULL", "column", "lib.books.extra", "DROP_COLUMN",
         "high", "ADD_COLUMN", "medium", 0},
        {"ALTER TABLE lib.books ADD extra int NOT NULL DEFAULT 1", "column", "lib.books.extra",
         "DROP_COLUMN", "high", "ADD_COLUMN", "low", 0},
        {"ALTER TABLE lib.books ADD extra int GENERATED ALWAYS AS IDENTITY", "column",
         "lib.books.extra", "DROP_COLUMN", "high", "ADD_COLUMN", "low", 0},
        {"ALTER TABLE lib.books ADD extra bigserial", "column", "lib.books.extra", "DROP_COLUMN",
         "high", "ADD_COLUMN", "low", 0},
        {"ALTER TABLE lib.books ALTER price TYPE numeric(6, 2)", "column", "lib.books.price",
         "ALTER_COLUMN_TYPE", "high", "ALTER_COLUMN_TYPE", "high", 0},
        {"ALTER TABLE lib.books ALTER note TYPE text COLLATE \"POSIX\"", "column", "lib.books.note",
         "ALTER_COLUMN_COLLATION", "medium", "ALTER_COLUMN_COLLATION", "medium", 0},
        {"ALTER TABLE lib.books ALTER pages SET DEFAULT 200", "column", "lib.books.pages",
         "ALTER_COLUMN_DEFAULT", "medium", "ALTER_COLUMN_DEFAULT", "medium", 0},
        {"ALTER TABLE lib.books ALTER pages DROP DEFAULT", "column", "lib.books.pages",
         "ALTER_COLUMN_DEFAULT", "medium", "ALTER_COLUMN_DEFAULT", "medium", 0},
        {"ALTER TABLE lib.books ALTER title DROP NOT NULL", "column", "lib.books.title",
         "SET_NOT_NULL", "medium", "DROP_NOT_NULL", "medium", 0},
        {"ALTER TABLE lib.books ALTER grams DROP EXPRESSION", "column", "lib.books.grams",
         "ALTER_COLUMN_GENERATED", "high", "ALTER_COLUMN_GENERATED", "high", 13},
        {"ALTER TABLE lib.books ALTER note SET STORAGE EXTERNAL", "column", "lib.books.note",
         "ALTER_COLUMN_STORAGE", "low", "ALTER_COLUMN_STORAGE", "low", 0},
        {"ALTER TABLE lib.books ALTER note SET COMPRESSION pglz", "column", "lib.books.note",
         "ALTER_COLUMN_COMPRESSION", "low", "ALTER_COLUMN_COMPRESSION", "low", 14},
        {"ALTER TABLE lib.books ALTER note SET STATISTICS 7", "column", "lib.books.note",
         "ALTER_COLUMN_STATISTICS", "low", "ALTER_COLUMN_STATISTICS", "low", 0},
        {"ALTER TABLE lib.books ALTER note SET (n_distinct = -0.5)", "column", "lib.books.note",
         "ALTER_COLUMN_OPTIONS", "low", "ALTER_COLUMN_OPTIONS", "low", 0},
        {"COMMENT ON COLUMN lib.books.note IS 'another'", "column", "lib.books.note",
         "ALTER_COMMENT", "low", "ALTER_COMMENT", "low", 0},
        {"ALTER TABLE lib.branches ALTER id SET GENERATED BY DEFAULT", "column", "lib.branches.id",
         "ALTER_IDENTITY", "medium", "ALTER_IDENTITY", "medium", 0},
        {"ALTER TABLE lib.branches ALTER id SET INCREMENT BY 3", "column", "lib.branches.id",
         "ALTER_IDENTITY", "medium", "ALTER_IDENTITY", "medium", 0},
        {"ALTER TABLE lib.branches ALTER id DROP IDENTITY", "column", "lib.branches.id",
         "ADD_IDENTITY", "medium", "DROP_IDENTITY", "medium", 0},
        {"ALTER TABLE lib.books ALTER title SET DEFAULT 'EXTRACT(x FROM y)'", "column",
         "lib.books.title", "ALTER_COLUMN_DEFAULT", "medium", "ALTER_COLUMN_DEFAULT", "medium", 0},
        {"ALTER TABLE lib.loans DROP CONSTRAINT loans_reader_key; ALTER TABLE lib.loans ADD "
         "CONSTRAINT loans_reader_key UNIQUE (reader) DEFERRABLE INITIALLY DEFERRED",
         "constraint", "loans_reader_key on lib.loans", "ALTER_CONSTRAINT", "medium",
         "ALTER_CONSTRAINT", "medium", 0},
    };
    expect_all(changes, LENGTH(changes));
}

Test(server_difference, finds_changes_of_tables)
{
    static const Change changes[] = {
        {"CREATE TABLE lib.extra (id serial PRIMARY KEY, v int CHECK (v > 0));"
         "CREATE INDEX ON lib.extra (v); COMMENT ON TABLE lib.extra IS 'x';"
         "GRANT SELECT ON lib.extra TO shop_app",
         "table", "lib.extra", "KEEP", "kept", "CREATE_TABLE", "low", 0},
        {"ALTER TABLE lib.books SET (fillfactor = 70)", "table", "lib.books", "ALTER_TABLE_OPTIONS",
         "low", "ALTER_TABLE_OPTIONS", "low", 0},
        {"ALTER TABLE lib.papers SET UNLOGGED", "table", "lib.papers", "ALTER_PERSISTENCE",
         "medium", "ALTER_PERSISTENCE", "medium", 0},
        {"ALTER TABLE lib.events DETACH PARTITION lib.events_2025;"
         "ALTER TABLE lib.events ATTACH PARTITION lib.events_2025"
         " FOR VALUES FROM ('2025-01-01') TO ('2025-07-01')",
         "table", "lib.events_2025", "ALTER_PARTITION", "high", "ALTER_PARTITION", "high", 0},
        {"ALTER TABLE lib.books REPLICA IDENTITY FULL", "table", "lib.books", "ALTER_TABLE",
         "medium", "ALTER_TABLE", "medium", 0},
        {"ALTER TABLE lib.books DISABLE ROW LEVEL SECURITY", "table", "lib.books",
         "ENABLE_ROW_SECURITY", "medium", "DISABLE_ROW_SECURITY", "medium", 0},
        {"ALTER TABLE lib.books FORCE ROW LEVEL SECURITY", "table", "lib.books",
         "NO_FORCE_ROW_SECURITY", "medium", "FORCE_ROW_SECURITY", "medium", 0},
        {"ALTER TABLE lib.papers NO INHERIT lib.branches", "table", "lib.papers",
         "ALTER_INHERITANCE", "high", "ALTER_INHERITANCE", "high", 0},
        {"COMMENT ON TABLE lib.books IS NULL", "table", "lib.books", "ALTER_COMMENT", "low",
         "ALTER_COMMENT", "low", 0},
        {"ALTER TABLE lib.papers OWNER TO shop_owner", "table", "lib.papers", "ALTER_OWNER",
         "stays", "ALTER_OWNER", "stays", 0},
        {"REVOKE SELECT ON lib.books FROM shop_readonly", "table", "lib.books", "GRANT", "low",
         "REVOKE", "stays", 0},
        {"REVOKE UPDATE (note) ON lib.books FROM shop_app", "table", "lib.books", "GRANT", "low",
         "REVOKE", "stays", 0},
        {"GRANT SELECT ON lib.books TO shop_app WITH GRANT OPTION", "table", "lib.books", "REVOKE",
         "stays", "GRANT", "low", 0},
        {"ALTER TABLE lib.books DROP CONSTRAINT books_pages_check", "check constraint",
         "books_pages_check on lib.books", "ADD_CONSTRAINT", "medium", "DROP_CONSTRAINT", "medium",
         0},
        {"ALTER TABLE lib.books DROP CONSTRAINT books_pages_check;"
         "ALTER TABLE lib.books ADD CONSTRAINT books_pages_check CHECK (pages > 1)",
         "check constraint", "books_pages_check on lib.books", "ALTER_CONSTRAINT", "medium",
         "ALTER_CONSTRAINT", "medium", 0},
        {"ALTER TABLE lib.books RENAME CONSTRAINT books_code_key TO books_code_uq", "constraint",
         "books_code_uq on lib.books", "RENAME_CONSTRAINT", "low", NULL, NULL, 0},
        {"ALTER TABLE lib.books DROP CONSTRAINT books_code_key", "constraint",
         "books_code_key on lib.books", "ADD_CONSTRAINT", "medium", "DROP_CONSTRAINT", "medium", 0},
        {"ALTER TABLE lib.books DROP CONSTRAINT books_code_key;"
         "ALTER TABLE lib.books ADD CONSTRAINT books_code_key UNIQUE (code, title)",
         "constraint", "books_code_key on lib.books", "ALTER_CONSTRAINT", "medium",
         "ALTER_CONSTRAINT", "medium", 0},
        {"ALTER TABLE lib.books DROP CONSTRAINT books_branch_fkey;"
         "ALTER TABLE lib.books ADD CONSTRAINT books_branch_fkey FOREIGN KEY (branch)"
         " REFERENCES lib.branches (id) ON DELETE SET NULL",
         "foreign key", "books_branch_fkey on lib.books", "ALTER_CONSTRAINT", "medium",
         "ALTER_CONSTRAINT", "medium", 0},
        {"ALTER TABLE lib.books ALTER CONSTRAINT books_branch_fkey DEFERRABLE", "foreign key",
         "books_branch_fkey on lib.books", "ALTER_CONSTRAINT", "medium", "ALTER_CONSTRAINT",
         "medium", 0},
        {"ALTER TABLE lib.loans DROP CONSTRAINT loans_during_excl", "constraint",
         "loans_during_excl on lib.loans", "ADD_CONSTRAINT", "medium", "DROP_CONSTRAINT", "medium",
         0},
    };
    expect_all(changes, LENGTH(changes));
}

Test(server_difference, finds_changes_of_indexes_and_what_hangs_on_tables)
{
    static const Change changes[] = {
        {"DROP INDEX lib.books_title_idx", "index", "lib.books_title_idx", "ADD_INDEX", "low",
         "DROP_INDEX", "medium", 0},
        {"ALTER INDEX lib.books_lower_idx RENAME TO books_small_idx", "index",
         "lib.books_small_idx", "RENAME_INDEX", "low", NULL, NULL, 0},
        {"DROP INDEX lib.books_price_idx;"
         "CREATE INDEX books_price_idx ON lib.books (price) WHERE price > 20",
         "index", "lib.books_price_idx", "ALTER_INDEX", "medium", "ALTER_INDEX", "medium", 0},
        {"DROP INDEX lib.books_lower_idx;"
         "CREATE INDEX books_lower_idx ON lib.books (lower(title) text_pattern_ops)",
         "index", "lib.books_lower_idx", "ALTER_INDEX", "medium", "ALTER_INDEX", "medium", 0},
        {"ALTER INDEX lib.books_price_idx SET (fillfactor = 50)", "index", "lib.books_price_idx",
         "ALTER_INDEX", "medium", "ALTER_INDEX", "medium", 0},
        {"ALTER TABLE lib.books CLUSTER ON books_title_idx", "index", "lib.books_title_idx",
         "ALTER_INDEX", "medium", "ALTER_INDEX", "medium", 0},
        {"ALTER INDEX lib.books_lower_idx ALTER COLUMN 1 SET STATISTICS 9", "index",
         "lib.books_lower_idx", "ALTER_INDEX", "medium", "ALTER_INDEX", "medium", 0},
        {"COMMENT ON INDEX lib.books_title_idx IS 'another'", "index", "lib.books_title_idx",
         "ALTER_COMMENT", "low", "ALTER_COMMENT", "low", 0},
        {"DROP INDEX lib.totals_branch_idx", "index", "lib.totals_branch_idx", "ADD_INDEX", "low",
         "DROP_INDEX", "medium", 0},
        {"ALTER TABLE lib.books DISABLE TRIGGER books_touch", "trigger", "books_touch on lib.books",
         "ALTER_TRIGGER", "medium", "ALTER_TRIGGER", "medium", 0},
        {"DROP TRIGGER books_touch ON lib.books", "trigger", "books_touch on lib.books",
         "CREATE_TRIGGER", "medium", "DROP_TRIGGER", "medium", 0},
        {"DROP TRIGGER books_touch ON lib.books; CREATE TRIGGER books_touch BEFORE UPDATE OF note"
         " ON lib.books FOR EACH ROW EXECUTE FUNCTION lib.touch()",
         "trigger", "books_touch on lib.books", "ALTER_TRIGGER", "medium", "ALTER_TRIGGER",
         "medium", 0},
        {"CREATE OR REPLACE RULE books_keep AS ON DELETE TO lib.books WHERE OLD.pages > 2000"
         " DO INSTEAD NOTHING",
         "rule", "books_keep on lib.books", "ALTER_RULE", "medium", "ALTER_RULE", "medium", 0},
        {"ALTER TABLE lib.books DISABLE RULE books_keep", "rule", "books_keep on lib.books",
         "ALTER_RULE", "medium", "ALTER_RULE", "medium", 0},
        {"ALTER POLICY books_mine ON lib.books USING (state = 'new')", "policy",
         "books_mine on lib.books", "ALTER_POLICY", "medium", "ALTER_POLICY", "medium", 0},
        {"ALTER POLICY books_mine ON lib.books TO shop_readonly", "policy",
         "books_mine on lib.books", "ALTER_POLICY", "medium", "ALTER_POLICY", "medium", 0},
        {"DROP POLICY books_mine ON lib.books", "policy", "books_mine on lib.books",
         "CREATE_POLICY", "medium", "DROP_POLICY", "medium", 0},
        {"DROP STATISTICS lib.books_stats", "statistics", "lib.books_stats", "CREATE_STATISTICS",
         "low", "DROP_STATISTICS", "medium", 0},
        {"DROP STATISTICS lib.books_stats;"
         "CREATE STATISTICS lib.books_stats (mcv) ON branch, pages FROM lib.books",
         "statistics", "lib.books_stats", "ALTER_STATISTICS", "medium", "ALTER_STATISTICS",
         "medium", 0},
        {"ALTER STATISTICS lib.books_stats SET STATISTICS 50", "statistics", "lib.books_stats",
         "ALTER_STATISTICS", "medium", "ALTER_STATISTICS", "medium", 13},
    };
    expect_all(changes, LENGTH(changes));
}

Test(server_difference, finds_changes_of_views_types_functions_and_sequences)
{
    static const Change changes[] = {
        {"CREATE OR REPLACE VIEW lib.available AS SELECT id, title FROM lib.books"
         " WHERE state <> 'lost'",
         "view", "lib.available", "ALTER_VIEW", "medium", "ALTER_VIEW", "medium", 0},
        {"CREATE OR REPLACE VIEW lib.available AS SELECT id, title, note FROM lib.books"
         " WHERE state = 'new'",
         "view", "lib.available", "ALTER_VIEW", "high", "ALTER_VIEW", "medium", 0},
        {"ALTER VIEW lib.available SET (security_barrier = true)", "view", "lib.available",
         "ALTER_VIEW", "medium", "ALTER_VIEW", "medium", 0},
        {"ALTER VIEW lib.available ALTER title SET DEFAULT 'x'", "column", "lib.available.title",
         "ALTER_DEFAULT", "medium", "ALTER_DEFAULT", "medium", 0},
        {"DROP VIEW lib.available", "view", "lib.available", "CREATE_VIEW", "low", "KEEP", "kept",
         0},
        {"DROP MATERIALIZED VIEW lib.totals; CREATE MATERIALIZED VIEW lib.totals AS"
         " SELECT branch, count(id) AS books FROM lib.books GROUP BY branch;"
         "CREATE UNIQUE INDEX totals_branch_idx ON lib.totals (branch);"
         "REVOKE SELECT ON lib.totals FROM shop_readonly",
         "materialized view", "lib.totals", "ALTER_MATERIALIZED_VIEW", "medium",
         "ALTER_MATERIALIZED_VIEW", "medium", 0},
        {"ALTER TYPE lib.state ADD VALUE 'sold'", "type", "lib.state", "ALTER_TYPE", "high",
         "ALTER_TYPE", "medium", 0},
        {"ALTER TYPE lib.state RENAME VALUE 'lent' TO 'gone'", "type", "lib.state", "ALTER_TYPE",
         "high", "ALTER_TYPE", "high", 0},
        {"ALTER TYPE lib.address ADD ATTRIBUTE city text", "type", "lib.address", "ALTER_TYPE",
         "high", "ALTER_TYPE", "high", 0},
        {"COMMENT ON TYPE lib.state IS 'another'", "type", "lib.state", "ALTER_COMMENT", "low",
         "ALTER_COMMENT", "low", 0},
        {"COMMENT ON COLUMN lib.address.zip IS 'code'", "column", "lib.address.zip",
         "ALTER_COMMENT", "low", "ALTER_COMMENT", "low", 0},
        {"REVOKE USAGE ON TYPE lib.state FROM PUBLIC", "type", "lib.state", "GRANT", "low",
         "REVOKE", "stays", 0},
        {"ALTER DOMAIN lib.isbn DROP CONSTRAINT isbn_shape", "check constraint",
         "isbn_shape on lib.isbn", "ADD_CONSTRAINT", "medium", "DROP_CONSTRAINT", "medium", 0},
        {"ALTER DOMAIN lib.isbn DROP CONSTRAINT isbn_shape;"
         "ALTER DOMAIN lib.isbn ADD CONSTRAINT isbn_shape CHECK (VALUE <> '')",
         "check constraint", "isbn_shape on lib.isbn", "ALTER_CONSTRAINT", "medium",
         "ALTER_CONSTRAINT", "medium", 0},
        {"ALTER DOMAIN lib.isbn SET DEFAULT '0'", "type", "lib.isbn", "ALTER_DEFAULT", "medium",
         "ALTER_DEFAULT", "medium", 0},
        {"ALTER DOMAIN lib.amount DROP NOT NULL", "type", "lib.amount", "ALTER_TYPE", "high",
         "ALTER_TYPE", "high", 0},
        {"ALTER FUNCTION lib.weight(int) STABLE", "function", "lib.weight(pages integer)",
         "ALTER_FUNCTION", "medium", "ALTER_FUNCTION", "medium", 0},
        {"CREATE OR REPLACE FUNCTION lib.weight(pages int) RETURNS int LANGUAGE sql IMMUTABLE"
         " AS 'SELECT pages * 6'",
         "function", "lib.weight(pages integer)", "ALTER_FUNCTION", "medium", "ALTER_FUNCTION",
         "medium", 0},
        {"ALTER FUNCTION lib.weight(int) SECURITY DEFINER", "function", "lib.weight(pages integer)",
         "ALTER_FUNCTION", "medium", "ALTER_FUNCTION", "medium", 0},
        {"ALTER FUNCTION lib.weight(int) DEPENDS ON EXTENSION pg_trgm", "function",
         "lib.weight(pages integer)", "ALTER_FUNCTION", "medium", "ALTER_FUNCTION", "medium", 0},
        {"REVOKE EXECUTE ON FUNCTION lib.weight(int) FROM shop_app", "function",
         "lib.weight(pages integer)", "GRANT", "low", "REVOKE", "stays", 0},
        {"CREATE FUNCTION lib.weight(pages bigint) RETURNS int LANGUAGE sql AS 'SELECT 1'",
         "function", "lib.weight(pages bigint)", "KEEP", "kept", "CREATE_FUNCTION", "low", 0},
        {"CREATE OR REPLACE PROCEDURE lib.clean(days int) LANGUAGE sql AS 'SELECT days + 1'",
         "procedure", "lib.clean(days integer)", "ALTER_PROCEDURE", "medium", "ALTER_PROCEDURE",
         "medium", 0},
        {"ALTER SEQUENCE lib.numbers INCREMENT BY 20", "sequence", "lib.numbers", "ALTER_SEQUENCE",
         "medium", "ALTER_SEQUENCE", "medium", 0},
        {"ALTER SEQUENCE lib.loans_id_seq OWNED BY NONE", "sequence", "lib.loans_id_seq",
         "ALTER_SEQUENCE", "medium", "ALTER_SEQUENCE", "medium", 0},
    };
    expect_all(changes, LENGTH(changes));
}

Test(server_difference, finds_changes_of_rarer_kinds)
{
    static const Change changes[] = {
        {"CREATE SCHEMA extra; CREATE TABLE extra.t (id int)", "schema", "extra", "KEEP", "kept",
         NULL, NULL, 0},
        {"COMMENT ON SCHEMA lib IS 'another'", "schema", "lib", "ALTER_COMMENT", "stays",
         "ALTER_COMMENT", "stays", 0},
        {"REVOKE USAGE ON SCHEMA lib FROM shop_readonly", "schema", "lib", "GRANT", "low", "REVOKE",
         "stays", 0},
        {"ALTER SCHEMA lib OWNER TO shop_owner", "schema", "lib", "ALTER_OWNER", "stays",
         "ALTER_OWNER", "stays", 0},
        {"CREATE EXTENSION citext", "extension", "citext", "KEEP", "kept", "CREATE_EXTENSION",
         "low", 0},
        {"ALTER EXTENSION pg_trgm SET SCHEMA lib", "extension", "pg_trgm", "ALTER_EXTENSION",
         "stays", "ALTER_EXTENSION", "stays", 0},
        {"CREATE OR REPLACE AGGREGATE lib.concat(text) (sfunc = lib.joined, stype = text,"
         " initcond = '')",
         "aggregate", "lib.concat(text)", "ALTER_AGGREGATE", "medium", "ALTER_AGGREGATE", "medium",
         12},
        {"DROP COLLATION lib.plain;"
         "CREATE COLLATION lib.plain (provider = libc, locale = 'POSIX')",
         "collation", "lib.plain", "ALTER_COLLATION", "medium", "ALTER_COLLATION", "medium", 0},
        {"DROP CAST (lib.address AS text); CREATE CAST (lib.address AS text) WITH INOUT", "cast",
         "lib.address AS text", "ALTER_CAST", "medium", "ALTER_CAST", "medium", 0},
        {"DROP CONVERSION lib.latin; CREATE CONVERSION lib.latin FOR 'UTF8' TO 'LATIN2'"
         " FROM utf8_to_iso8859",
         "conversion", "lib.latin", "ALTER_CONVERSION", "medium", "ALTER_CONVERSION", "medium", 0},
        {"DROP OPERATOR lib.~+ (text, text)", "operator", "lib.~+(text, text)", "CREATE_OPERATOR",
         "low", "KEEP", "kept", 0},
        {"DROP OPERATOR lib.~+ (text, text); CREATE OPERATOR lib.~+ (leftarg = text,"
         " rightarg = text, function = lib.joined, commutator = OPERATOR(lib.~+))",
         "operator", "lib.~+(text, text)", "ALTER_OPERATOR", "medium", "ALTER_OPERATOR", "medium",
         0},
        {"ALTER TEXT SEARCH DICTIONARY lib.plainly (accept = true)", "text search dictionary",
         "lib.plainly", "ALTER_TEXT_SEARCH_DICTIONARY", "medium", "ALTER_TEXT_SEARCH_DICTIONARY",
         "medium", 0},
        {"ALTER TEXT SEARCH CONFIGURATION lib.english ALTER MAPPING FOR asciiword WITH simple",
         "text search configuration", "lib.english", "ALTER_TEXT_SEARCH_CONFIGURATION", "medium",
         "ALTER_TEXT_SEARCH_CONFIGURATION", "medium", 0},
        {"ALTER FOREIGN DATA WRAPPER lib_wrapper OPTIONS (SET debug 'off')", "foreign-data wrapper",
         "lib_wrapper", "ALTER_FOREIGN_DATA_WRAPPER", "medium", "ALTER_FOREIGN_DATA_WRAPPER",
         "medium", 0},
        {"ALTER SERVER lib_server OPTIONS (SET host 'two')", "server", "lib_server", "ALTER_SERVER",
         "medium", "ALTER_SERVER", "medium", 0},
        {"ALTER USER MAPPING FOR shop_app SERVER lib_server OPTIONS (SET user 'you')",
         "user mapping", "shop_app on server lib_server", "ALTER_USER_MAPPING", "medium",
         "ALTER_USER_MAPPING", "medium", 0},
        {"ALTER PUBLICATION lib_news DROP TABLE lib.loans", "publication table",
         "lib.loans in lib_news", "ADD_PUBLICATION_TABLE", "medium", "DROP_PUBLICATION_TABLE",
         "stays", 0},
        {"ALTER PUBLICATION lib_news SET (publish = 'insert')", "publication", "lib_news",
         "ALTER_PUBLICATION", "medium", "ALTER_PUBLICATION", "medium", 0},
        {"ALTER EVENT TRIGGER lib_watch DISABLE", "event trigger", "lib_watch",
         "ALTER_EVENT_TRIGGER", "medium", "ALTER_EVENT_TRIGGER", "medium", 0},
        {"DROP EVENT TRIGGER lib_watch", "event trigger", "lib_watch", "CREATE_EVENT_TRIGGER",
         "low", "KEEP", "kept", 0},
        {"ALTER DEFAULT PRIVILEGES FOR ROLE shop_owner IN SCHEMA lib GRANT INSERT ON TABLES"
         " TO shop_app",
         "default privilege", "of shop_owner in lib: INSERT ON TABLES, shop_app",
         "DROP_DEFAULT_PRIVILEGE", "stays", "ADD_DEFAULT_PRIVILEGE", "medium", 0},
        {"ALTER OPERATOR FAMILY lib.words USING btree ADD OPERATOR 1 < (name, text)",
         "operator family", "lib.words USING btree", "ALTER_OPERATOR_FAMILY", "medium",
         "ALTER_OPERATOR_FAMILY", "medium", 0},
        {"ALTER OPERATOR FAMILY lib.words USING btree ADD OPERATOR 1 < (text, text)",
         "operator class", "lib.text_words USING btree", "ALTER_OPERATOR_CLASS", "medium",
         "ALTER_OPERATOR_CLASS", "medium", 14},
        {"DO $$BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO shop_app',"
         " current_database()); END$$",
         "database", "this database", "REVOKE", "stays", "GRANT", "low", 0},
        {"DO $$BEGIN EXECUTE format('ALTER DATABASE %I SET work_mem = ''5MB''',"
         " current_database()); END$$",
         "database setting", "work_mem", "DROP_DATABASE_SETTING", "stays", "ADD_DATABASE_SETTING",
         "medium", 0},
    };
    expect_all(changes, LENGTH(changes));
}

/* ---- nothing to find --------------------------------------------------------------------- */

static void expect_nothing(const json_t *result, bool expected_too)
{
    AUTO(mem_free) char *found = findings(result);
    cr_assert_eq(count_of(result, "differences"), 0, "%s", found);
    cr_assert_eq(count_of(result, "kept"), 0, "%s", found);
    if (!expected_too)
        cr_assert_eq(count_of(result, "expected"), 0, "%s", found);
}

Test(server_difference, finds_nothing_where_the_same_script_ran)
{
    static const char *const scripts[] = {"tests/fixture/differing.sql", "tests/fixture/worded.sql",
                                          "tests/fixture/shop_source.sql"};
    for (size_t i = 0; i < LENGTH(scripts); i++) {
        TestDatabase one = test_database("one"), two = test_database("two");
        test_sql_file(&one, scripts[i]);
        test_sql_file(&two, scripts[i]);
        int exit_code;
        AUTO(json_decref) json_t *result = diff(&one, &two, &exit_code);
        expect_nothing(result, false);
        cr_expect_eq(exit_code, 0);
    }
}

/* With a source server of another version (TEST_SOURCE_PGHOST) this is about what they print. */
Test(server_difference, tells_wording_of_versions_from_differences)
{
    TestDatabase one = test_source_database("one"), two = test_database("two");
    test_sql_file(&one, "tests/fixture/worded.sql");
    test_sql_file(&two, "tests/fixture/worded.sql");
    int exit_code;
    AUTO(json_decref) json_t *result = diff(&one, &two, &exit_code);
    expect_nothing(result, true);
    AUTO(json_decref) json_t *back = diff(&two, &one, &exit_code);
    expect_nothing(back, true);
    test_sql(&two, "CREATE OR REPLACE VIEW w.plain AS SELECT id, visits, "
                   "upper(\"order\") AS \"order\" FROM w.visits");
    AUTO(json_decref) json_t *changed = diff(&one, &two, &exit_code);
    cr_expect_eq(exit_code, 8);
    cr_expect_eq(count_of(changed, "differences"), 1);
}

Test(server_difference, finds_after_a_migration_only_what_it_leaves_alone)
{
    Shop shop = shop_open();
    AUTO(mem_free) char *version = test_value(&shop.source, "SHOW server_version_num");
    if (atoi(version) / 10000 > test_server_version() / 10000)
        cr_skip_test("the shop has what older versions do not take");
    AUTO(launch_clear)
    Launch start = SHOP_LAUNCH(&shop, "start", "--preserved-tables", "users,sessions");
    EXPECT_EXIT(&start, 0);
    int exit_code;
    AUTO(json_decref) json_t *result = diff(&shop.source, &shop.dest, &exit_code);
    AUTO(mem_free) char *found = findings(result);
    const json_t *risks = json_object_get(result, "risks");
    cr_expect_eq(json_integer_value(json_object_get(risks, "high")), 0, "%s", found);
    cr_expect_eq(json_integer_value(json_object_get(risks, "medium")), 0, "%s", found);
    cr_expect_eq(json_integer_value(json_object_get(risks, "low")), 0, "%s", found);
    cr_expect_gt(count_of(result, "kept"), 0, "%s", found);
}

/* ---- the command ------------------------------------------------------------------------- */

/* The shop's two databases differ in many ways, and nothing of that is touched. */
Test(server_difference, looking_changes_nothing)
{
    Shop shop = shop_open();
    AUTO(mem_free) char *source = compare_fingerprint(&shop.source, NULL, true);
    AUTO(mem_free) char *dest = compare_fingerprint(&shop.dest, NULL, true);
    int exit_code;
    AUTO(json_decref) json_t *result = diff(&shop.source, &shop.dest, &exit_code);
    cr_expect_not_null(result);
    cr_expect_eq(exit_code, 8);
    AUTO(mem_free) char *source_after = compare_fingerprint(&shop.source, NULL, true);
    AUTO(mem_free) char *dest_after = compare_fingerprint(&shop.dest, NULL, true);
    EXPECT_SAME(compare_fingerprints(source, source_after));
    EXPECT_SAME(compare_fingerprints(dest, dest_after));
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM pg_namespace WHERE nspname ~ '^pgzm'", "0");
}

static void make_pair(TestDatabase *source, TestDatabase *dest, const char *change)
{
    static const char script[] = "CREATE TABLE t (id int PRIMARY KEY, v text)";
    *source = test_source_database("source");
    *dest = test_database("dest");
    test_sql(source, script);
    test_sql(dest, script);
    test_sql(source, change);
}

Test(server_difference, a_name_that_becomes_another_kind_of_object_is_no_object_that_is_kept)
{
    TestDatabase source, dest;
    make_pair(&source, &dest, "DROP TABLE t; CREATE VIEW t AS SELECT 1 AS id");
    int exit_code;
    AUTO(json_decref) json_t *result = diff(&source, &dest, &exit_code);
    AUTO(mem_free) char *found = findings(result);
    cr_expect_eq(exit_code, 8);
    cr_expect_not_null(strstr(found, "differences: DROP_TABLE table public.t [high]"), "%s", found);
    cr_expect_not_null(strstr(found, "differences: CREATE_VIEW view public.t [low]"), "%s", found);
    cr_expect_eq(count_of(result, "differences"), 2, "%s", found);
    cr_expect_eq(count_of(result, "kept"), 0, "%s", found);
}

Test(server_difference, a_person_reads_what_changes)
{
    TestDatabase source, dest;
    make_pair(&source, &dest, "ALTER TABLE t DROP v; ALTER TABLE t ADD w int");
    test_sql(&dest, "CREATE TABLE mine (id int)");
    AUTO(launch_clear)
    Launch launch = LAUNCH("diff", "--source", source.conninfo, "--dest", dest.conninfo);
    EXPECT_EXIT(&launch, 8);
    EXPECT_CONTAINS(launch.out, "2 differences: 1 high, 1 low\n");
    EXPECT_CONTAINS(launch.out, "\ncolumn\n"
                                "  high      DROP_COLUMN public.t.v\n"
                                "            - text\n"
                                "  low       ADD_COLUMN public.t.w\n"
                                "            + integer\n");
    EXPECT_CONTAINS(launch.out, "  table public.mine\n");
    EXPECT_CONTAINS(launch.err, "source and destination differ: 2 differences");
}

Test(server_difference, owners_and_grants_follow_the_options)
{
    TestDatabase source, dest;
    make_pair(&source, &dest, "ALTER TABLE t OWNER TO pg_monitor");
    test_sql(&dest, "GRANT SELECT ON t TO pg_monitor; COMMENT ON TABLE t IS 'x'");
    static const struct {
        const char *option, *value;
        int exit_code;
        const char *summary;
    } cases[] = {
        {"--acl", "merge", 8, "1 low, 2 that a migration leaves alone"},
        {"--acl", "source", 8, "2 medium, 1 low\n"},
        {"--acl", "dest", 8, "1 low, 2 that a migration leaves alone"},
        {"--no-owner", NULL, 8, "2 differences: 1 low, 1 that a migration leaves alone"},
        {"--no-privileges", NULL, 8, "2 differences: 1 low, 1 that a migration leaves alone"},
        {"--no-comments", NULL, 8, "2 differences: 2 that a migration leaves alone"},
        {"-Ox", "--no-comments", 0, "No differences."},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        AUTO(launch_clear)
        Launch launch = LAUNCH("diff", "--source", source.conninfo, "--dest", dest.conninfo,
                               cases[i].option, cases[i].value);
        EXPECT_EXIT(&launch, cases[i].exit_code);
        EXPECT_CONTAINS(launch.out, cases[i].summary);
    }
}

Test(server_difference, looks_only_at_what_the_filters_take)
{
    TestDatabase source, dest;
    make_pair(&source, &dest, "CREATE TABLE other (id int); ALTER TABLE t ADD w int");
    AUTO(launch_clear)
    Launch launch = LAUNCH("diff", "--source", source.conninfo, "--dest", dest.conninfo, "-T", "t");
    EXPECT_EXIT(&launch, 8);
    EXPECT_CONTAINS(launch.out, "1 difference: 1 low\n");
    EXPECT_CONTAINS(launch.out, "CREATE_TABLE public.other");
    AUTO(launch_clear)
    Launch none = LAUNCH("diff", "--source", source.conninfo, "--dest", dest.conninfo, "-T", "x");
    EXPECT_EXIT(&none, 2);
}

/* ---- --max-risk -------------------------------------------------------------------------- */

Test(server_difference, a_migration_above_the_allowed_risk_is_refused_before_anything_is_written)
{
    TestDatabase source, dest;
    make_pair(&source, &dest,
              "ALTER TABLE t DROP v; ALTER TABLE t ADD w int; ALTER TABLE t ALTER id SET DEFAULT 1;"
              "CREATE TABLE new (id int)");
    static const char *const refused[] = {"low", "medium"};
    for (size_t i = 0; i < LENGTH(refused); i++) {
        AUTO(launch_clear)
        Launch launch = LAUNCH("start", "--max-risk", refused[i], "--source", source.conninfo,
                               "--dest", dest.conninfo);
        EXPECT_EXIT(&launch, 4);
        EXPECT_CONTAINS(launch.err, "DROP_COLUMN public.t.v (high)");
        EXPECT_CONTAINS(launch.err, "pgzm-copy diff");
        cr_expect_eq(strstr(launch.err, "ALTER_COLUMN_DEFAULT public.t.id (medium)") != NULL,
                     i == 0, "%s", launch.err);
        EXPECT_VALUE(&dest, "SELECT count(*) FROM pg_namespace WHERE nspname ~ '^pgzm'", "0");
    }
    AUTO(launch_clear)
    Launch dry = LAUNCH("prepare", "--dry-run", "--max-risk", "low", "--source", source.conninfo,
                        "--dest", dest.conninfo);
    EXPECT_EXIT(&dry, 4);
    AUTO(launch_clear)
    Launch allowed =
        LAUNCH("start", "--max-risk", "high", "--source", source.conninfo, "--dest", dest.conninfo);
    EXPECT_EXIT(&allowed, 0);
}

Test(server_difference, a_migration_within_the_allowed_risk_goes_live)
{
    TestDatabase source, dest;
    make_pair(&source, &dest, "ALTER TABLE t ADD w int; CREATE INDEX ON t (v)");
    test_sql(&dest, "CREATE TABLE mine (id int); ALTER TABLE t OWNER TO pg_monitor");
    AUTO(launch_clear)
    Launch launch =
        LAUNCH("start", "--max-risk", "low", "--source", source.conninfo, "--dest", dest.conninfo);
    EXPECT_EXIT(&launch, 0);
    EXPECT_VALUE(&dest,
                 "SELECT string_agg(attname, ',' ORDER BY attnum) FROM pg_attribute"
                 " WHERE attrelid = 't'::regclass AND attnum > 0",
                 "id,v,w");
}
