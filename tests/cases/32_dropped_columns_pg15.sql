-- about: a publication of columns and rows of a table with dropped columns
-- source: >= 15
-- dest: >= 15
CREATE TABLE t (x int, a int PRIMARY KEY, y text, b text); ALTER TABLE t DROP x, DROP y;
CREATE PUBLICATION pub FOR TABLE t (a, b) WHERE (a > 3); INSERT INTO t VALUES (1, 'x');
