-- about: extended statistics (kinds, target)
-- source: >= 13
-- dest: >= 13
CREATE TABLE t (a int, b int, c text); CREATE SCHEMA s; CREATE STATISTICS everything ON a, b, c FROM t; CREATE STATISTICS s.distinct_only (ndistinct) ON a, b FROM t;
CREATE STATISTICS "two kinds" (dependencies, mcv) ON b, c FROM t; ALTER STATISTICS everything SET STATISTICS 77; COMMENT ON STATISTICS everything IS 'all'; INSERT INTO t SELECT i, i % 5, i FROM generate_series(1, 200) i;
