-- What the journal knows to have happened, the oldest first.
-- $1 bigint: migration, NULL for all
-- Columns: at, migration, role, address, host, backend, what, detail
SELECT pg_catalog.to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at,
       e.migration, e.role, coalesce(e.address, 'local') AS address, e.host, e.backend, e.what,
       e.detail
FROM pgzm.event e
WHERE $1::bigint IS NULL OR e.migration = $1::bigint
ORDER BY e.id
