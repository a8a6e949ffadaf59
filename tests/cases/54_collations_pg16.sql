-- about: collation with rules
-- source: >= 16
-- dest: >= 16
-- needs: SELECT EXISTS (SELECT FROM pg_collation WHERE collprovider = 'i')
CREATE COLLATION ruled (PROVIDER = icu, LOCALE = 'und', RULES = '&V << w <<< W'); CREATE TABLE t (a text COLLATE ruled);
