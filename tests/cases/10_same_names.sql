-- about: schemas with objects of the same name; objects that shadow names of pg_catalog
-- check: SELECT * FROM one.v
-- check: SELECT * FROM two.v
-- check: SELECT * FROM one.shadowed
CREATE SCHEMA one; CREATE SCHEMA two;
CREATE TYPE one.kind AS ENUM ('a', 'b'); CREATE TYPE two.kind AS ENUM ('b', 'c');
CREATE TABLE one.t (id int PRIMARY KEY, k one.kind, o two.kind);
CREATE TABLE two.t (id int PRIMARY KEY REFERENCES one.t, k two.kind, o one.kind);
CREATE TABLE public.t (id int PRIMARY KEY REFERENCES two.t);
CREATE FUNCTION one.f(int) RETURNS text LANGUAGE sql AS $$ SELECT 'one' || $1 $$;
CREATE FUNCTION two.f(int) RETURNS text LANGUAGE sql AS $$ SELECT 'two' || $1 $$;
CREATE VIEW one.v AS SELECT t.id, one.f(t.id), two.f(t.id) AS other FROM one.t JOIN two.t u USING (id);
CREATE VIEW two.v AS SELECT t.id, two.f(t.id), one.f(t.id) AS other FROM two.t JOIN one.t u USING (id);
INSERT INTO one.t VALUES (1, 'a', 'c'), (2, 'b', 'b'); INSERT INTO two.t VALUES (1, 'c', 'a');
INSERT INTO t VALUES (1);
CREATE TABLE public.pg_class (relname text); INSERT INTO public.pg_class VALUES ('mine');
CREATE TABLE one.pg_attribute (a int);
CREATE TYPE public.text AS ENUM ('not text');
CREATE DOMAIN one.int4 AS pg_catalog.text;
CREATE FUNCTION public.lower(pg_catalog.text) RETURNS pg_catalog.text IMMUTABLE LANGUAGE sql
    AS $$ SELECT 'mine' $$;
CREATE FUNCTION public.now() RETURNS pg_catalog.text LANGUAGE sql AS $$ SELECT 'never' $$;
CREATE TABLE one.odd (a public.text, b pg_catalog.text, c one.int4, d int DEFAULT 3);
INSERT INTO one.odd VALUES ('not text', 'x', 'y');
CREATE VIEW one.shadowed AS
    SELECT public.lower('A'), pg_catalog.lower('A') AS real, public.now(), b FROM one.odd, public.pg_class;
CREATE INDEX odd_index ON one.odd (public.lower(b), pg_catalog.lower(b));
CREATE OPERATOR public.+ (LEFTARG = int, RIGHTARG = int, FUNCTION = int4mi);
CREATE VIEW two.sums AS SELECT 5 OPERATOR(public.+) 3 AS mine, 5 OPERATOR(pg_catalog.+) 3 AS theirs;
