-- about: the destination has a plain table where a partitioned one comes, a partitioned one where a plain one comes, a view where a table comes; they come back
-- check: SELECT tableoid::regclass::text, a, b FROM p ORDER BY a
-- check: SELECT a FROM plain ORDER BY a
-- check: SELECT a FROM was_view ORDER BY a
CREATE TABLE p (a int PRIMARY KEY, b text) PARTITION BY RANGE (a);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10); CREATE TABLE p2 PARTITION OF p DEFAULT;
INSERT INTO p SELECT i, 'b' || i FROM generate_series(1, 20) i; CREATE TABLE plain (a int); INSERT INTO plain VALUES (1), (2);
CREATE TABLE was_view (a int UNIQUE); INSERT INTO was_view VALUES (5); CREATE TABLE above (p int REFERENCES p); INSERT INTO above VALUES (3), (15);
