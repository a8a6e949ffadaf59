/* What only the destination has, and what both sides allow: it follows the new objects. */
#include "tests/engine/handle.h"

Test(server_rebuild, points_what_only_the_destination_has_to_the_new_objects_and_back)
{
    Pair pair = pair_open();
    test_sql(&pair.dest,
             "CREATE VIEW names AS SELECT id, name FROM customer WITH CHECK OPTION;"
             "CREATE VIEW on_top AS SELECT count(*) AS n FROM names;"
             "CREATE MATERIALIZED VIEW kept_count AS SELECT count(*) AS n FROM customer;"
             "CREATE UNIQUE INDEX kept_count_n ON kept_count (n);"
             "COMMENT ON VIEW names IS 'ours';"
             "CREATE FUNCTION first_name() RETURNS text LANGUAGE sql STABLE AS"
             " 'SELECT name FROM public.customer ORDER BY id LIMIT 1';"
             "CREATE FUNCTION rename(c customer) RETURNS text LANGUAGE sql AS 'SELECT $1.name';"
             "CREATE TABLE note (id int PRIMARY KEY, customer int REFERENCES customer"
             " ON DELETE CASCADE);"
             "INSERT INTO note VALUES (1, 5)");
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, NULL);
    pgzm_set(pgzm, PGZM_LATEST, "on");
    AUTO(mem_free)
    char *oids = test_value(&pair.dest, "SELECT confrelid::text FROM pg_constraint"
                                        " WHERE conrelid = 'note'::regclass AND contype = 'f'");
    EXPECT_STATUS(pgzm, PGZM_START, PGZM_OK);
    EXPECT_VALUE(&pair.dest, "SELECT n FROM on_top", "200");
    EXPECT_VALUE(&pair.dest, "SELECT name FROM names WHERE id = 1", "new 1");
    EXPECT_VALUE(&pair.dest, "SELECT obj_description('names'::regclass)", "ours");
    EXPECT_VALUE(&pair.dest, "SELECT pg_get_viewdef('names'::regclass) ~ 'pgzm'", "f");
    EXPECT_VALUE(&pair.dest, "SELECT n FROM kept_count", "200");
    EXPECT_VALUE(&pair.dest,
                 "SELECT count(*) FROM pg_index WHERE indrelid ="
                 " 'kept_count'::regclass AND indisunique",
                 "1");
    EXPECT_VALUE(&pair.dest, "SELECT first_name()", "new 1");
    EXPECT_VALUE(&pair.dest, "SELECT rename(c) FROM customer c WHERE id = 2", "new 2");
    EXPECT_VALUE(&pair.dest,
                 "SELECT confrelid = 'customer'::regclass AND convalidated"
                 " AND confdeltype = 'c' FROM pg_constraint WHERE conrelid ="
                 " 'note'::regclass AND contype = 'f'",
                 "t");
    EXPECT_STATUS(pgzm, PGZM_ROLLBACK, PGZM_OK);
    EXPECT_VALUE(&pair.dest, "SELECT n FROM on_top", "20");
    EXPECT_VALUE(&pair.dest, "SELECT n FROM kept_count", "20");
    EXPECT_VALUE(&pair.dest, "SELECT rename(c) FROM customer c WHERE id = 2", "old 2");
    EXPECT_VALUE(&pair.dest,
                 "SELECT confrelid::text FROM pg_constraint"
                 " WHERE conrelid = 'note'::regclass AND contype = 'f'",
                 oids);
}

static void role(const TestDatabase *database, const char *name)
{
    AUTO(mem_free)
    char *script = mem_printf("DO $$ BEGIN CREATE ROLE %s; EXCEPTION WHEN duplicate_object OR"
                              " unique_violation THEN NULL; END $$",
                              name);
    test_sql(database, script);
}

Test(server_merge, keeps_what_the_live_object_allows_and_adds_what_the_source_allows)
{
    Pair pair = pair_open();
    static const char *const roles[] = {"pgzmtest_live_owner", "pgzmtest_reader", "pgzmtest_writer",
                                        "pgzmtest_source_owner"};
    for (size_t i = 0; i < LENGTH(roles); i++)
        role(&pair.dest, roles[i]);
    test_sql(&pair.dest, "ALTER TABLE customer OWNER TO pgzmtest_live_owner;"
                         "GRANT SELECT ON customer TO pgzmtest_reader;"
                         "GRANT UPDATE (name) ON customer TO pgzmtest_reader");
    test_sql(&pair.source, "ALTER TABLE customer OWNER TO pgzmtest_source_owner;"
                           "GRANT INSERT ON customer TO pgzmtest_writer;"
                           "ALTER VIEW big OWNER TO pgzmtest_source_owner");
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, NULL);
    EXPECT_STATUS(pgzm, PGZM_START, PGZM_OK);
    EXPECT_VALUE(&pair.dest,
                 "SELECT pg_get_userbyid(relowner) FROM pg_class"
                 " WHERE oid = 'customer'::regclass",
                 "pgzmtest_live_owner");
    EXPECT_VALUE(&pair.dest,
                 "SELECT pg_get_userbyid(relowner) FROM pg_class"
                 " WHERE oid = 'big'::regclass",
                 "pgzmtest_source_owner");
    EXPECT_VALUE(&pair.dest, "SELECT has_table_privilege('pgzmtest_reader', 'customer', 'SELECT')",
                 "t");
    EXPECT_VALUE(&pair.dest,
                 "SELECT has_column_privilege('pgzmtest_reader', 'customer', 'name',"
                 " 'UPDATE')",
                 "t");
    EXPECT_VALUE(&pair.dest,
                 "SELECT has_column_privilege('pgzmtest_reader', 'customer', 'tag',"
                 " 'UPDATE')",
                 "f");
    EXPECT_VALUE(&pair.dest, "SELECT has_table_privilege('pgzmtest_writer', 'customer', 'INSERT')",
                 "t");
    EXPECT_VALUE(&pair.dest, "SELECT has_table_privilege('pgzmtest_writer', 'customer', 'SELECT')",
                 "f");
    /* roles belong to the whole server */
    test_database_drop(&pair.source);
    for (size_t i = 0; i < LENGTH(roles); i++) {
        AUTO(mem_free)
        char *script = mem_printf("DROP OWNED BY %s CASCADE; DROP ROLE %s", roles[i], roles[i]);
        test_sql(&pair.dest, script);
    }
}
