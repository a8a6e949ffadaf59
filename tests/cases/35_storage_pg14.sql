-- about: compression of columns
-- source: >= 14
-- dest: >= 14
CREATE TABLE t (a text COMPRESSION pglz, b text); INSERT INTO t VALUES (repeat('y', 5000), 'b');
CREATE MATERIALIZED VIEW m AS SELECT a FROM t; ALTER MATERIALIZED VIEW m ALTER a SET COMPRESSION pglz;
