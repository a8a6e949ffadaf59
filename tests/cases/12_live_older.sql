-- about: the destination has an older version of what comes: a table with fewer columns and other rows, an enum with fewer values, a composite type and a domain of another shape, another view, function, trigger, rule and sequence; they come back
-- check: SELECT * FROM t ORDER BY id
-- check: SELECT unnest(enum_range(NULL::e))
-- check: SELECT * FROM v ORDER BY 1
-- check: SELECT f(2), nextval('q')
-- dest-check: SELECT count(*) = 2 FROM only_here
-- dest-check: SELECT to_regclass('gone_i') IS NULL
CREATE TYPE e AS ENUM ('first', 'a', 'between', 'b', 'last'); CREATE TYPE c AS (x int, y text, z e);
CREATE DOMAIN d AS text COLLATE "C" DEFAULT 'new' CONSTRAINT short CHECK (length(VALUE) < 9);
CREATE SEQUENCE q AS bigint START 100 INCREMENT 7;
CREATE TABLE p (k text PRIMARY KEY); INSERT INTO p VALUES ('p'), ('r');
CREATE TABLE t (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, e e DEFAULT 'between', c c, d d, p text REFERENCES p, n numeric(8, 2) CHECK (n > 0));
INSERT INTO t (e, c, d, p, n) VALUES ('last', ROW(1, 'y', 'first'), 'short', 'p', 1.5), (DEFAULT, NULL, DEFAULT, 'r', 2);
CREATE INDEX t_d ON t (d) WHERE n > 1;
CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT a * 10';
CREATE VIEW v AS SELECT id, e, f(id::int) AS ten FROM t;
CREATE FUNCTION changed() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER changes BEFORE UPDATE OF e ON t FOR EACH ROW EXECUTE FUNCTION changed();
CREATE RULE r AS ON DELETE TO p WHERE OLD.k = 'p' DO INSTEAD NOTHING;
COMMENT ON TABLE t IS 'new'; COMMENT ON COLUMN t.e IS 'new'; GRANT SELECT ON t TO PUBLIC;
