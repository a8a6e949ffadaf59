-- about: plain, expression, partial, DESC NULLS, opclass and collated indexes
CREATE TABLE t (a int, b text, c text COLLATE "C", d jsonb, e int4range, f text[], p point, s inet);
INSERT INTO t SELECT i, 'b' || i, 'c' || i, jsonb_build_object('k', i), int4range(i, i + 2), ARRAY['x' || i],
    point(i, i), '10.0.0.1' FROM generate_series(1, 1000) i;
CREATE INDEX plain ON t (a);
CREATE INDEX expression ON t (lower(b), (a + 1), (d ->> 'k'));
CREATE INDEX partial ON t (b) WHERE a > 10 AND b LIKE 'x%';
CREATE INDEX sorted ON t (a DESC NULLS LAST, b NULLS FIRST, c DESC);
CREATE INDEX pattern ON t (b text_pattern_ops, c varchar_pattern_ops);
CREATE INDEX collated ON t (b COLLATE "POSIX", lower(c) COLLATE "C");
CREATE INDEX hashed ON t USING hash (b);
CREATE INDEX documents ON t USING gin (d jsonb_path_ops, f) WITH (fastupdate = off);
CREATE INDEX ranges ON t USING gist (e, p);
CREATE INDEX space ON t USING spgist (s inet_ops);
CREATE INDEX blocks ON t USING brin (a, b) WITH (pages_per_range = 16, autosummarize = on);
CREATE INDEX filled ON t (a) INCLUDE (b, c) WITH (fillfactor = 60);
CREATE UNIQUE INDEX "Unique one" ON t ((a * 2)) WHERE a > 0;
ALTER INDEX expression ALTER COLUMN 1 SET STATISTICS 300;
COMMENT ON INDEX partial IS 'only a part';
