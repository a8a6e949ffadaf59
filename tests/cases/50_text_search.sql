-- about: text-search parser, template, dictionary, configuration
-- roles: case_owner
-- check: SELECT to_tsvector('own', 'The quick FOXES jumped 42')
CREATE TEXT SEARCH PARSER p (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype, HEADLINE = prsd_headline); CREATE TEXT SEARCH TEMPLATE tpl (INIT = dsimple_init, LEXIZE = dsimple_lexize);
CREATE TEXT SEARCH DICTIONARY d (TEMPLATE = tpl, STOPWORDS = 'english', ACCEPT = 'false'); CREATE TEXT SEARCH DICTIONARY stem (TEMPLATE = snowball, LANGUAGE = 'english', STOPWORDS = 'english');
CREATE TEXT SEARCH CONFIGURATION own (PARSER = p); ALTER TEXT SEARCH CONFIGURATION own ADD MAPPING FOR asciiword, word WITH d, stem; ALTER TEXT SEARCH CONFIGURATION own ADD MAPPING FOR int WITH simple;
CREATE TEXT SEARCH CONFIGURATION copied (COPY = english); ALTER TEXT SEARCH CONFIGURATION copied ALTER MAPPING REPLACE english_stem WITH stem; ALTER TEXT SEARCH CONFIGURATION copied DROP MAPPING FOR email; ALTER TEXT SEARCH CONFIGURATION copied OWNER TO case_owner; ALTER TEXT SEARCH DICTIONARY stem OWNER TO case_owner;
CREATE TABLE t (b text, v tsvector GENERATED ALWAYS AS (to_tsvector('own', b)) STORED); CREATE INDEX i ON t USING gin (to_tsvector('copied'::regconfig, b)); INSERT INTO t VALUES ('The quick FOXES');
