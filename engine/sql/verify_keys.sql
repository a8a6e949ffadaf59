-- Constraints that are NOT VALID: of the shadow before the swap, of the new live tables and of the backup
-- afterwards, with the reason where the journal knows it.
-- $1 bigint: migration; $2 boolean: it is live
-- Columns: outcome, message, hint
WITH place AS (
    SELECT n.oid, s.shadow, n.nspname = s.backup AS backup
    FROM pgzm.schema s
    JOIN pg_catalog.pg_namespace n
      ON CASE WHEN $2::boolean THEN n.nspname IN (s.live, s.backup) ELSE n.nspname = s.shadow END
    WHERE s.migration = $1::bigint
), lax AS (
    SELECT k.conrelid, k.conname, p.backup,
           pg_catalog.format('constraint %I on %s is NOT VALID', k.conname,
                             CASE WHEN k.conrelid <> 0 THEN k.conrelid::regclass::text
                                  ELSE k.contypid::regtype::text END) AS message
    FROM pg_catalog.pg_constraint k
    JOIN place p ON p.oid = k.connamespace
    LEFT JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
    WHERE NOT k.convalidated
      -- made so, since the source has it so
      AND NOT EXISTS (
          SELECT FROM pgzm.task t
          WHERE t.migration = $1::bigint AND t.kind IN ('check constraint', 'foreign key')
            AND pg_catalog.strpos(t.statement, ' NOT VALID') > 0
            AND t.label = t.kind || ' ' || pg_catalog.regexp_replace(
                CASE WHEN c.oid IS NULL THEN pg_catalog.format('%s.%s', p.shadow, k.conname)
                     ELSE pg_catalog.format('%s on %s.%s', k.conname, p.shadow, c.relname) END,
                '[\x01-\x1f\x7f]', ' ', 'g'))
      -- of what stays live and is not ours nothing is said
      AND (NOT $2::boolean OR p.backup
           OR EXISTS (SELECT FROM pgzm.object o
                      WHERE o.migration = $1::bigint AND o.side = 'new'
                        AND o.oid IN (k.conrelid, k.contypid)))
), pending AS (
    -- what settling has not validated: one line a key, whatever it takes
    SELECT s.label, pg_catalog.min(s.statement) AS statement
    FROM pgzm.step s
    WHERE s.migration = $1::bigint AND s.part = 'settle' AND NOT s.done AND $2::boolean
    GROUP BY s.label
)
SELECT 'warning' AS outcome, pg_catalog.format('%s is not validated', p.label) AS message,
       'Rows violate it, or settling did not end: correct the rows and run pgzm-copy swap again, or '
       || 'validate it by hand.' AS hint
FROM pending p
UNION ALL
SELECT 'warning', l.message,
       CASE WHEN l.backup THEN 'It was so before the swap, or was made so since.'
            WHEN $2::boolean THEN 'It was so on the source, or was made so since.'
            ELSE 'It is so on the source, too, unless somebody changed it: verify with --source tells.'
       END
FROM lax l
WHERE NOT EXISTS (SELECT FROM pending p
                  WHERE pg_catalog.strpos(p.label, l.conname) > 0 AND NOT l.backup)
ORDER BY 2
LIMIT 50
