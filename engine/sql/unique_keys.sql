-- The unique keys of a table whose columns could tell its rows apart on both sides, the best first: of
-- its primary key, its replica identity, other unique indexes. Not partial ones, those over expressions
-- and those over columns that may be null.
-- $1 oid: table
-- Columns: columns (JSON array of names, in the order of the index), sorted (text of their sorted array)
SELECT pg_catalog.json_agg(a.attname ORDER BY k.position) AS columns,
       pg_catalog.array_agg(a.attname::text ORDER BY a.attname)::text AS sorted
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
JOIN pg_catalog.pg_am m ON m.oid = x.relam AND m.amname = 'btree'
CROSS JOIN LATERAL pg_catalog.unnest(i.indkey::int2[]) WITH ORDINALITY AS k (number, position)
JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
WHERE i.indrelid = $1::oid AND i.indisunique AND i.indisvalid AND NOT i.indisexclusion
  AND i.indpred IS NULL AND i.indexprs IS NULL AND k.position <= i.indnkeyatts
GROUP BY i.indexrelid, i.indisprimary, i.indisreplident
HAVING pg_catalog.bool_and(a.attnotnull)
ORDER BY i.indisprimary DESC, i.indisreplident DESC, pg_catalog.count(*), i.indexrelid
