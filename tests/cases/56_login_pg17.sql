-- about: event trigger at login
-- source: >= 17
-- dest: >= 17
CREATE FUNCTION e() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; CREATE EVENT TRIGGER at_login ON login EXECUTE FUNCTION e(); ALTER EVENT TRIGGER at_login ENABLE ALWAYS; CREATE TABLE t (a int);
