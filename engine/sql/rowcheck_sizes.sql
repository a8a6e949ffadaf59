-- Sizes of tables, to read large ones in parts.
-- $1 oid[]: tables
-- Columns: oid (ascending), pages (of the main fork), bytes (heap and TOAST)
SELECT c.oid,
       pg_catalog.pg_relation_size(c.oid)
           / pg_catalog.current_setting('block_size')::bigint AS pages,
       pg_catalog.pg_table_size(c.oid) AS bytes
FROM pg_catalog.pg_class c
WHERE c.oid = ANY ($1::oid[]) AND c.relkind = 'r'
ORDER BY c.oid
