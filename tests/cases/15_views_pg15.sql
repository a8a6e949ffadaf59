-- about: a view with the rights of its caller
-- source: >= 15
-- dest: >= 15
CREATE TABLE t (a int); CREATE VIEW v WITH (security_invoker = true) AS SELECT * FROM t;
