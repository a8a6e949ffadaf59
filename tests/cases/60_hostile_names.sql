-- about: hostile names and definitions that would be a second statement where text is pasted
-- check: SELECT to_regclass('victim') IS NOT NULL
-- check: SELECT count(*) FROM victim
CREATE TABLE victim (a int); INSERT INTO victim VALUES (1); CREATE TABLE "x; DROP TABLE victim; --" ("y""; DROP TABLE victim; --" text DEFAULT '''; DROP TABLE victim; --' CHECK ("y""; DROP TABLE victim; --" <> ');DROP TABLE victim;'));
INSERT INTO "x; DROP TABLE victim; --" VALUES (''';DROP TABLE victim;--'); CREATE FUNCTION "f(); DROP TABLE victim; --"() RETURNS text LANGUAGE plpgsql AS $x$ begin return '$function$; DROP TABLE victim; --'; end $x$; COMMENT ON TABLE victim IS E'\n\\! touch /tmp/x\n; DROP TABLE victim;'; CREATE TYPE e AS ENUM ('''); DROP TABLE victim; --'); CREATE VIEW v AS SELECT '''; DROP TABLE victim; --'::text AS "a; DROP";
