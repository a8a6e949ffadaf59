-- about: indexes with parameters of an operator class, without deduplication
-- source: >= 13
-- dest: >= 13
CREATE TABLE t (a int, v tsvector);
CREATE INDEX signed ON t USING gist (v tsvector_ops (siglen = 100));
CREATE INDEX plain ON t (a) WITH (deduplicate_items = off);
INSERT INTO t SELECT i % 3, to_tsvector('simple', 'a b' || i) FROM generate_series(1, 100) i;
