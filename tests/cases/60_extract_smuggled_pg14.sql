-- about: the same on a source that prints the field unquoted: the server refuses it, never run
-- source: >= 14
-- dest: >= 14
-- needs: SELECT current_setting('server_version_num')::int NOT IN (150019, 150020) AND current_setting('server_version_num')::int < 180006
-- expect: 7 cannot insert multiple commands
CREATE TABLE victim (a int); INSERT INTO victim VALUES (1); CREATE VIEW v AS SELECT extract("year FROM now()); DROP TABLE victim; --" FROM now()) AS x;
