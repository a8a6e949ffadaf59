-- Indexes that are not valid: of the shadow before the swap, of the backup and of the new live tables
-- afterwards; and indexes, constraints, triggers, policies and rules that were made with the shadow and
-- are not there any more. A partitioned index that lacks some partition's is not valid on purpose.
-- $1 bigint: migration; $2 boolean: it is live
-- Columns: outcome, message, hint
WITH place AS (
    SELECT n.oid
    FROM pgzm.schema s
    JOIN pg_catalog.pg_namespace n ON n.nspname = CASE WHEN $2::boolean THEN s.backup ELSE s.shadow END
    WHERE s.migration = $1::bigint
), part (kind, name, relation) AS (
    SELECT 'constraint', conname, conrelid FROM pg_catalog.pg_constraint WHERE conrelid <> 0
    UNION ALL SELECT 'trigger', tgname, tgrelid FROM pg_catalog.pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT 'policy', polname, polrelid FROM pg_catalog.pg_policy
    UNION ALL SELECT 'rule', rulename, ev_class FROM pg_catalog.pg_rewrite
), labelled AS (
    SELECT p.kind, CASE WHEN c.relkind = 'v' THEN pg_catalog.format('%s.%s', n.nspname, p.name)
                        ELSE pg_catalog.format('%s on %s.%s', p.name, n.nspname, c.relname) END
                       AS label
    FROM part p
    JOIN pg_catalog.pg_class c ON c.oid = p.relation
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE n.oid IN (SELECT oid FROM place)
    UNION ALL
    SELECT 'index', pg_catalog.format('%s.%s', n.nspname, c.relname)
    FROM pg_catalog.pg_index i
    JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE n.oid IN (SELECT oid FROM place)
), made AS (
    SELECT t.label, pg_catalog.substr(t.label, pg_catalog.length(t.kind) + 2) AS part,
           CASE WHEN t.kind IN ('check constraint', 'foreign key') THEN 'constraint' ELSE t.kind END
               AS kind
    FROM pgzm.task t
    WHERE t.migration = $1::bigint AND NOT $2::boolean AND t.relation <> 0
      AND t.kind IN ('index', 'constraint', 'check constraint', 'foreign key', 'trigger', 'policy',
                     'rule')
    UNION ALL
    -- made with a small table's rows
    SELECT m.label, pg_catalog.substr(m.label, pg_catalog.length(m.kind) + 2), m.kind
    FROM pgzm.task t
    CROSS JOIN LATERAL (
        SELECT l.label, pg_catalog.split_part(l.label, ' ', 1) AS kind
        FROM pg_catalog.json_array_elements_text(t.chunk->'makes') AS l(label)
    ) AS m
    WHERE t.migration = $1::bigint AND NOT $2::boolean
), wrong AS (
    SELECT CASE WHEN p.oid IS NULL THEN 'warning' ELSE 'failure' END AS outcome,
           pg_catalog.format('index %s is not valid', i.indexrelid::regclass) AS message,
           pg_catalog.format('Run REINDEX INDEX %s, or drop it.', i.indexrelid::regclass) AS hint
    FROM pg_catalog.pg_index i
    JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid AND c.relkind = 'i'
    LEFT JOIN place p ON p.oid = c.relnamespace
    WHERE NOT (i.indisvalid AND i.indisready)
      AND (p.oid IS NOT NULL
           OR $2::boolean AND EXISTS (SELECT FROM pgzm.object o
                                      WHERE o.migration = $1::bigint AND o.side = 'new'
                                        AND o.classid = 'pg_catalog.pg_class'::regclass
                                        AND o.oid = i.indrelid))
    UNION ALL
    SELECT 'failure', pg_catalog.format('%s is gone', m.label),
           'Run pgzm-copy abort and prepare again.'
    FROM made m
    -- labels are of one line: what steers a terminal in a name is a space there
    LEFT JOIN labelled l ON l.kind = m.kind
                        AND pg_catalog.regexp_replace(l.label, '[\x01-\x1f\x7f]', ' ', 'g') = m.part
    WHERE l.kind IS NULL
)
(SELECT outcome, message, hint FROM wrong ORDER BY 1, 2 LIMIT 50)
UNION ALL
SELECT 'pass',
       CASE WHEN $2::boolean THEN 'all indexes are valid'
            ELSE pg_catalog.format('%s indexes, keys, checks, triggers, policies and rules are there, '
                                   'all indexes valid', (SELECT count(*) FROM made)) END, ''
WHERE NOT EXISTS (SELECT FROM wrong)
