#include <criterion/criterion.h>
#include <stdio.h>

#include "tests/schema/roundtrip.h"

/* Foreign-data wrappers, servers, user mappings and foreign tables. */

#define ROLE(name)                                                                                 \
    "DO $$BEGIN CREATE ROLE " name " LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END$$;"

/* A role for each test: they run at the same time. */
static void drop_role(Replay *r, const char *name)
{
    AUTO(mem_free) char *owned = mem_printf("DROP OWNED BY %s CASCADE", name);
    AUTO(mem_free) char *role = mem_printf("DROP ROLE %s", name);
    test_sql(&r->source, owned);
    test_sql(&r->dest, owned);
    test_sql(&r->dest, role);
}

static const Fragment *find(const FragmentList *list, const char *sql_prefix)
{
    return &list->items[roundtrip_find(list, sql_prefix)];
}

Test(server_foreign, wrappers_and_servers_come_with_each_option_by_itself)
{
    Replay r = roundtrip_begin(ROLE(
        "pgzm_t_fdw1") "CREATE SCHEMA zz; CREATE FUNCTION zz.validate(text[], oid) RETURNS bool "
                       "LANGUAGE internal"
                       " AS 'postgresql_fdw_validator';"
                       "CREATE FOREIGN DATA WRAPPER plain OPTIONS (debug 'it''s', \"Odd key\" "
                       "'b\\n');"
                       "CREATE FOREIGN DATA WRAPPER checked VALIDATOR zz.validate;"
                       "CREATE SERVER \"far \"\" away\" TYPE 'big' VERSION '9''1' FOREIGN DATA "
                       "WRAPPER plain"
                       " OPTIONS (host 'h', port '5');"
                       "CREATE SERVER near FOREIGN DATA WRAPPER checked OPTIONS (host 'localhost');"
                       "ALTER SERVER near OWNER TO pgzm_t_fdw1;"
                       "GRANT USAGE ON FOREIGN DATA WRAPPER plain TO pgzm_t_fdw1 WITH GRANT OPTION;"
                       "GRANT USAGE ON FOREIGN SERVER \"far \"\" away\" TO pgzm_t_fdw1;"
                       "REVOKE USAGE ON FOREIGN SERVER near FROM pgzm_t_fdw1;"
                       "COMMENT ON FOREIGN DATA WRAPPER plain IS 'p'; COMMENT ON SERVER near IS "
                       "'n';");
    const Fragment *wrapper = find(&r.list, "CREATE FOREIGN DATA WRAPPER plain");
    cr_assert_eq(wrapper->place, PLACE_EARLY);
    cr_assert(replay_equal(wrapper->sql, "CREATE FOREIGN DATA WRAPPER plain"));
    cr_assert(replay_equal(wrapper->undo, "DROP FOREIGN DATA WRAPPER plain"));
    const Fragment *odd = find(&r.list, "ALTER FOREIGN DATA WRAPPER plain OPTIONS (ADD Odd key");
    cr_assert(replay_equal(odd->undo, "ALTER FOREIGN DATA WRAPPER plain OPTIONS (DROP Odd key)"));
    const Fragment *validator = find(&r.list, "ALTER FOREIGN DATA WRAPPER checked VALIDATOR");
    cr_assert(replay_equal(validator->undo, "ALTER FOREIGN DATA WRAPPER checked NO VALIDATOR"));
    cr_assert(
        roundtrip_needs(&r.list, roundtrip_find(&r.list, "CREATE SERVER near"),
                        roundtrip_find(&r.list, "ALTER FOREIGN DATA WRAPPER checked VALIDATOR")));
    const Fragment *server = find(&r.list, "CREATE SERVER far  away");
    cr_assert(
        replay_equal(server->sql, "CREATE SERVER far  away TYPE 'big' FOREIGN DATA WRAPPER plain"));
    cr_assert_eq(server->place, PLACE_EARLY);
    cr_assert(replay_equal(server->whole,
                           "CREATE SERVER far  away TYPE 'big' VERSION '9''1' FOREIGN DATA WRAPPER"
                           " plain OPTIONS (host 'h', port '5')"));
    const Fragment *host = find(&r.list, "ALTER SERVER far  away OPTIONS (ADD host");
    cr_assert(host->in_whole);
    cr_assert(replay_equal(host->change, "ALTER SERVER far  away OPTIONS (SET host 'h')"));
    const Fragment *checked = find(&r.list, "CREATE FOREIGN DATA WRAPPER checked");
    cr_assert(
        replay_equal(checked->whole, "CREATE FOREIGN DATA WRAPPER checked VALIDATOR zz.validate"));
    const Fragment *version = find(&r.list, "ALTER SERVER far  away VERSION '9''1'");
    cr_assert(replay_equal(version->undo, "ALTER SERVER far  away VERSION NULL"));
    cr_assert(replay_has(&r.list, "GRANT USAGE ON FOREIGN DATA WRAPPER plain TO pgzm_t_fdw1"
                                  " WITH GRANT OPTION"));
    cr_assert(replay_has(&r.list, "GRANT USAGE ON FOREIGN SERVER far  away TO pgzm_t_fdw1"));
    for (size_t i = 0; i < r.list.count; i++) {
        const Fragment *fragment = &r.list.items[i];
        if (fragment->place == PLACE_EARLY && fragment->kind != FRAGMENT_OWNER)
            cr_assert_not_null(fragment->undo, "%s", fragment->sql);
    }
    static const char acls[] = "SELECT fdwname, fdwacl, fdwoptions FROM pg_foreign_data_wrapper"
                               " UNION ALL SELECT srvname, srvacl, srvoptions"
                               " FROM pg_foreign_server ORDER BY 1";
    AUTO(mem_free) char *before = test_rows(&r.source, acls);
    AUTO(mem_free) char *after = test_rows(&r.dest, acls);
    cr_assert_str_eq(after, before);
    drop_role(&r, "pgzm_t_fdw1");
    replay_end(&r);
}

