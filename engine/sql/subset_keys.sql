-- Foreign keys that rows may violate when tables come in part or with other values.
-- $1 oid[]: tables that lack rows, with those above them
-- $2 json: array of {"t": OID of a table, "c": column} whose values change, for the tables above and
--          below too
-- Columns: oid (of pg_constraint, of keys that belong to no other), ascending
SELECT k.oid
FROM pg_catalog.pg_constraint k
WHERE k.contype = 'f' AND k.conparentid = 0
  AND (k.confrelid = ANY ($1::oid[])
       OR EXISTS (SELECT FROM pg_catalog.json_to_recordset($2::json) AS m (t bigint, c text)
                  JOIN pg_catalog.pg_attribute a ON a.attrelid = m.t::oid AND a.attname = m.c
                  WHERE (k.conrelid = a.attrelid AND a.attnum = ANY (k.conkey))
                     OR (k.confrelid = a.attrelid AND a.attnum = ANY (k.confkey))))
ORDER BY 1
