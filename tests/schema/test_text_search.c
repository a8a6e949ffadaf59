#include <criterion/criterion.h>

#include "tests/schema/roundtrip.h"

Test(server_text_search, a_configuration_comes_with_its_mappings_in_order)
{
    Replay r = roundtrip_begin(
        "CREATE TEXT SEARCH DICTIONARY stems (TEMPLATE = snowball, language = english,"
        " stopwords = english);"
        "CREATE TEXT SEARCH DICTIONARY \"Odd\" (TEMPLATE = simple, accept = false);"
        "CREATE TEXT SEARCH CONFIGURATION conf (PARSER = default);"
        "ALTER TEXT SEARCH CONFIGURATION conf ADD MAPPING FOR word, asciiword, hword"
        " WITH \"Odd\", stems;"
        "ALTER TEXT SEARCH CONFIGURATION conf ADD MAPPING FOR email WITH simple, \"Odd\";"
        "ALTER TEXT SEARCH CONFIGURATION conf ADD MAPPING FOR int WITH simple;"
        "CREATE TEXT SEARCH CONFIGURATION bare (PARSER = default);"
        "CREATE TEXT SEARCH CONFIGURATION copied (COPY = english);"
        "COMMENT ON TEXT SEARCH CONFIGURATION conf IS 'it''s ours';"
        "COMMENT ON TEXT SEARCH DICTIONARY stems IS 'stems';");
    cr_assert(replay_has(&r.list, "CREATE TEXT SEARCH DICTIONARY public.stems (TEMPLATE = snowball,"
                                  " language = 'english', stopwords = 'english')"));
    cr_assert(replay_has(&r.list, "ALTER TEXT SEARCH CONFIGURATION public.conf ADD MAPPING FOR"
                                  " asciiword, word, hword WITH public.Odd, public.stems"));
    cr_assert(replay_has(&r.list, "ALTER TEXT SEARCH CONFIGURATION public.conf ADD MAPPING FOR"
                                  " email WITH simple, public.Odd"));
    AUTO(mem_free)
    char *same = test_value(&r.dest, "SELECT to_tsvector('copied', 'The quick foxes 42')"
                                     " = to_tsvector('english', 'The quick foxes 42')");
    cr_assert_str_eq(same, "t");
    static const char mappings[] = "SELECT c.cfgname, m.maptokentype, m.mapseqno,"
                                   " m.mapdict::regdictionary FROM pg_ts_config c"
                                   " LEFT JOIN pg_ts_config_map m ON m.mapcfg = c.oid"
                                   " WHERE c.oid >= 16384 ORDER BY 1, 2, 3";
    AUTO(mem_free) char *before = test_rows(&r.source, mappings);
    AUTO(mem_free) char *after = test_rows(&r.dest, mappings);
    cr_assert_str_eq(after, before);
    replay_end(&r);
}

Test(server_text_search, columns_and_indexes_use_a_configuration_of_the_database)
{
    Replay r = roundtrip_begin(
        "CREATE SCHEMA zz;"
        "CREATE TEXT SEARCH CONFIGURATION zz.conf (COPY = simple);"
        "CREATE TABLE t (body text,"
        " vector tsvector GENERATED ALWAYS AS (to_tsvector('zz.conf'::regconfig, body)) STORED);"
        "CREATE INDEX t_body ON t USING gin (to_tsvector('zz.conf'::regconfig, body));");
    size_t conf = roundtrip_find(&r.list, "CREATE TEXT SEARCH CONFIGURATION zz.conf");
    cr_assert(roundtrip_needs(&r.list, roundtrip_find(&r.list, "CREATE TABLE"), conf));
    cr_assert(roundtrip_needs(&r.list, roundtrip_find(&r.list, "CREATE INDEX"), conf));
    test_sql(&r.dest, "INSERT INTO t (body) VALUES ('Foxes')");
    AUTO(mem_free) char *vector = test_value(&r.dest, "SELECT vector FROM t");
    cr_assert_str_eq(vector, "'foxes':1");
    replay_end(&r);
}

