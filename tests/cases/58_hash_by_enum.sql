-- about: hash partition on an enum; leftover satisfies_hash_partition check
-- expect: 0 left_over
-- ignore: constraint
-- check: SELECT e, count(*) FROM p GROUP BY e ORDER BY e
CREATE TYPE e AS ENUM ('a', 'b', 'c', 'd'); CREATE TABLE p (e e, n int) PARTITION BY HASH (e); CREATE TABLE p0 PARTITION OF p FOR VALUES WITH (MODULUS 3, REMAINDER 0); CREATE TABLE p1 PARTITION OF p FOR VALUES WITH (MODULUS 3, REMAINDER 1); CREATE TABLE p2 PARTITION OF p FOR VALUES WITH (MODULUS 3, REMAINDER 2);
INSERT INTO p SELECT (ARRAY['a', 'b', 'c', 'd'])[i % 4 + 1]::e, i FROM generate_series(1, 400) i; CREATE TABLE h (a int) PARTITION BY HASH (a); CREATE TABLE h0 (a int); INSERT INTO h0 SELECT i FROM generate_series(1, 5) i WHERE satisfies_hash_partition('h'::regclass, 1, 0, i); DO $$ begin execute format('ALTER TABLE h0 ADD CONSTRAINT left_over CHECK (satisfies_hash_partition(''%s''::oid, 1, 0, a))', 'h'::regclass::oid); end $$;
