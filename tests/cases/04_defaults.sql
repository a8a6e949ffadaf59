-- about: defaults: functions, casts, now(), an enum, regclass, negative and NaN constants
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy one');
CREATE FUNCTION next_code(prefix text, n int DEFAULT 3) RETURNS text
    LANGUAGE sql AS $$ SELECT prefix || n $$;
CREATE TABLE named (a int);
CREATE TABLE t (
    a int DEFAULT -1, b numeric DEFAULT 'NaN', c float8 DEFAULT 'NaN', d float8 DEFAULT '-Infinity',
    e numeric DEFAULT -0.50, f text DEFAULT next_code('x', 7), g text DEFAULT next_code('y'),
    h timestamptz DEFAULT now(), i date DEFAULT CURRENT_DATE, j mood DEFAULT 'happy one',
    k mood[] DEFAULT ARRAY['sad', 'ok']::mood[], l regclass DEFAULT 'named'::regclass,
    m varchar(5) DEFAULT 'it''s'::varchar(5), n bigint DEFAULT (-9223372036854775807 - 1),
    o text DEFAULT E'back\\slash\nline', p float8 DEFAULT 0.1 + 0.2, q interval DEFAULT '-1 mons +2 days',
    r bytea DEFAULT '\x00ff', s name DEFAULT CURRENT_USER, u jsonb DEFAULT '{"a": [1, null]}',
    v text DEFAULT NULL::text COLLATE "C", w text DEFAULT ('a' || 'b')::text, x bool DEFAULT (NOT false));
INSERT INTO t (h, i) VALUES ('2020-01-01+00', '2020-01-01');
