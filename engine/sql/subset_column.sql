-- A column whose values are to be changed on their way.
-- $1 oid: table; $2 text: column
-- Columns: type (with schema and typmod), keyed (it decides the partition of this table, of one
-- above it or of one below it: rows go into the partition in which they are on the source)
WITH RECURSIVE above AS (
    SELECT $1::oid AS oid
    UNION
    SELECT i.inhparent FROM above t JOIN pg_catalog.pg_inherits i ON i.inhrelid = t.oid
), below AS (
    SELECT $1::oid AS oid
    UNION
    SELECT i.inhrelid FROM below t JOIN pg_catalog.pg_inherits i ON i.inhparent = t.oid
)
SELECT pg_catalog.format_type(a.atttypid, a.atttypmod) AS type,
       EXISTS (SELECT FROM pg_catalog.pg_partitioned_table p
               JOIN pg_catalog.pg_attribute k ON k.attrelid = p.partrelid AND k.attname = a.attname
               WHERE p.partrelid IN (SELECT oid FROM above UNION SELECT oid FROM below)
                 AND (k.attnum = ANY (p.partattrs::smallint[])
                      -- an expression: the columns that it reads depend on the table
                      OR EXISTS (SELECT FROM pg_catalog.pg_depend d
                                 WHERE d.classid = 'pg_catalog.pg_class'::regclass
                                   AND d.objid = p.partrelid AND d.objsubid = k.attnum
                                   AND d.refclassid = 'pg_catalog.pg_class'::regclass
                                   AND d.refobjid = p.partrelid AND d.refobjsubid = 0
                                   AND d.deptype = 'i')))
           AS keyed
FROM pg_catalog.pg_attribute a
WHERE a.attrelid = $1::oid AND a.attname = $2 AND NOT a.attisdropped
