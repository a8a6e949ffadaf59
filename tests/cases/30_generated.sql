-- about: generated stored columns, in parents, children, partitions
CREATE TABLE t (a int, g int GENERATED ALWAYS AS (a * 2) STORED, b text, "G g" text GENERATED ALWAYS AS (lower(b) || '''') STORED PRIMARY KEY);
CREATE TABLE parent (a int, g int GENERATED ALWAYS AS (a + 1) STORED); CREATE TABLE child (c int) INHERITS (parent);
CREATE TABLE p (a int, g int GENERATED ALWAYS AS (a + 1) STORED) PARTITION BY RANGE (a);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10);
CREATE TABLE p2 (g int GENERATED ALWAYS AS (a + 1) STORED, a int); ALTER TABLE p ATTACH PARTITION p2 FOR VALUES FROM (10) TO (20);
CREATE INDEX i ON t (g); INSERT INTO t (a, b) SELECT i, 'B' || i FROM generate_series(1, 100) i;
INSERT INTO parent (a) VALUES (1); INSERT INTO child (a, c) VALUES (2, 3); INSERT INTO p (a) SELECT generate_series(0, 19);
