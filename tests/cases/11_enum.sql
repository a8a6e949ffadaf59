-- about: an enum with values inserted before and after; its order must not be that of the OIDs
-- check: SELECT enum_range(NULL::e)
-- check: SELECT * FROM t ORDER BY e, id
CREATE TYPE e AS ENUM ('m');
ALTER TYPE e ADD VALUE 'z' AFTER 'm';
ALTER TYPE e ADD VALUE 'a' BEFORE 'm';
ALTER TYPE e ADD VALUE 'n' AFTER 'm';
ALTER TYPE e ADD VALUE 'between' BEFORE 'n';
ALTER TYPE e ADD VALUE 'it''s "x"';
CREATE TYPE nothing AS ENUM ();
-- next
CREATE TABLE t (id int PRIMARY KEY, e e DEFAULT 'n', l e[], x nothing);
INSERT INTO t VALUES (1, 'z', '{a,m}'), (2, 'a', NULL), (3, 'between', '{}');
ALTER TYPE e RENAME VALUE 'z' TO 'zz';
CREATE INDEX i ON t (e) WHERE e > 'm';
