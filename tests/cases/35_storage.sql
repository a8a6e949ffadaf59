-- about: storage, statistics target 0, n_distinct, fillfactor, toast options
CREATE TABLE t (a text, b text, c jsonb, d bytea, e int) WITH (fillfactor = 55, autovacuum_enabled = off, parallel_workers = 2, toast.autovacuum_enabled = off, toast_tuple_target = 512);
ALTER TABLE t ALTER a SET STORAGE EXTERNAL, ALTER b SET STORAGE MAIN, ALTER c SET STORAGE PLAIN, ALTER d SET STATISTICS 0, ALTER e SET STATISTICS 500, ALTER e SET (n_distinct = -0.5, n_distinct_inherited = 10);
INSERT INTO t SELECT repeat('x', 5000), 'b', '{}', '\x00', i FROM generate_series(1, 20) i; ALTER TABLE t ALTER b SET STATISTICS 100;
