-- Extensions, in whatever schema.
-- $1 text[]: not looked at.
-- Columns: classid, oid, schema (where its members are), name, owner (NULL: it cannot be
-- changed), extension (NULL), version, relocatable, default_comment.
SELECT 3079 AS classid, x.oid, n.nspname AS schema, x.extname AS name,
       NULL AS owner, NULL AS extension,
       x.extversion AS version, x.extrelocatable AS relocatable, a.comment AS default_comment
FROM pg_catalog.pg_extension x
JOIN pg_catalog.pg_namespace n ON n.oid = x.extnamespace
LEFT JOIN pg_catalog.pg_available_extensions() a(name, default_version, comment)
       ON a.name = x.extname
WHERE x.extname <> 'plpgsql' AND $1::pg_catalog.text[] IS NOT NULL
ORDER BY x.oid
