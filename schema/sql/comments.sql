-- Comments on objects of the database; those on columns come with the columns.
-- $1 text[]: schemas to read (not looked at: the reader keeps what belongs to the model).
-- Columns: classid, oid, comment.
SELECT d.classoid AS classid, d.objoid AS oid, d.description AS comment
FROM pg_catalog.pg_description d
-- 16384 is the first OID that is not made by initdb; the schema public, which has a comment, is
-- older.
WHERE d.objsubid = 0
  AND (d.objoid >= 16384 OR d.classoid = 2615)
  AND $1::pg_catalog.text[] IS NOT NULL
