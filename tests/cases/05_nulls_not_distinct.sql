-- about: UNIQUE with NULLS NOT DISTINCT, as a constraint and as an index
-- source: >= 15
-- dest: >= 15
CREATE TABLE t (a int UNIQUE NULLS NOT DISTINCT, b int, c int);
CREATE UNIQUE INDEX i ON t (b, c) NULLS NOT DISTINCT WHERE c > 0;
INSERT INTO t VALUES (NULL, NULL, NULL), (1, NULL, 1);
