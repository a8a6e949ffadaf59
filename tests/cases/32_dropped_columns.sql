-- about: dropped columns everywhere, then foreign keys, indexes and publications referencing later columns
CREATE TABLE p (x int, id int PRIMARY KEY, y int, k text UNIQUE); ALTER TABLE p DROP x, DROP y;
CREATE TABLE t (x int, a int, y text, b text, z int, c numeric); ALTER TABLE t DROP x, DROP y, DROP z;
ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES p, ADD FOREIGN KEY (b) REFERENCES p (k), ADD CHECK (c > 0), ADD d int DEFAULT 4;
CREATE INDEX i ON t (c, lower(b)) INCLUDE (d); CREATE STATISTICS s ON b, c FROM t; CREATE VIEW v AS SELECT * FROM t;
CREATE PUBLICATION pub FOR TABLE t; CREATE RULE r AS ON UPDATE TO t WHERE NEW.c > 100 DO INSTEAD NOTHING;
ALTER TABLE t REPLICA IDENTITY FULL; GRANT SELECT (c) ON t TO PUBLIC;
INSERT INTO p VALUES (1, 'a'), (2, 'b'); INSERT INTO t VALUES (1, 'a', 1.5), (2, 'b', 2.5);
