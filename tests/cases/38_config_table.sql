-- about: an extension's configuration table with a condition: its rows come, those of the extension are there
-- needs: SELECT true
-- check: SELECT * FROM settings ORDER BY 1
CREATE EXTENSION citext; CREATE TABLE settings (k citext PRIMARY KEY, own bool);
INSERT INTO settings VALUES ('A', true), ('b', false); CREATE TABLE other (c citext[]); INSERT INTO other VALUES ('{A,b}');
UPDATE pg_extension SET extconfig = ARRAY['settings'::regclass]::oid[], extcondition = ARRAY['WHERE own'] WHERE extname = 'citext';
