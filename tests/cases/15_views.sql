-- about: views: nested, security_barrier, check options, column default, renamed column
-- check: SELECT * FROM deep
CREATE TABLE t (a int PRIMARY KEY, b text, c numeric);
INSERT INTO t SELECT i, 'b' || i, i / 3.0 FROM generate_series(1, 30) i;
CREATE VIEW low AS SELECT a, b, c FROM t WHERE a < 20;
CREATE VIEW middle WITH (security_barrier = true) AS SELECT a AS x, upper(b) AS y FROM low WHERE a > 2;
CREATE VIEW deep AS SELECT m.x, count(*), max(t.c) FROM middle m JOIN t ON t.a = m.x GROUP BY m.x ORDER BY m.x;
CREATE VIEW local_check AS SELECT * FROM low WHERE a > 5 WITH LOCAL CHECK OPTION;
CREATE VIEW cascaded_check WITH (security_barrier) AS SELECT * FROM local_check WHERE a < 15
    WITH CASCADED CHECK OPTION;
CREATE VIEW defaulted AS SELECT a, b FROM t;
ALTER VIEW defaulted ALTER b SET DEFAULT 'from the view';
ALTER TABLE low RENAME COLUMN c TO renamed;
ALTER TABLE t RENAME COLUMN b TO "B b";
CREATE VIEW star AS SELECT * FROM t; ALTER TABLE t ADD later int;
CREATE RECURSIVE VIEW counting (n) AS VALUES (1) UNION ALL SELECT n + 1 FROM counting WHERE n < 5;
CREATE VIEW odd AS SELECT 0.1::float8 + 0.2 AS f, 'it''s' AS s, '2020-01-01'::timestamptz AS t,
    ARRAY(SELECT a FROM t ORDER BY a LIMIT 2) AS l, CASE WHEN true THEN 1 END AS k,
    row_number() OVER (PARTITION BY 1 ORDER BY 2) AS w FROM (VALUES (1, 'x')) v(p, q);
CREATE VIEW nothing AS SELECT;
COMMENT ON VIEW deep IS 'nested'; COMMENT ON COLUMN middle.y IS 'upper';
