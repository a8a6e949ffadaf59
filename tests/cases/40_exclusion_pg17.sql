-- about: exclusion constraint of a partitioned table
-- source: >= 17
-- dest: >= 17
CREATE TABLE p (k int, r int, CONSTRAINT apart EXCLUDE USING btree (k WITH =, r WITH =)) PARTITION BY LIST (k);
CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1); CREATE TABLE p2 PARTITION OF p DEFAULT; INSERT INTO p VALUES (1, 1), (2, 1);
