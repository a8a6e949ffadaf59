-- Who needs whom among the objects of the database that initdb did not make.
-- Parts that have no statement of their own stand for the whole: a view's rule for the view, a row
-- type for its table, an array for its element type, a multirange and the constructor functions for
-- the range, the relation of a composite type for the type, a member for its extension. That the
-- index of a constraint belongs to it is left out: the index may be made first.
-- $1 text[]: schemas to read (not looked at: edges cross schemas).
-- Columns: from_classid, from_oid, from_subid, to_classid, to_oid, to_subid, type.
WITH RECURSIVE part AS (
    SELECT d.classid, d.objid, d.refclassid, d.refobjid
    FROM pg_catalog.pg_depend d
    WHERE d.deptype = 'i'
      AND d.objid >= 16384
      AND (d.classid IN (1247, 1255, 2618)
           OR d.classid = 1259 AND d.refclassid = 1247 AND d.objsubid = 0)
), climb AS (
    SELECT p.classid, p.objid, p.refclassid, p.refobjid FROM part p
    UNION
    SELECT c.classid, c.objid, p.refclassid, p.refobjid
    FROM climb c
    JOIN part p ON p.classid = c.refclassid AND p.objid = c.refobjid
), whole AS (
    SELECT c.classid, c.objid, c.refclassid, c.refobjid
    FROM climb c
    WHERE NOT EXISTS (SELECT 1 FROM part p
                      WHERE p.classid = c.refclassid AND p.objid = c.refobjid)
), edge AS (
    SELECT COALESCE(f.refclassid, d.classid) AS from_classid,
           COALESCE(f.refobjid, d.objid) AS from_oid,
           CASE WHEN f.refobjid IS NULL THEN d.objsubid ELSE 0 END AS from_subid,
           COALESCE(t.refclassid, d.refclassid) AS to_classid,
           COALESCE(t.refobjid, d.refobjid) AS to_oid,
           CASE WHEN t.refobjid IS NULL THEN d.refobjsubid ELSE 0 END AS to_subid,
           d.deptype
    FROM pg_catalog.pg_depend d
    LEFT JOIN whole f ON f.classid = d.classid AND f.objid = d.objid
    LEFT JOIN whole t ON t.classid = d.refclassid AND t.objid = d.refobjid
    WHERE d.objid >= 16384
      AND d.refobjid >= 16384
      AND d.deptype NOT IN ('p', 'e')
      AND NOT (d.deptype = 'i' AND d.classid = 1259 AND d.refclassid = 2606)
), member AS (
    SELECT d.classid, d.objid, d.refobjid
    FROM pg_catalog.pg_depend d
    WHERE d.deptype = 'e' AND d.refclassid = 3079
)
SELECT DISTINCT
       e.from_classid,
       e.from_oid,
       e.from_subid,
       CASE WHEN m.refobjid IS NULL THEN e.to_classid ELSE 3079 END AS to_classid,
       COALESCE(m.refobjid, e.to_oid) AS to_oid,
       CASE WHEN m.refobjid IS NULL THEN e.to_subid ELSE 0 END AS to_subid,
       e.deptype AS type
FROM edge e
LEFT JOIN member m ON m.classid = e.to_classid AND m.objid = e.to_oid
WHERE (e.from_classid, e.from_oid) <> (e.to_classid, e.to_oid)
  AND NOT EXISTS (SELECT 1 FROM member x WHERE x.classid = e.from_classid AND x.objid = e.from_oid)
  AND $1::pg_catalog.text[] IS NOT NULL
ORDER BY 1, 2, 3, 4, 5, 6
