-- about: a stale (invalid) index, an operator without function (oprcode=0)
-- ignore: index
-- dest-check: SELECT to_regclass('stale') IS NULL
CREATE TABLE t (a int); INSERT INTO t VALUES (1), (1); CREATE FUNCTION eq(t, t) RETURNS bool LANGUAGE sql AS 'SELECT true'; CREATE OPERATOR === (LEFTARG = t, RIGHTARG = t, FUNCTION = eq, COMMUTATOR = ====);
-- next, fails
CREATE UNIQUE INDEX CONCURRENTLY stale ON t (a);
