-- about: BEGIN ATOMIC function grouped by a primary key
-- source: >= 14
-- dest: >= 14
-- check: SELECT * FROM f() ORDER BY 1
CREATE TABLE t (id int PRIMARY KEY, b text); INSERT INTO t VALUES (1, 'x'), (2, 'y');
CREATE FUNCTION f() RETURNS TABLE (id int, b text, n bigint) LANGUAGE sql BEGIN ATOMIC SELECT t.id, t.b, count(*) FROM t GROUP BY t.id; END;
CREATE VIEW v AS SELECT f.b FROM f() f; CREATE FUNCTION plain(a int) RETURNS int LANGUAGE sql RETURN a + (SELECT count(*) FROM t); CREATE PROCEDURE p() LANGUAGE sql BEGIN ATOMIC INSERT INTO t VALUES (9, 'z'); DELETE FROM t WHERE id = 9; END;
