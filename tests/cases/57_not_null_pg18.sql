-- about: named, NOT VALID, NO INHERIT NOT NULL across inheritance; NOT ENFORCED; WITHOUT OVERLAPS and PERIOD FK; virtual columns
-- source: >= 18
-- dest: >= 18
CREATE TABLE t (a int CONSTRAINT named NOT NULL, b int, c int CONSTRAINT alone NOT NULL NO INHERIT, d int CONSTRAINT lenient CHECK (d > 0) NOT ENFORCED); ALTER TABLE t ADD CONSTRAINT later NOT NULL b NOT VALID; CREATE TABLE child (b int CONSTRAINT own NOT NULL) INHERITS (t); CREATE TABLE other () INHERITS (t); INSERT INTO t VALUES (1, 2, 3, -5);
CREATE TABLE stays (room int4range, during tsrange, PRIMARY KEY (room, during WITHOUT OVERLAPS)); CREATE TABLE cleaning (room int4range, during tsrange, FOREIGN KEY (room, PERIOD during) REFERENCES stays (room, PERIOD during)); CREATE TABLE v (a int, x int GENERATED ALWAYS AS (a * 2) VIRTUAL, y int GENERATED ALWAYS AS (a) STORED); INSERT INTO v VALUES (4); CREATE TABLE keyed (a int PRIMARY KEY); CREATE TABLE lax (a int REFERENCES keyed NOT ENFORCED); INSERT INTO lax VALUES (8);
