-- about: an EXTRACT whose field is a statement: before the minor versions of August 2026 it is printed unquoted; it must not run
-- source: >= 14
-- dest: >= 14
-- check: SELECT count(*) FROM victim
-- needs: SELECT current_setting('server_version_num')::int IN (150019, 150020) OR current_setting('server_version_num')::int >= 180006
CREATE TABLE victim (a int); INSERT INTO victim VALUES (1); CREATE VIEW v AS SELECT extract("year FROM now()); DROP TABLE victim; --" FROM now()) AS x;
