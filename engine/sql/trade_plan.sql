-- The swap or rollback of a migration as lines for a person: statements before, moves, statements after.
-- $1 bigint: migration; $2 text: 'swap' or 'rollback'. Columns: line
SELECT line FROM (
    SELECT 1 AS part, id::bigint AS position, statement AS line
    FROM pgzm.step WHERE migration = $1::bigint AND part = 'before ' || $2
    UNION ALL
    SELECT CASE WHEN (o.side = 'old') = ($2 = 'rollback') THEN 3 ELSE 2 END, o.oid::bigint,
           pg_catalog.format('ALTER %s %I.%I SET SCHEMA %I', o.kind,
               CASE WHEN (o.side = 'old') = ($2 = 'rollback')
                    THEN CASE WHEN $2 = 'rollback' THEN s.backup ELSE s.shadow END
                    ELSE s.live END,
               o.name,
               CASE WHEN (o.side = 'old') = ($2 = 'rollback') THEN s.live
                    WHEN $2 = 'rollback' THEN s.undone ELSE s.backup END)
    FROM pgzm.object o JOIN pgzm.schema s ON s.migration = o.migration AND s.live = o.live
    WHERE o.migration = $1::bigint AND o.side <> 'stays'
    UNION ALL
    SELECT 4, id::bigint, statement
    FROM pgzm.step WHERE migration = $1::bigint AND part = 'after ' || $2
) AS plan
ORDER BY part, position
