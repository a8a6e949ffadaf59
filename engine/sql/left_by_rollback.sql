-- What a migration made outside its shadow for its new objects and that is still there: it stays when
-- they go, since somebody may use it by now.
-- $1 bigint: migration. Columns: what
WITH made AS (
    -- DROP LANGUAGE "plx"
    SELECT k[1] AS kind, pg_catalog.replace(k[2], '""', '"') AS name
    FROM pgzm.step s
    CROSS JOIN LATERAL pg_catalog.regexp_matches(
        s.statement, '^DROP ([A-Z -]+?) (?:IF EXISTS )?"((?:[^"]|"")+)"') AS k
    WHERE s.migration = $1::bigint AND s.part = 'abort'
    UNION
    SELECT pg_catalog.upper(e.what), e.detail
    FROM pgzm.event e WHERE e.migration = $1::bigint AND e.what IN ('extension', 'role')
    UNION
    SELECT 'SCHEMA', s.live FROM pgzm.schema s WHERE s.migration = $1::bigint AND s.created
)
SELECT what FROM (
SELECT pg_catalog.lower(m.kind) || ' ' || m.name AS what
FROM made m
WHERE CASE m.kind
      WHEN 'EXTENSION' THEN EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = m.name)
      WHEN 'ROLE' THEN EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = m.name)
      WHEN 'SCHEMA' THEN EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = m.name)
      WHEN 'LANGUAGE' THEN EXISTS (SELECT FROM pg_catalog.pg_language WHERE lanname = m.name)
      WHEN 'ACCESS METHOD' THEN EXISTS (SELECT FROM pg_catalog.pg_am WHERE amname = m.name)
      WHEN 'SERVER' THEN EXISTS (SELECT FROM pg_catalog.pg_foreign_server WHERE srvname = m.name)
      WHEN 'FOREIGN DATA WRAPPER'
      THEN EXISTS (SELECT FROM pg_catalog.pg_foreign_data_wrapper WHERE fdwname = m.name)
      ELSE false END
UNION ALL
SELECT pg_catalog.format('large object %s', pg_catalog.string_agg(l.oid::text, ', ' ORDER BY l.oid))
FROM pgzm.largeobject l
JOIN pg_catalog.pg_largeobject_metadata o ON o.oid = l.oid
WHERE l.migration = $1::bigint
HAVING pg_catalog.count(*) > 0
) AS found
ORDER BY what
