-- about: partitioned PK, unique and index attach, extra index on one leaf, missing leaf index (invalid parent)
-- check: SELECT c.relname, indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE c.relnamespace = 'public'::regnamespace ORDER BY c.relname COLLATE "C"
CREATE TABLE p (a int, b int, c text, CONSTRAINT "own key" PRIMARY KEY (a, b), CONSTRAINT u UNIQUE (b, a)) PARTITION BY RANGE (a);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (100); CREATE TABLE p2 (b int NOT NULL, c text, a int NOT NULL, CONSTRAINT p2_own PRIMARY KEY (a, b));
ALTER TABLE p ATTACH PARTITION p2 FOR VALUES FROM (100) TO (200);
CREATE TABLE p3 PARTITION OF p FOR VALUES FROM (200) TO (300) PARTITION BY LIST (b); CREATE TABLE p3_1 PARTITION OF p3 DEFAULT;
CREATE INDEX on_all ON p (c); CREATE UNIQUE INDEX unique_all ON p (b, a);
CREATE INDEX extra ON p1 (c DESC) WHERE a > 5;
CREATE INDEX missing ON ONLY p (b);
CREATE INDEX p1_b ON p1 (b); ALTER INDEX missing ATTACH PARTITION p1_b;
ALTER INDEX on_all RENAME TO "on all";
INSERT INTO p SELECT i, i, 'c' || i FROM generate_series(0, 299) i;
