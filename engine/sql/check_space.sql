-- How much the selected indexes of the source have; with this transaction's lock_timeout.
-- $1 oid[]: relations that are left out. Columns: bytes
SELECT coalesce(sum(pg_catalog.pg_relation_size(i.indexrelid)), 0)::bigint AS bytes
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class c ON c.oid = i.indrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm')
  AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_' AND n.nspname !~ '^pgzm'
  AND NOT EXISTS (SELECT FROM pg_catalog.unnest($1::pg_catalog.oid[]) AS x(oid)
                  WHERE x.oid = c.oid)