Test(server_foreign, user_mappings_come_with_their_options)
{
    Replay r = roundtrip_begin(
        ROLE("pgzm_t_fdw2") "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w;"
                            "CREATE USER MAPPING FOR PUBLIC SERVER s;"
                            "CREATE USER MAPPING FOR pgzm_t_fdw2 SERVER s OPTIONS (\"user\" 'u', "
                            "password 'p''w');");
    const Fragment *mapping = find(&r.list, "CREATE USER MAPPING FOR pgzm_t_fdw2");
    cr_assert_eq(mapping->place, PLACE_EARLY);
    cr_assert(replay_equal(mapping->undo, "DROP USER MAPPING FOR pgzm_t_fdw2 SERVER s"));
    const Fragment *password =
        find(&r.list, "ALTER USER MAPPING FOR pgzm_t_fdw2 SERVER s OPTIONS (ADD password 'p''w')");
    cr_assert(replay_equal(password->undo,
                           "ALTER USER MAPPING FOR pgzm_t_fdw2 SERVER s OPTIONS (DROP password)"));
    cr_assert(replay_has(&r.list, "CREATE USER MAPPING FOR PUBLIC SERVER s"));
    AUTO(mem_free)
    char *rows = test_rows(&r.dest, "SELECT usename, umoptions FROM pg_user_mappings ORDER BY 1");
    cr_assert_str_eq(rows, "pgzm_t_fdw2|{user=u,password=p'w}\npublic|\n");
    cr_assert_eq(r.model->uncarried.count, 0);
    drop_role(&r, "pgzm_t_fdw2");
    replay_end(&r);
}

Test(server_foreign, mappings_with_hidden_options_are_named_and_not_carried)
{
    TestDatabase database = test_database("hidden");
    test_sql(
        &database,
        ROLE("pgzm_t_fdw3") "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w;"
                            "CREATE SERVER own FOREIGN DATA WRAPPER w;"
                            "ALTER SERVER own OWNER TO pgzm_t_fdw3;"
                            "CREATE USER MAPPING FOR CURRENT_USER SERVER s OPTIONS (password "
                            "'sesame');"
                            "CREATE USER MAPPING FOR PUBLIC SERVER own OPTIONS (password 'open');");
    AUTO(mem_free) char *user = test_value(&database, "SELECT current_user");
    TestDatabase other = database;
    size_t used = strlen(other.conninfo);
    snprintf(other.conninfo + used, sizeof(other.conninfo) - used, " user=pgzm_t_fdw3");
    AUTO(arena_free) Arena *arena = arena_new();
    Model *model;
    FragmentList list;
    replay_read(&other, arena, &model, &list);
    cr_assert_eq(model->uncarried.count, 1);
    cr_assert_str_eq(model->uncarried.items[0].kind, "user mapping");
    AUTO(mem_free) char *expected = mem_printf("%s on server s", user);
    cr_assert_str_eq(model->uncarried.items[0].identity, expected);
    cr_assert(replay_has(&list, "CREATE USER MAPPING FOR PUBLIC SERVER own"));
    cr_assert(replay_has(&list, "ALTER USER MAPPING FOR PUBLIC SERVER own OPTIONS"
                                " (ADD password 'open')"));
    cr_assert(!replay_has(&list, "CREATE USER MAPPING FOR postgres SERVER s"));
    test_sql(&database, "DROP OWNED BY pgzm_t_fdw3 CASCADE; DROP ROLE pgzm_t_fdw3");
    test_database_drop(&database);
}

