-- about: aggregates: ordered-set, hypothetical, moving, combine, (*)
-- check: SELECT total(a), sum_sorted(a), counted(*), middle(0.5) WITHIN GROUP (ORDER BY a), placed(2) WITHIN GROUP (ORDER BY a) FROM t
CREATE TABLE t (a int); INSERT INTO t VALUES (1), (2), (3);
CREATE AGGREGATE total(int) (SFUNC = int4_sum, STYPE = int8, COMBINEFUNC = int8pl, INITCOND = '0', PARALLEL = SAFE); CREATE AGGREGATE counted(*) (SFUNC = int8inc, STYPE = int8, INITCOND = '0');
CREATE AGGREGATE sum_sorted(int) (SFUNC = int4pl, STYPE = int, SORTOP = >); CREATE AGGREGATE moving(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0', MSFUNC = int4pl, MINVFUNC = int4mi, MSTYPE = int, MINITCOND = '5');
CREATE AGGREGATE middle(float8 ORDER BY anyelement) (SFUNC = ordered_set_transition, STYPE = internal, SSPACE = 100, FINALFUNC = percentile_disc_final, FINALFUNC_EXTRA);
CREATE AGGREGATE placed(VARIADIC "any" ORDER BY VARIADIC "any") (SFUNC = ordered_set_transition_multi, STYPE = internal, FINALFUNC = rank_final, FINALFUNC_EXTRA, HYPOTHETICAL);
CREATE AGGREGATE averaged(numeric) (SFUNC = numeric_avg_accum, STYPE = internal, SSPACE = 50, FINALFUNC = numeric_avg, FINALFUNC_MODIFY = READ_WRITE, COMBINEFUNC = numeric_avg_combine, SERIALFUNC = numeric_avg_serialize, DESERIALFUNC = numeric_avg_deserialize, PARALLEL = RESTRICTED);
CREATE FUNCTION longer(int[], VARIADIC int[]) RETURNS int[] LANGUAGE sql AS 'SELECT $2';
CREATE AGGREGATE many(VARIADIC items int[]) (SFUNC = longer, STYPE = int[]);
REVOKE EXECUTE ON FUNCTION total(int) FROM PUBLIC; COMMENT ON AGGREGATE counted(*) IS 'star'; CREATE VIEW v AS SELECT total(a), counted(*) FROM t;
