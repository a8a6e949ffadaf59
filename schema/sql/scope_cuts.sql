-- What is cut off, as sentences. What the server made for itself (the triggers of a key, the copies
-- of a partitioned table's keys and triggers on its partitions) is not named.
-- $1, $2 oid[]: catalog and OID of the objects; $3, $4 oid[]: of what each needs; $5 boolean[]: it is
-- excluded rather than left out itself. Columns: cut, unsafe (rows would be seen without it).
SELECT CASE WHEN k.contype = 'f'
            THEN pg_catalog.format('foreign key %I on %s', k.conname,
                                   k.conrelid::pg_catalog.regclass)
            ELSE pg_catalog.pg_describe_object(c.classid, c.oid, 0) END
       || CASE WHEN c.classid = c.needs_classid AND c.oid = c.needs_oid THEN ' needs what'
               ELSE ' needs ' || pg_catalog.pg_describe_object(c.needs_classid, c.needs_oid, 0)
                    || ', which' END
       || CASE WHEN c.excluded THEN ' is excluded' ELSE ' is left out' END AS cut,
       COALESCE(NOT p.polpermissive, false) AS unsafe
FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.oid[]), pg_catalog.unnest($2::pg_catalog.oid[]),
                pg_catalog.unnest($3::pg_catalog.oid[]), pg_catalog.unnest($4::pg_catalog.oid[]),
                pg_catalog.unnest($5::pg_catalog.bool[]))
         AS c(classid, oid, needs_classid, needs_oid, excluded)
LEFT JOIN pg_catalog.pg_constraint k ON c.classid = 2606 AND k.oid = c.oid
LEFT JOIN pg_catalog.pg_trigger t ON c.classid = 2620 AND t.oid = c.oid
LEFT JOIN pg_catalog.pg_policy p ON c.classid = 3256 AND p.oid = c.oid
WHERE COALESCE(k.conparentid, 0) = 0
  AND NOT COALESCE(t.tgisinternal, false)
ORDER BY 1
