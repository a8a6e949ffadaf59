-- about: an unlogged table, with rows
CREATE UNLOGGED TABLE t (id serial PRIMARY KEY, a text, i int GENERATED ALWAYS AS IDENTITY); CREATE INDEX i ON t (a);
INSERT INTO t (a) VALUES ('x'), ('y');
