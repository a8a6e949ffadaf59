-- about: matview populated and not populated, index on it, matview on a matview through a view
-- check: SELECT * FROM upper_m ORDER BY 1
-- dest-check: SELECT NOT relispopulated FROM pg_class WHERE relname = 'empty_m'
CREATE TABLE t (a int, b text);
INSERT INTO t SELECT i, 'b' || i % 10 FROM generate_series(1, 100) i;
CREATE MATERIALIZED VIEW lower_m WITH (fillfactor = 80) AS SELECT b, sum(a) AS s FROM t GROUP BY b;
CREATE VIEW between_v AS SELECT b, s * 2 AS twice FROM lower_m;
CREATE MATERIALIZED VIEW upper_m AS SELECT twice FROM between_v WHERE twice > 900;
CREATE MATERIALIZED VIEW a_before AS SELECT count(*) FROM upper_m;
CREATE MATERIALIZED VIEW empty_m AS SELECT a FROM t WITH NO DATA;
CREATE MATERIALIZED VIEW on_empty AS SELECT count(*) FROM t WITH NO DATA;
CREATE UNIQUE INDEX lower_m_b ON lower_m (b); CREATE INDEX empty_m_a ON empty_m (a);
CREATE INDEX lower_m_s ON lower_m (s DESC) WHERE s > 5;
ALTER MATERIALIZED VIEW lower_m CLUSTER ON lower_m_b;
ALTER MATERIALIZED VIEW lower_m ALTER b SET STATISTICS 50;
COMMENT ON MATERIALIZED VIEW lower_m IS 'sums'; COMMENT ON COLUMN lower_m.s IS 'sum';
