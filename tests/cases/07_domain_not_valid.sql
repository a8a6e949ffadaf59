-- about: a domain's NOT VALID check that rows violate: it comes after the rows of all tables; many jobs, so that it would overtake some of them
-- options: --jobs 12
-- check: SELECT conname, convalidated FROM pg_constraint WHERE contypid = 'd'::regtype AND contype = 'c' ORDER BY conname COLLATE "C"
CREATE DOMAIN d AS int CONSTRAINT positive CHECK (VALUE > 0);
CREATE TABLE t1 (d d); CREATE TABLE t2 (d d); CREATE TABLE t3 (d d); CREATE TABLE t4 (d d);
CREATE TABLE t5 (d d); CREATE TABLE t6 (d d); CREATE TABLE t7 (d d); CREATE TABLE t8 (d d);
INSERT INTO t1 VALUES (3), (4); INSERT INTO t2 VALUES (3); INSERT INTO t3 VALUES (3); INSERT INTO t4 VALUES (3);
INSERT INTO t5 VALUES (3); INSERT INTO t6 VALUES (3); INSERT INTO t7 VALUES (3); INSERT INTO t8 VALUES (3);
ALTER DOMAIN d ADD CONSTRAINT "not 3" CHECK (VALUE <> 3) NOT VALID;
