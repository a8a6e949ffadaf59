-- Parts of tables that stay (foreign keys, triggers, policies) which the rollback of a migration drops to
-- make them anew, and which somebody dropped since.
-- $1 bigint: migration. Columns: what
WITH step AS (
    SELECT s.id, s.label,
           pg_catalog.regexp_match(s.statement, '^ALTER TABLE (.+) DROP CONSTRAINT (.+)$') AS key,
           pg_catalog.regexp_match(s.statement, '^DROP (?:TRIGGER|POLICY) "(.+)" ON (.+)$') AS part
    FROM pgzm.step s
    WHERE s.migration = $1::bigint AND s.part = 'after rollback'
)
SELECT pg_catalog.format('constraint %s of table %s', s.key[2], s.key[1]) AS what
FROM step s
WHERE s.key IS NOT NULL
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k
                  WHERE k.conrelid = pg_catalog.to_regclass(s.key[1])
                    AND s.key[2] IN (k.conname, pg_catalog.quote_ident(k.conname)))
UNION ALL
SELECT s.label
FROM step s
WHERE s.part IS NOT NULL
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_trigger g
                  WHERE g.tgrelid = pg_catalog.to_regclass(s.part[2])
                    AND g.tgname = replace(s.part[1], '""', '"'))
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_policy p
                  WHERE p.polrelid = pg_catalog.to_regclass(s.part[2])
                    AND p.polname = replace(s.part[1], '""', '"'))
LIMIT 5
