-- about: tablespaces for table, index, constraint, partition
-- tablespace: case_space
CREATE TABLE t (a int, b int, CONSTRAINT k PRIMARY KEY (a) WITH (fillfactor = 70) USING INDEX TABLESPACE case_space) TABLESPACE case_space;
CREATE INDEX i ON t (b) TABLESPACE case_space; CREATE TABLE u (a int UNIQUE USING INDEX TABLESPACE case_space);
CREATE TABLE p (a int, CONSTRAINT pk PRIMARY KEY (a) USING INDEX TABLESPACE case_space) PARTITION BY RANGE (a) TABLESPACE case_space;
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10); CREATE TABLE p2 PARTITION OF p DEFAULT TABLESPACE pg_default;
CREATE MATERIALIZED VIEW m TABLESPACE case_space AS SELECT 1 AS a; INSERT INTO t SELECT i, i FROM generate_series(1, 50) i; INSERT INTO p SELECT generate_series(1, 20);
