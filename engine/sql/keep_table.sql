-- Why the rows of one table cannot be kept in another one of the same database. Keys: unique_keys.sql.
-- $1 oid: the table that has the rows; $2 oid: the table that gets them; $3 text[]: the columns by which
-- rows are told apart
-- Columns: problem (what follows "cannot be kept: "), the first one only
WITH side (side, oid) AS (
    VALUES ('new', $1::oid), ('old', $2::oid)
), col AS (
    SELECT s.side, a.attnum, a.attname, a.atttypid, a.attnotnull, a.attidentity, a.attgenerated,
           a.atthasdef, pg_catalog.format_type(a.atttypid, a.atttypmod) AS type
    FROM side s
    JOIN pg_catalog.pg_attribute a ON a.attrelid = s.oid AND a.attnum > 0 AND NOT a.attisdropped
), problem (rank, text) AS (
    SELECT 1, 'it is a partition or inherits from another table'
    FROM side s WHERE EXISTS (SELECT FROM pg_catalog.pg_inherits h WHERE h.inhrelid = s.oid)
    UNION ALL
    SELECT 1, 'other tables inherit from it'
    FROM side s
    WHERE EXISTS (SELECT FROM pg_catalog.pg_inherits h
                  JOIN pg_catalog.pg_class c ON c.oid = h.inhrelid AND NOT c.relispartition
                  WHERE h.inhparent = s.oid)
    UNION ALL
    -- the server refuses INSERT ... ON CONFLICT there even when the rule is disabled
    SELECT 2, 'the old table has a rule on INSERT or UPDATE'
    FROM pg_catalog.pg_rewrite r WHERE r.ev_class = $2::oid AND r.ev_type IN ('2', '3')
    UNION ALL
    SELECT 3, 'row-level security is forced for its owner, too'
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_roles u ON u.rolname = current_user
    WHERE c.oid IN ($1::oid, $2::oid) AND c.relrowsecurity AND c.relforcerowsecurity
      AND NOT (u.rolsuper OR u.rolbypassrls)
    UNION ALL
    SELECT 4, CASE WHEN o.attname IS NULL
                   THEN pg_catalog.format('its column %I is not in the old table', n.attname)
                   WHEN o.type <> n.type OR o.atttypid <> n.atttypid
                   THEN pg_catalog.format('its column %I is %s and was %s', n.attname, n.type, o.type)
                   WHEN (o.attgenerated <> '') <> (n.attgenerated <> '')
                   THEN pg_catalog.format('its column %I is generated in one of both tables only',
                                          n.attname)
              END
    FROM col n LEFT JOIN col o ON o.side = 'old' AND o.attname = n.attname
    WHERE n.side = 'new'
    UNION ALL
    SELECT 5, pg_catalog.format('the old table''s column %I is NOT NULL and has no default',
                                o.attname)
    FROM col o
    WHERE o.side = 'old' AND o.attnotnull AND NOT o.atthasdef AND o.attidentity = ''
      AND NOT EXISTS (SELECT FROM col n WHERE n.side = 'new' AND n.attname = o.attname)
    UNION ALL
    -- the server lets nobody update such a column, so changes could not be mirrored
    SELECT 6, pg_catalog.format('its column %I was GENERATED ALWAYS AS IDENTITY', o.attname)
    FROM col o
    JOIN col n ON n.side = 'new' AND n.attname = o.attname AND n.attidentity <> 'a'
    WHERE o.side = 'old' AND o.attidentity = 'a'
      AND o.attname <> ALL ($3::text[])
)
SELECT p.text AS problem
FROM problem p
WHERE p.text IS NOT NULL
ORDER BY p.rank, p.text
LIMIT 1
