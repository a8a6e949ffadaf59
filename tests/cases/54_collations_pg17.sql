-- about: collation of the builtin provider
-- source: >= 17
-- dest: >= 17
CREATE COLLATION built (PROVIDER = builtin, LOCALE = 'C.UTF-8'); CREATE TABLE t (a text COLLATE built); INSERT INTO t VALUES ('x');
