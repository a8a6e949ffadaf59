-- about: exclusion constraints incl. partial, deferrable
CREATE TABLE t (a int4range, b int, c circle, EXCLUDE USING gist (a WITH &&), CONSTRAINT partial EXCLUDE USING gist (c WITH &&, a WITH =) WHERE (b > 0),
    CONSTRAINT deferred EXCLUDE USING btree (b WITH =) INCLUDE (a) WITH (fillfactor = 60) DEFERRABLE INITIALLY DEFERRED, CONSTRAINT expression EXCLUDE USING btree ((b + 1) int4_ops WITH =));
ALTER INDEX expression ALTER COLUMN 1 SET STATISTICS 222; COMMENT ON CONSTRAINT partial ON t IS 'a part'; INSERT INTO t SELECT int4range(i * 10, i * 10 + 5), i, circle(point(i * 10, 0), 1) FROM generate_series(1, 40) i;
