-- about: a partition whose detaching was interrupted is refused
-- source: >= 14
-- expect: 4 p1
CREATE TABLE p (a int) PARTITION BY RANGE (a); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10); CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (10) TO (20); UPDATE pg_inherits SET inhdetachpending = true WHERE inhrelid = 'p1'::regclass;
