-- about: self-referencing and circular foreign keys
CREATE TABLE tree (id int PRIMARY KEY, parent int REFERENCES tree ON DELETE CASCADE);
CREATE TABLE a (id int PRIMARY KEY, b int);
CREATE TABLE b (id int PRIMARY KEY, c int, a int REFERENCES a);
CREATE TABLE c (id int PRIMARY KEY, a int REFERENCES a DEFERRABLE INITIALLY DEFERRED);
ALTER TABLE a ADD CONSTRAINT a_to_b FOREIGN KEY (b) REFERENCES b;
ALTER TABLE b ADD CONSTRAINT b_to_c FOREIGN KEY (c) REFERENCES c;
INSERT INTO tree SELECT i, nullif(i / 2, 0) FROM generate_series(1, 100) i;
UPDATE tree SET parent = 100 WHERE id = 1;
INSERT INTO a VALUES (1, NULL), (2, NULL); INSERT INTO c VALUES (1, 1), (2, 1);
INSERT INTO b VALUES (1, 1, 1), (2, 2, 2); UPDATE a SET b = id;
