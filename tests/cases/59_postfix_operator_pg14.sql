-- about: a postfix operator is refused by a server that has none any more
-- source: < 14
-- dest: >= 14
-- expect: 4 !/
CREATE FUNCTION half(int) RETURNS int LANGUAGE sql AS 'SELECT $1 / 2'; CREATE OPERATOR !/ (LEFTARG = int, FUNCTION = half);
