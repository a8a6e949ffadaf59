-- about: an EXTRACT whose field is a statement: before the minor versions of August 2026 it is printed unquoted; it must not run
-- source: >= 14
-- dest: >= 14
-- check: SELECT count(*) FROM victim
-- source-needs: SELECT v % 10000 >= CASE v / 10000 WHEN 14 THEN 24 WHEN 15 THEN 19 WHEN 16 THEN 15 WHEN 17 THEN 11 ELSE 6 END FROM (SELECT current_setting('server_version_num')::int) s(v)
CREATE TABLE victim (a int); INSERT INTO victim VALUES (1); CREATE VIEW v AS SELECT extract("year FROM now()); DROP TABLE victim; --" FROM now()) AS x;
