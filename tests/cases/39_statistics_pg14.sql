-- about: extended statistics of expressions
-- source: >= 14
-- dest: >= 14
CREATE TABLE t (a int, b text); CREATE STATISTICS e ON (a + 1), lower(b), a FROM t; CREATE STATISTICS one ON (a * 2) FROM t; INSERT INTO t VALUES (1, 'x');
