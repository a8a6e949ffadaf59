-- What triggers need to know that carry the changes of one table of this database to another.
-- $1 oid: the table that gets them; $2 oid: the table that is written; $3 text[]: key columns
-- Columns: description (JSON: from_partitioned, to_partitioned, columns [{name, fixed}], parts [{schema,
-- name}], keys [{name, type}], path [schemas of the keys' operators, quoted], upsert, deferred [names])
SELECT pg_catalog.json_build_object(
    'from_partitioned', f.relkind = 'p',
    'to_partitioned', t.relkind = 'p',
    -- fixed: the server lets nobody update it
    'columns', (
        SELECT pg_catalog.json_agg(pg_catalog.json_build_object(
            'name', a.attname, 'fixed', b.attidentity = 'a') ORDER BY a.attnum)
        FROM pg_catalog.pg_attribute a
        JOIN pg_catalog.pg_attribute b
          ON b.attrelid = t.oid AND b.attname = a.attname AND b.attnum > 0 AND NOT b.attisdropped
        WHERE a.attrelid = f.oid AND a.attnum > 0 AND NOT a.attisdropped
          AND b.attgenerated = '' AND a.attgenerated <> 'v'),
    'parts', (
        SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
            'schema', n.nspname, 'name', c.relname) ORDER BY p.level, n.nspname, c.relname), '[]')
        FROM pg_catalog.pg_partition_tree(f.oid) p
        JOIN pg_catalog.pg_class c ON c.oid = p.relid
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE p.level > 0),
    'keys', (
        SELECT pg_catalog.json_agg(pg_catalog.json_build_object(
            'name', a.attname, 'type', pg_catalog.format_type(a.atttypid, -1)) ORDER BY k.position)
        FROM pg_catalog.unnest($3::text[]) WITH ORDINALITY AS k (name, position)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = f.oid AND a.attname = k.name),
    -- of both: a function's search_path may name what it does not need
    'path', (
        SELECT coalesce(pg_catalog.json_agg(DISTINCT pg_catalog.quote_ident(n.nspname)), '[]')
        FROM pg_catalog.pg_index i
        CROSS JOIN LATERAL pg_catalog.unnest(i.indclass::oid[]) AS o (class)
        JOIN pg_catalog.pg_opclass c ON c.oid = o.class
        JOIN pg_catalog.pg_amop p ON p.amopfamily = c.opcfamily AND p.amopstrategy = 3
        JOIN pg_catalog.pg_operator e ON e.oid = p.amopopr
        JOIN pg_catalog.pg_namespace n ON n.oid = e.oprnamespace
        WHERE i.indrelid IN (f.oid, t.oid) AND i.indisunique AND n.nspname <> 'pg_catalog'),
    -- ON CONFLICT takes no index whose check may be deferred
    'upsert', EXISTS (
        SELECT FROM pg_catalog.pg_index i
        WHERE i.indrelid = t.oid AND i.indisunique AND i.indisvalid AND i.indimmediate
          AND NOT i.indisexclusion AND i.indpred IS NULL AND i.indexprs IS NULL
          AND (SELECT pg_catalog.array_agg(a.attname::text ORDER BY a.attname::text)
               FROM pg_catalog.unnest(i.indkey::int2[]) WITH ORDINALITY AS k (number, position)
               JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.number
               WHERE k.position <= i.indnkeyatts)
              = (SELECT pg_catalog.array_agg(k.name ORDER BY k.name)
                 FROM pg_catalog.unnest($3::text[]) AS k (name))),
    'deferred', (
        SELECT coalesce(pg_catalog.json_agg(k.conname ORDER BY k.conname), '[]')
        FROM pg_catalog.pg_constraint k
        WHERE k.conrelid = t.oid AND k.contype IN ('p', 'u', 'x') AND k.condeferred)
) AS description
FROM pg_catalog.pg_class f, pg_catalog.pg_class t
WHERE f.oid = $1::oid AND t.oid = $2::oid
