-- about: composite type, composite column, array of composite, dropped attribute
-- check: SELECT (c).x, (c).z, l[1].s, deep FROM t ORDER BY id
CREATE TYPE inner_type AS (s varchar(4) COLLATE "C", n numeric(5, 1));
CREATE TYPE c AS (x int, gone text, y inner_type, z timestamptz);
ALTER TYPE c DROP ATTRIBUTE gone;
ALTER TYPE c ADD ATTRIBUTE late text;
ALTER TYPE c RENAME ATTRIBUTE late TO "Later";
CREATE TYPE nothing AS ();
CREATE TYPE deep AS (list c[], one inner_type);
COMMENT ON TYPE c IS 'a type'; COMMENT ON COLUMN c.y IS 'an attribute';
CREATE TABLE t (id int, c c, l inner_type[], deep deep DEFAULT ROW(NULL, ROW('a', 1))::deep, n nothing);
INSERT INTO t (id, c, l) VALUES
    (1, ROW(1, ROW('ab', 1.5), '2020-01-01+00', 'late'), ARRAY[ROW('x', 2), NULL]::inner_type[]);
INSERT INTO t VALUES
    (2, NULL, '{}', ROW(ARRAY[ROW(5, NULL, NULL, 'it''s "q"')::c], NULL), ROW());
CREATE TABLE of_row (r t, rs t[]);
INSERT INTO of_row SELECT t, ARRAY[t] FROM t;
