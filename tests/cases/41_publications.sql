-- about: publications: tables, partitioned tables via their root, some operations, one without tables
-- source: >= 13
-- dest: >= 13
CREATE TABLE t (a int PRIMARY KEY); CREATE TABLE u (a int PRIMARY KEY); CREATE TABLE p (a int PRIMARY KEY) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p DEFAULT;
CREATE PUBLICATION tables FOR TABLE t, ONLY u WITH (publish = 'insert, truncate'); CREATE PUBLICATION via_root FOR TABLE p WITH (publish_via_partition_root = true); CREATE PUBLICATION nothing WITH (publish = ''); INSERT INTO t VALUES (1);
