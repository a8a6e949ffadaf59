-- Aggregates.
-- $1 text[]: names of the schemas; empty: all but system schemas and those that begin with "pgzm".
-- Columns: classid, oid, schema, name, owner, extension (NULL), aggkind, args (as CREATE AGGREGATE takes
-- them), types (of all arguments), options (what CREATE AGGREGATE has in its second parentheses). Names
-- are qualified where search_path does not find them. How a final function treats the state is stated
-- where it is not what the kind of aggregate has by default.
WITH scope AS (
    SELECT n.oid, n.nspname
    FROM pg_catalog.pg_namespace n
    WHERE CASE WHEN pg_catalog.cardinality($1::pg_catalog.text[]) > 0
               THEN n.nspname = ANY ($1::pg_catalog.text[])
               ELSE n.nspname !~ '^(pg_|pgzm)' AND n.nspname <> 'information_schema' END
)
SELECT 1255 AS classid, p.oid, s.nspname AS schema, p.proname AS name,
       pg_catalog.pg_get_userbyid(p.proowner) AS owner, NULL AS extension, a.aggkind,
       COALESCE(NULLIF(pg_catalog.pg_get_function_arguments(p.oid), ''), '*') AS args,
       pg_catalog.oidvectortypes(p.proargtypes) AS types,
       pg_catalog.concat_ws(', ',
           'SFUNC = ' || a.aggtransfn::pg_catalog.regproc,
           'STYPE = ' || pg_catalog.format_type(a.aggtranstype, NULL),
           'SSPACE = ' || NULLIF(a.aggtransspace, 0),
           'FINALFUNC = ' || NULLIF(a.aggfinalfn::pg_catalog.oid, 0)::pg_catalog.regproc,
           CASE WHEN a.aggfinalextra THEN 'FINALFUNC_EXTRA' END,
           CASE WHEN a.aggfinalfn <> 0
                 AND a.aggfinalmodify <> CASE a.aggkind WHEN 'n' THEN 'r' ELSE 'w' END::"char"
                THEN 'FINALFUNC_MODIFY = ' || m.word END,
           'COMBINEFUNC = ' || NULLIF(a.aggcombinefn::pg_catalog.oid, 0)::pg_catalog.regproc,
           'SERIALFUNC = ' || NULLIF(a.aggserialfn::pg_catalog.oid, 0)::pg_catalog.regproc,
           'DESERIALFUNC = ' || NULLIF(a.aggdeserialfn::pg_catalog.oid, 0)::pg_catalog.regproc,
           'INITCOND = ' || pg_catalog.quote_literal(a.agginitval),
           'MSFUNC = ' || NULLIF(a.aggmtransfn::pg_catalog.oid, 0)::pg_catalog.regproc,
           'MINVFUNC = ' || NULLIF(a.aggminvtransfn::pg_catalog.oid, 0)::pg_catalog.regproc,
           CASE WHEN a.aggmtranstype <> 0
                THEN 'MSTYPE = ' || pg_catalog.format_type(a.aggmtranstype, NULL) END,
           'MSSPACE = ' || NULLIF(a.aggmtransspace, 0),
           'MFINALFUNC = ' || NULLIF(a.aggmfinalfn::pg_catalog.oid, 0)::pg_catalog.regproc,
           CASE WHEN a.aggmfinalextra THEN 'MFINALFUNC_EXTRA' END,
           CASE WHEN a.aggmfinalfn <> 0
                 AND a.aggmfinalmodify <> CASE a.aggkind WHEN 'n' THEN 'r' ELSE 'w' END::"char"
                THEN 'MFINALFUNC_MODIFY = ' || mm.word END,
           'MINITCOND = ' || pg_catalog.quote_literal(a.aggminitval),
           CASE WHEN a.aggsortop <> 0
                THEN 'SORTOP = OPERATOR(' || pg_catalog.quote_ident(sn.nspname) || '.'
                     || so.oprname || ')' END,
           CASE p.proparallel WHEN 's' THEN 'PARALLEL = SAFE'
                              WHEN 'r' THEN 'PARALLEL = RESTRICTED' END) AS options
FROM scope s
JOIN pg_catalog.pg_proc p ON p.pronamespace = s.oid
JOIN pg_catalog.pg_aggregate a ON a.aggfnoid = p.oid
LEFT JOIN (VALUES ('r'::"char", 'READ_ONLY'), ('s', 'SHAREABLE'), ('w', 'READ_WRITE'))
       m(code, word) ON m.code = a.aggfinalmodify
LEFT JOIN (VALUES ('r'::"char", 'READ_ONLY'), ('s', 'SHAREABLE'), ('w', 'READ_WRITE'))
       mm(code, word) ON mm.code = a.aggmfinalmodify
LEFT JOIN pg_catalog.pg_operator so ON so.oid = a.aggsortop
LEFT JOIN pg_catalog.pg_namespace sn ON sn.oid = so.oprnamespace
WHERE p.oid >= 16384
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e
                  WHERE e.classid = 1255 AND e.objid = p.oid AND e.deptype = 'e')
