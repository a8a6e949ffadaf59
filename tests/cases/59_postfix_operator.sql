-- about: a postfix operator
-- source: < 14
-- dest: < 14
CREATE FUNCTION half(int) RETURNS int LANGUAGE sql AS 'SELECT $1 / 2'; CREATE OPERATOR !/ (LEFTARG = int, FUNCTION = half); CREATE VIEW v AS SELECT (8 !/) AS four;
