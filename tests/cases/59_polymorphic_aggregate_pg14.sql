-- about: an aggregate over anyarray is refused by a server whose array functions take others
-- source: < 14
-- dest: >= 14
-- expect: 4 gather
CREATE AGGREGATE gather(anyelement) (SFUNC = array_append, STYPE = anyarray, INITCOND = '{}');
