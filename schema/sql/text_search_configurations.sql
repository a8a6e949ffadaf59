-- Text search configurations.
-- $1 text[]: names of the schemas; empty: all but system schemas and those that begin with "pgzm".
-- Columns: classid, oid, schema, name, owner, extension (NULL), parser (qualified where search_path
-- does not find it), mappings (JSON array of "token, token WITH dictionary, dictionary": tokens with
-- the same dictionaries stand together).
WITH token AS (
    SELECT m.mapcfg, m.maptokentype,
           pg_catalog.string_agg(
               CASE WHEN pg_catalog.pg_ts_dict_is_visible(d.oid) THEN ''
                    ELSE pg_catalog.quote_ident(n.nspname) || '.' END
               || pg_catalog.quote_ident(d.dictname), ', ' ORDER BY m.mapseqno) AS dictionaries
    FROM pg_catalog.pg_ts_config_map m
    JOIN pg_catalog.pg_ts_dict d ON d.oid = m.mapdict
    JOIN pg_catalog.pg_namespace n ON n.oid = d.dictnamespace
    WHERE m.mapcfg >= 16384
    GROUP BY m.mapcfg, m.maptokentype
), mapping AS (
    SELECT k.mapcfg, pg_catalog.min(k.maptokentype) AS first,
           pg_catalog.string_agg(pg_catalog.quote_ident(t.alias), ', ' ORDER BY k.maptokentype)
           || ' WITH ' || k.dictionaries AS def
    FROM token k
    JOIN pg_catalog.pg_ts_config c ON c.oid = k.mapcfg
    JOIN LATERAL pg_catalog.ts_token_type(c.cfgparser) t ON t.tokid = k.maptokentype
    GROUP BY k.mapcfg, k.dictionaries
)
SELECT 3602 AS classid, c.oid, n.nspname AS schema, c.cfgname AS name,
       pg_catalog.pg_get_userbyid(c.cfgowner) AS owner, NULL AS extension,
       CASE WHEN pg_catalog.pg_ts_parser_is_visible(p.oid) THEN ''
            ELSE pg_catalog.quote_ident(pn.nspname) || '.' END
       || pg_catalog.quote_ident(p.prsname) AS parser,
       (SELECT COALESCE(pg_catalog.json_agg(m.def ORDER BY m.first), '[]')
        FROM mapping m WHERE m.mapcfg = c.oid) AS mappings
FROM pg_catalog.pg_ts_config c
JOIN pg_catalog.pg_namespace n ON n.oid = c.cfgnamespace
JOIN pg_catalog.pg_ts_parser p ON p.oid = c.cfgparser
JOIN pg_catalog.pg_namespace pn ON pn.oid = p.prsnamespace
WHERE CASE WHEN pg_catalog.cardinality($1::pg_catalog.text[]) > 0
           THEN n.nspname = ANY ($1::pg_catalog.text[])
           ELSE n.nspname !~ '^(pg_|pgzm)' AND n.nspname <> 'information_schema' END
  AND c.oid >= 16384
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e
                  WHERE e.classid = 3602 AND e.objid = c.oid AND e.deptype = 'e')
