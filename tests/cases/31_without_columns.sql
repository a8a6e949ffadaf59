-- about: a zero-column table with rows; a table of only generated columns
-- check: SELECT count(*) FROM zero
-- check: SELECT count(*), sum(g) FROM only_generated
-- check: SELECT count(*) FROM dropped_all
CREATE TABLE zero (); INSERT INTO zero SELECT FROM generate_series(1, 100);
CREATE TABLE only_generated (g int GENERATED ALWAYS AS (5) STORED, h text GENERATED ALWAYS AS ('x') STORED);
INSERT INTO only_generated DEFAULT VALUES; INSERT INTO only_generated DEFAULT VALUES;
CREATE TABLE dropped_all (a int); INSERT INTO dropped_all VALUES (1), (2); ALTER TABLE dropped_all DROP a;
