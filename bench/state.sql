-- What has to be the same in a destination as in its source: each table's number of rows and a sum
-- over them that does not depend on their order; columns, valid indexes, validated constraints. And
-- statistics of each table that has rows. For psql -A -t; of schema public.
SELECT format('SELECT %L, count(*), sum(hashtextextended(t::text, 0)) FROM ONLY %s t',
              c.oid::regclass, c.oid::regclass)
FROM pg_class c
WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
ORDER BY c.relname
\gexec
SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull
FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid
WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace AND a.attnum > 0
  AND NOT a.attisdropped
ORDER BY c.relname, a.attnum;
SELECT pg_get_indexdef(i.indexrelid), i.indisvalid, i.indisprimary
FROM pg_index i
JOIN pg_class c ON c.oid = i.indrelid
WHERE c.relnamespace = 'public'::regnamespace
ORDER BY 1;
SELECT conrelid::regclass, conname, pg_get_constraintdef(oid), convalidated
FROM pg_constraint
WHERE connamespace = 'public'::regnamespace AND contype <> 'n'
ORDER BY conrelid::regclass::text, conname;
SELECT 'without statistics', c.relname
FROM pg_class c
WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND c.relpages > 0
  AND c.reltuples > 0 AND NOT EXISTS (SELECT FROM pg_statistic s WHERE s.starelid = c.oid)
UNION ALL
SELECT 'never analyzed', c.relname
FROM pg_class c
WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
  AND c.reltuples <= 0 AND pg_relation_size(c.oid) > 0
ORDER BY 2;