Test(server_text_search, parsers_and_templates_come_with_their_functions)
{
    Replay r = roundtrip_begin(
        "CREATE TEXT SEARCH PARSER pars (START = prsd_start, GETTOKEN = prsd_nexttoken,"
        " END = prsd_end, LEXTYPES = prsd_lextype, HEADLINE = prsd_headline);"
        "CREATE TEXT SEARCH PARSER mute (START = prsd_start, GETTOKEN = prsd_nexttoken,"
        " END = prsd_end, LEXTYPES = prsd_lextype);"
        "CREATE TEXT SEARCH TEMPLATE temp (LEXIZE = dsimple_lexize);"
        "CREATE FUNCTION initialize(internal) RETURNS internal LANGUAGE internal AS 'dsimple_init';"
        "CREATE TEXT SEARCH TEMPLATE full_one (INIT = initialize, LEXIZE = dsimple_lexize);"
        "CREATE TEXT SEARCH DICTIONARY a_dict (TEMPLATE = full_one, accept = 'true');"
        "CREATE TEXT SEARCH CONFIGURATION a_conf (PARSER = pars);"
        "ALTER TEXT SEARCH CONFIGURATION a_conf ADD MAPPING FOR word WITH a_dict;"
        "COMMENT ON TEXT SEARCH PARSER pars IS 'p'; COMMENT ON TEXT SEARCH TEMPLATE temp IS 't';");
    cr_assert(replay_has(&r.list,
                         "CREATE TEXT SEARCH PARSER public.pars (START = prsd_start,"
                         " GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype,"
                         " HEADLINE = prsd_headline)"));
    cr_assert(replay_has(&r.list, "CREATE TEXT SEARCH TEMPLATE public.full_one (LEXIZE ="
                                  " dsimple_lexize, INIT = public.initialize)"));
    cr_assert(replay_has(&r.list, "COMMENT ON TEXT SEARCH PARSER public.pars IS 'p'"));
    replay_end(&r);
}

Test(server_text_search, a_thesaurus_comes_after_the_dictionary_that_it_names)
{
    Replay r = roundtrip_begin(
        "CREATE TEXT SEARCH DICTIONARY zz (TEMPLATE = snowball, language = 'english');"
        "CREATE TEXT SEARCH DICTIONARY aa (TEMPLATE = thesaurus, dictfile = 'thesaurus_sample',"
        " dictionary = 'public.zz');");
    cr_assert(roundtrip_needs(&r.list,
                              roundtrip_find(&r.list, "CREATE TEXT SEARCH DICTIONARY public.aa"),
                              roundtrip_find(&r.list, "CREATE TEXT SEARCH DICTIONARY public.zz")));
    replay_end(&r);
}

Test(server_text_search, owners_and_odd_names_are_kept)
{
    Replay r = roundtrip_begin(
        "DO $$BEGIN CREATE ROLE pgzm_t_ts; EXCEPTION WHEN duplicate_object THEN NULL; END$$;"
        "CREATE SCHEMA \"s \"\"s\";"
        "CREATE TEXT SEARCH DICTIONARY \"s \"\"s\".\"d, d\" (TEMPLATE = synonym,"
        " synonyms = 'synonym_sample');"
        "CREATE TEXT SEARCH CONFIGURATION \"s \"\"s\".\"c\nc\" (COPY = simple);"
        "ALTER TEXT SEARCH CONFIGURATION \"s \"\"s\".\"c\nc\" ALTER MAPPING FOR word WITH"
        " \"s \"\"s\".\"d, d\";"
        "ALTER TEXT SEARCH CONFIGURATION \"s \"\"s\".\"c\nc\" OWNER TO pgzm_t_ts;"
        "ALTER TEXT SEARCH DICTIONARY \"s \"\"s\".\"d, d\" OWNER TO pgzm_t_ts;");
    cr_assert(replay_has(&r.list, "ALTER TEXT SEARCH DICTIONARY s s.d, d OWNER TO pgzm_t_ts"));
    test_sql(&r.source, "DROP OWNED BY pgzm_t_ts CASCADE");
    test_sql(&r.dest, "DROP OWNED BY pgzm_t_ts CASCADE; DROP ROLE pgzm_t_ts");
    replay_end(&r);
}