Test(server_foreign, a_foreign_table_has_what_a_table_has)
{
    Replay r = roundtrip_begin(ROLE(
        "pgzm_t_fdw4") "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w;"
                       "CREATE SEQUENCE seq;"
                       "CREATE FUNCTION fired() RETURNS trigger LANGUAGE plpgsql AS 'begin return "
                       "new; end';"
                       "CREATE FOREIGN TABLE f (id int OPTIONS (key 'true') NOT NULL DEFAULT "
                       "nextval('seq'),"
                       " \"Name\" varchar(10) OPTIONS (\"Odd \"\" key\" 'it''s') COLLATE \"C\","
                       " twice int GENERATED ALWAYS AS (id * 2) STORED,"
                       " CONSTRAINT positive CHECK (id > 0)) SERVER s OPTIONS (path 'a b', \"X\" "
                       "'');"
                       "ALTER SEQUENCE seq OWNED BY f.id;"
                       "ALTER FOREIGN TABLE f ALTER id SET STATISTICS 55;"
                       "ALTER FOREIGN TABLE f ALTER id SET (n_distinct = 5);"
                       "COMMENT ON FOREIGN TABLE f IS 'far'; COMMENT ON COLUMN f.id IS 'key';"
                       "COMMENT ON CONSTRAINT positive ON f IS 'check';"
                       "ALTER FOREIGN TABLE f OWNER TO pgzm_t_fdw4;"
                       "ALTER SEQUENCE seq OWNED BY NONE;"
                       "GRANT SELECT ON f TO PUBLIC; GRANT UPDATE (id) ON f TO PUBLIC;"
                       "CREATE TRIGGER tr BEFORE INSERT ON f FOR EACH ROW EXECUTE FUNCTION fired();"
                       "ALTER FOREIGN TABLE f DISABLE TRIGGER tr;"
                       "CREATE VIEW v AS SELECT id FROM f;");
    cr_assert(roundtrip_has(&r.list, "CREATE FOREIGN TABLE public.f (id integer OPTIONS (key"
                                     " 'true') NOT NULL, Name character varying(10) OPTIONS ("));
    cr_assert(roundtrip_needs(&r.list, roundtrip_find(&r.list, "CREATE FOREIGN TABLE"),
                              roundtrip_find(&r.list, "CREATE SERVER s")));
    cr_assert_eq(find(&r.list, "CREATE FOREIGN TABLE")->place, PLACE_SCHEMA);
    cr_assert(replay_has(&r.list, "COMMENT ON FOREIGN TABLE public.f IS 'far'"));
    cr_assert(replay_has(&r.list, "GRANT UPDATE (id) ON TABLE public.f TO PUBLIC"));
    cr_assert(!roundtrip_has(&r.list, "ALTER TABLE ONLY public.f REPLICA"));
    static const char facts[] =
        "SELECT ftoptions, (SELECT string_agg(attname || attfdwoptions::text, ' ' ORDER BY attnum)"
        " FROM pg_attribute WHERE attrelid = ftrelid), (SELECT count(*) FROM pg_trigger"
        " WHERE tgrelid = ftrelid AND tgenabled = 'D'), (SELECT relacl FROM pg_class"
        " WHERE oid = ftrelid) FROM pg_foreign_table";
    AUTO(mem_free) char *before = test_rows(&r.source, facts);
    AUTO(mem_free) char *after = test_rows(&r.dest, facts);
    cr_assert_str_eq(after, before);
    cr_assert_not_null(strstr(after, "{\"path=a b\",X=}"));
    drop_role(&r, "pgzm_t_fdw4");
    replay_end(&r);
}

