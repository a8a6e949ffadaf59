-- about: publications of schemas, columns, row filters
-- source: >= 15
-- dest: >= 15
CREATE SCHEMA s; CREATE TABLE s.t (a int PRIMARY KEY, b text); CREATE TABLE u (a int PRIMARY KEY, b text, "C c" int);
CREATE PUBLICATION schemas FOR TABLES IN SCHEMA s, public; CREATE PUBLICATION columns FOR TABLE u (a, "C c"); CREATE PUBLICATION filtered FOR TABLE u WHERE (a > 5 AND b <> 'it''s') WITH (publish = 'insert'); CREATE PUBLICATION mixed FOR TABLE u, TABLES IN SCHEMA s;
