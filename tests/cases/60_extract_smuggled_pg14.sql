-- about: the same on a source that prints the field unquoted: the server refuses it, never run
-- source: >= 14
-- dest: >= 14
-- source-needs: SELECT v % 10000 < CASE v / 10000 WHEN 14 THEN 24 WHEN 15 THEN 19 WHEN 16 THEN 15 WHEN 17 THEN 11 ELSE 6 END FROM (SELECT current_setting('server_version_num')::int) s(v)
-- expect: 7 cannot insert multiple commands
CREATE TABLE victim (a int); INSERT INTO victim VALUES (1); CREATE VIEW v AS SELECT extract("year FROM now()); DROP TABLE victim; --" FROM now()) AS x;
