-- about: view and matview grouped by a primary key (they depend on the constraint)
-- check: SELECT * FROM m ORDER BY 1
CREATE TABLE t (id int PRIMARY KEY, b text); CREATE TABLE o (t int REFERENCES t, n int); INSERT INTO t VALUES (1, 'x'), (2, 'y'); INSERT INTO o VALUES (1, 5), (1, 6);
CREATE VIEW v AS SELECT t.id, t.b, sum(n) FROM t LEFT JOIN o ON o.t = t.id GROUP BY t.id; CREATE MATERIALIZED VIEW m AS SELECT t.id, t.b, count(*) FROM t GROUP BY t.id; CREATE VIEW on_v AS SELECT b FROM v; CREATE MATERIALIZED VIEW on_both AS SELECT m.b FROM m JOIN v USING (id); CREATE UNIQUE INDEX i ON m (id);
CREATE FUNCTION of_v(v) RETURNS text LANGUAGE sql AS 'SELECT $1.b'; GRANT SELECT ON v TO PUBLIC; COMMENT ON VIEW v IS 'grouped';