Test(server_foreign, partitions_and_children_may_be_foreign)
{
    Replay r = roundtrip_begin(
        "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w;"
        "CREATE TABLE parted (a int NOT NULL, b text DEFAULT 'x', CHECK (a > 0))"
        " PARTITION BY RANGE (a);"
        "CREATE TABLE here PARTITION OF parted FOR VALUES FROM (1) TO (10);"
        "CREATE FOREIGN TABLE there PARTITION OF parted FOR VALUES FROM (10) TO (20) SERVER s"
        " OPTIONS (t 'x');"
        "CREATE TABLE base (a int, b int NOT NULL);"
        "CREATE FOREIGN TABLE child (c int OPTIONS (n 'c')) INHERITS (base) SERVER s;"
        "ALTER FOREIGN TABLE child ALTER a OPTIONS (ADD n 'a');"
        "CREATE FOREIGN TABLE top (a int) SERVER s; CREATE TABLE low (b int) INHERITS (top);");
    cr_assert(roundtrip_has(&r.list, "ALTER TABLE ONLY public.parted ATTACH PARTITION"
                                     " public.there FOR VALUES FROM (10) TO (20)"));
    cr_assert(replay_has(&r.list,
                         "ALTER FOREIGN TABLE ONLY public.child ALTER COLUMN a OPTIONS (n 'a')"));
    replay_end(&r);
}

Test(server_foreign, the_wrappers_of_extensions_check_what_they_are_given)
{
    Replay r = roundtrip_begin(
        "CREATE EXTENSION postgres_fdw; CREATE EXTENSION file_fdw;"
        "CREATE SERVER pg FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '/nowhere', port '1',"
        " dbname 'd', use_remote_estimate 'false');"
        "CREATE USER MAPPING FOR CURRENT_USER SERVER pg OPTIONS (\"user\" 'u', password 'p');"
        "CREATE FOREIGN TABLE remote (a int OPTIONS (column_name 'A'), b text) SERVER pg"
        " OPTIONS (schema_name 's', table_name 't');"
        "CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;"
        "CREATE FOREIGN TABLE lines (line text, n int) SERVER files"
        " OPTIONS (filename '/nowhere', format 'csv');");
    cr_assert(roundtrip_needs(&r.list, roundtrip_find(&r.list, "CREATE SERVER pg"),
                              roundtrip_find(&r.list, "CREATE EXTENSION IF NOT EXISTS"
                                                      " postgres_fdw")));
    cr_assert(!roundtrip_has(&r.list, "CREATE FOREIGN DATA WRAPPER"));
    replay_end(&r);
}

Test(server_foreign, a_foreign_table_counts_as_one_in_the_model)
{
    Replay r = replay("fmodel", "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA"
                                " WRAPPER w; CREATE FOREIGN TABLE f (a int) SERVER s;"
                                "CREATE TABLE t (a int);");
    const Table *f = model_table_named(r.model, "public", "f");
    const Table *t = model_table_named(r.model, "public", "t");
    cr_assert_eq(f->relkind, 'f');
    cr_assert_str_eq(f->server, "s");
    cr_assert(!table_has_rows(f));
    cr_assert(table_has_rows(t));
    cr_assert_null(t->server);
    cr_assert_eq(f->replica_identity, 'd');
    cr_assert_eq(f->total_bytes, 0);
    replay_end(&r);
}

Test(fragment_shown, hides_the_values_of_a_mapping_and_nothing_else)
{
    AUTO(arena_free) Arena *arena = arena_new();
    cr_assert_str_eq(
        fragment_shown("ALTER USER MAPPING FOR \"it's\" SERVER \"s\" OPTIONS (ADD \"password\""
                       " 'p''w')",
                       arena),
        "ALTER USER MAPPING FOR \"it's\" SERVER \"s\" OPTIONS (ADD \"password\" '...')");
    cr_assert_str_eq(
        fragment_shown("ALTER USER MAPPING FOR PUBLIC SERVER \"a\"\"'b\" OPTIONS (ADD"
                       " \"x\"  E'p\\\\w')",
                       arena),
        "ALTER USER MAPPING FOR PUBLIC SERVER \"a\"\"'b\" OPTIONS (ADD \"x\"  E'...')");
    cr_assert_str_eq(
        fragment_shown("CREATE USER MAPPING FOR PUBLIC SERVER \"s\" OPTIONS (\"a\" 'b', \"c\" 'd')",
                       arena),
        "CREATE USER MAPPING FOR PUBLIC SERVER \"s\" OPTIONS (\"a\" '...')");
    static const char *const others[] = {
        "ALTER USER MAPPING FOR PUBLIC SERVER \"s\" OPTIONS (DROP \"password\")",
        "ALTER SERVER \"s\" OPTIONS (ADD \"host\" 'h')", "COMMENT ON TABLE \"t\" IS 'x'"};
    for (size_t i = 0; i < LENGTH(others); i++)
        cr_assert_str_eq(fragment_shown(others[i], arena), others[i]);
    cr_assert_null(fragment_shown(NULL, arena));
}
