-- about: inheritance: multiple parents, merged columns, DEFAULT NULL override, late ADD COLUMN reorder
-- check: SELECT tableoid::regclass::text, one.* FROM one ORDER BY a, 1
CREATE TABLE one (a int DEFAULT 1, b text, CONSTRAINT k CHECK (a > 0)); CREATE TABLE two (a int DEFAULT 1, c int NOT NULL);
CREATE TABLE both_parents (d int) INHERITS (two, one);
CREATE TABLE merged (b text DEFAULT 'own' NOT NULL, e int, a int DEFAULT 7) INHERITS (one);
CREATE TABLE overridden () INHERITS (one); ALTER TABLE overridden ALTER a SET DEFAULT NULL;
CREATE TABLE reordered (own int) INHERITS (one); ALTER TABLE one ADD late int DEFAULT 5;
CREATE TABLE grandchild (g int, a int DEFAULT 8) INHERITS (reordered, merged);
CREATE TABLE former () INHERITS (one); ALTER TABLE former NO INHERIT one;
CREATE TABLE joined (late int DEFAULT 6, x int, b text, a int, CONSTRAINT k CHECK (a > 0)); ALTER TABLE joined INHERIT one;
INSERT INTO one VALUES (1, 'one'); INSERT INTO both_parents (a, b, c, d) VALUES (2, 'b', 3, 4);
INSERT INTO merged (e) VALUES (5); INSERT INTO overridden (b) VALUES ('o'); INSERT INTO reordered (own, a) VALUES (9, 10);
INSERT INTO grandchild (g, b) VALUES (1, 'g'); INSERT INTO joined VALUES (1, 2, 'j', 4);
