-- about: a loop of a view and a function that returns the view's rows; a default that calls a function on the table's row type; a domain's check that takes the domain
-- check: SELECT * FROM v ORDER BY 1
CREATE TABLE base (a int, b text COLLATE "C"); INSERT INTO base VALUES (1, 'x'); CREATE VIEW v AS SELECT a, b FROM base; CREATE FUNCTION rows_of_v() RETURNS SETOF v LANGUAGE sql AS 'SELECT 5, ''y''::text COLLATE "C"'; CREATE OR REPLACE VIEW v AS SELECT a, b FROM base UNION ALL SELECT a, b FROM rows_of_v();
CREATE TABLE t (id int, n int, CONSTRAINT c CHECK (id > 0)); CREATE FUNCTION of_row(t) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 7'; ALTER TABLE t ALTER n SET DEFAULT of_row(NULL::t); ALTER TABLE t ADD CONSTRAINT whole CHECK (of_row(t.*) > 0); INSERT INTO t (id) VALUES (1);
CREATE DOMAIN d AS int; CREATE FUNCTION fine(d) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1 > 0'; ALTER DOMAIN d ADD CONSTRAINT is_fine CHECK (fine(VALUE)); CREATE TABLE u (d d DEFAULT 3);
-- No value: such a check calls itself for every one.

CREATE FUNCTION of_table(t) RETURNS t LANGUAGE sql AS 'SELECT $1'; CREATE VIEW w AS SELECT (of_table(t.*)).* FROM t; CREATE INDEX i ON t (of_row(t.*));
