-- The swap, or its inverse, in one server-side block. It runs the statements of moves.sql, checks what
-- can only be known under the locks, and changes the state. First everything that nobody waits for;
-- then, in a subtransaction that lets go when one of them is in use, the tables that are in use.
-- The caller sets, for the transaction:
--   pgzm.migration   the migration
--   pgzm.direction   'swap' or 'rollback'
--   pgzm.path        search_path for the statements after
--   pgzm.since       txid_snapshot since which others may have made what the journal does not know
--   pgzm.patience    ms: longest wait for tables in use
--   pgzm.waited      name of the table in use to wait for first, or ''
--   pgzm.cold_lock   LOCK TABLE statement, or ''
--   pgzm.part1 to 7  text[]: statements, by the phases of moves.sql
--   pgzm.hot_locks   text[]: names of the tables in use
--   pgzm.hot         oid[]: relations that move in the end
-- It leaves in pgzm.times (of the session): ms before and after the first of the last locks.
DO $block$
DECLARE
    this bigint := current_setting('pgzm.migration')::bigint;
    back boolean := current_setting('pgzm.direction') = 'rollback';
    hot oid[] := current_setting('pgzm.hot');
    hot_locks text[] := current_setting('pgzm.hot_locks');
    waiting text := nullif(current_setting('pgzm.waited'), '');
    patience integer := current_setting('pgzm.patience')::integer;
    began timestamptz := clock_timestamp();
    give_up timestamptz;
    locked timestamptz;
    item text;
    state_now text;
    dependent text;
    needed text;
    problem text;
    problem_state text;
    recent text[] := '{}'; -- dependencies that are new: class, object, class and object that it needs
    -- when all was looked at; what is older than its xmin needs no closer look
    looked txid_snapshot := current_setting('pgzm.since')::txid_snapshot;
    since xid := (txid_snapshot_xmin(looked) % 4294967296)::text::xid;
    outs text[];
    -- What a check finds wrong with relations that moved (of the hot ones, or of the others), and the
    -- SQLSTATE for it. Names that others changed in the last moments made something else move; the
    -- fingerprint was compared before the locks, so columns that changed since go out unseen.
    moved_well CONSTANT text := $check$
        SELECT CASE WHEN m.strayed THEN m.name || ' was renamed or moved just now'
                    ELSE format('the columns of %s.%s were changed just now', m.live, m.name) END,
               CASE WHEN m.strayed THEN 'PZ002' ELSE '55000' END
        FROM (SELECT o.live, o.name,
                     n.nspname <> CASE WHEN (o.side = 'old') = $2 THEN s.live
                                       WHEN $2 THEN s.undone ELSE s.backup END AS strayed,
                     o.side = CASE WHEN $2 THEN 'new' ELSE 'old' END
                     AND EXISTS (SELECT FROM pg_attribute a
                                 WHERE a.attrelid = o.oid AND age(a.xmin) <= age($5)
                                   AND NOT txid_visible_in_snapshot(txid_current() - age(a.xmin), $6)
                                ) AS altered
              FROM pgzm.object o
              JOIN pgzm.schema s ON s.migration = $1 AND s.live = o.live
              JOIN pg_class c ON c.oid = o.oid
              JOIN pg_namespace n ON n.oid = c.relnamespace
              WHERE o.migration = $1 AND o.side <> 'stays' AND o.classid = 'pg_class'::regclass
                AND (o.oid = ANY ($3)) = $4) AS m
        WHERE m.strayed OR m.altered
        ORDER BY m.strayed DESC
        LIMIT 1
    $check$;
BEGIN
    PERFORM set_config('search_path', '', true);
    SELECT state INTO state_now FROM pgzm.migration WHERE id = this FOR UPDATE;
    IF state_now IS NULL OR NOT (CASE WHEN back THEN state_now IN ('SWAPPED', 'SETTLED')
                             ELSE state_now = 'PREPARED' END) THEN
        RAISE EXCEPTION 'migration % is %', this, coalesce(state_now, 'not in the journal')
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;

    outs := ARRAY(SELECT CASE WHEN back THEN undone ELSE backup END
                  FROM pgzm.schema WHERE migration = this);

    -- Nothing that moves is waited for long: views, sequences and the like cannot be locked before.
    PERFORM set_config('lock_timeout', least(patience, 20)::text, true);
    IF current_setting('pgzm.cold_lock') <> '' THEN
        EXECUTE current_setting('pgzm.cold_lock');
    END IF;
    FOREACH item IN ARRAY (current_setting('pgzm.part1')::text[]
                           || current_setting('pgzm.part2')::text[]) LOOP
        EXECUTE item;
    END LOOP;
    PERFORM set_config('search_path', current_setting('pgzm.path'), true);
    FOREACH item IN ARRAY current_setting('pgzm.part3')::text[] LOOP
        EXECUTE item;
    END LOOP;
    PERFORM set_config('search_path', '', true);

    -- Of a few tables nothing moves before the last.
    IF cardinality(current_setting('pgzm.part2')::text[]) > 0 THEN
        EXECUTE moved_well INTO problem, problem_state USING this, back, hot, false, since, looked;
        IF problem IS NOT NULL THEN
            RAISE EXCEPTION '%', problem USING ERRCODE = problem_state;
        END IF;
        -- What was made in the last moments to lean on what went out would follow it and be stale.
        -- Rows of pg_depend that new are few, if any; those of tables that did not move yet are told
        -- apart in the end.
        recent := ARRAY(
            SELECT concat_ws(' ', d.classid::oid, d.objid, d.refclassid::oid, d.refobjid)
            FROM (SELECT DISTINCT classid, objid, refclassid, refobjid FROM pg_depend
                  WHERE age(xmin) <= age(since)
                    AND NOT txid_visible_in_snapshot(txid_current() - age(xmin), looked)
                    AND refclassid <> 'pg_namespace'::regclass
                    AND deptype NOT IN ('e', 'i') OFFSET 0) AS d
            WHERE coalesce((pg_identify_object(d.refclassid, d.refobjid, 0)).schema,
                           (pg_identify_object_as_address(d.refclassid, d.refobjid, 0)
                           ).object_names[1]) = ANY (outs));
    END IF;

    give_up := clock_timestamp() + patience * interval '1 ms';
    LOOP
        locked := clock_timestamp();
        BEGIN
            IF waiting IS NOT NULL THEN
                PERFORM set_config('lock_timeout', greatest(1, ceil(1000 *
                    extract(epoch FROM give_up - locked)))::integer::text, true);
                EXECUTE format('LOCK TABLE ONLY %s IN ACCESS EXCLUSIVE MODE', waiting);
                PERFORM set_config('lock_timeout', least(patience, 20)::text, true);
            END IF;
            FOREACH item IN ARRAY hot_locks LOOP
                waiting := item;
                EXECUTE format('LOCK TABLE ONLY %s IN ACCESS EXCLUSIVE MODE NOWAIT', item);
            END LOOP;
            waiting := NULL;

            FOREACH item IN ARRAY current_setting('pgzm.part4')::text[] LOOP
                EXECUTE item;
            END LOOP;
            -- Rows written here are not seen by older snapshots: let go, copy them, try again.
            IF EXISTS (SELECT FROM pgzm.redo r JOIN pgzm.preserved p ON p.id = r.preserved
                       WHERE p.migration = this) THEN
                RAISE EXCEPTION 'rows of a preserved table are not in step'
                    USING ERRCODE = 'PZ001';
            END IF;
            FOREACH item IN ARRAY current_setting('pgzm.part5')::text[] LOOP
                EXECUTE item;
            END LOOP;
            PERFORM set_config('search_path', current_setting('pgzm.path'), true);
            FOREACH item IN ARRAY current_setting('pgzm.part6')::text[] LOOP
                EXECUTE item;
            END LOOP;
            PERFORM set_config('search_path', '', true);
            FOREACH item IN ARRAY current_setting('pgzm.part7')::text[] LOOP
                EXECUTE item;
            END LOOP;
            EXIT;
        EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
            IF clock_timestamp() >= give_up THEN
                RAISE;
            END IF;
            PERFORM pg_sleep(0.0005 + random() * 0.001);
        END;
    END LOOP;

    EXECUTE moved_well INTO problem, problem_state USING this, back, hot, true, since, looked;
    IF problem IS NOT NULL THEN
        RAISE EXCEPTION '%', problem USING ERRCODE = problem_state;
    END IF;
    recent := recent || ARRAY(
        SELECT DISTINCT concat_ws(' ', d.classid::oid, d.objid, d.refclassid::oid, d.refobjid)
        FROM pg_depend d
        WHERE d.refclassid IN ('pg_class'::regclass, 'pg_type'::regclass)
          AND d.refobjid = ANY (hot || ARRAY(SELECT c.reltype FROM pg_class c
                                             WHERE c.oid = ANY (hot)))
          AND age(d.xmin) <= age(since)
          AND NOT txid_visible_in_snapshot(txid_current() - age(d.xmin), looked)
          AND d.deptype NOT IN ('e', 'i'));
    IF cardinality(recent) > 0 THEN
        WITH needs (classid, objid, refclassid, refobjid) AS (
            SELECT DISTINCT split_part(r, ' ', 1)::oid, split_part(r, ' ', 2)::oid,
                   split_part(r, ' ', 3)::oid, split_part(r, ' ', 4)::oid
            FROM unnest(recent) AS r
        ), placed AS MATERIALIZED (
            SELECT r.*, CASE WHEN r.classid <> 'pg_publication_rel'::regclass
                             THEN coalesce((pg_identify_object(r.classid, r.objid, 0)).schema,
                                           (pg_identify_object_as_address(r.classid, r.objid, 0)
                                           ).object_names[1]) END AS inside,
                   coalesce((pg_identify_object(r.refclassid, r.refobjid, 0)).schema,
                            (pg_identify_object_as_address(r.refclassid, r.refobjid, 0)
                            ).object_names[1]) AS at
            FROM needs r
            -- made anew in the swap, or of use for the old objects only
            WHERE r.classid NOT IN ('pg_event_trigger'::regclass, 'pg_cast'::regclass,
                                    'pg_transform'::regclass, 'pg_foreign_data_wrapper'::regclass,
                                    'pg_language'::regclass)
              -- some were dropped since by a statement of the journal
              AND EXISTS (SELECT FROM pg_depend d
                          WHERE d.classid = r.classid AND d.objid = r.objid
                            AND d.refclassid = r.refclassid AND d.refobjid = r.refobjid)
        )
        SELECT pg_describe_object(p.classid, p.objid, 0),
               pg_describe_object(p.refclassid, p.refobjid, 0) INTO dependent, needed
        FROM placed p
        WHERE p.at = ANY (outs)
          AND NOT EXISTS (SELECT FROM pgzm.schema e WHERE p.inside IN (e.backup, e.undone))
          -- views and functions that get their definition again
          AND NOT EXISTS (SELECT FROM pgzm.object o
                          LEFT JOIN pg_rewrite r
                            ON p.classid = 'pg_rewrite'::regclass AND r.oid = p.objid
                          WHERE o.migration = this AND o.side = 'stays'
                            AND (o.oid = r.ev_class OR o.classid = p.classid AND o.oid = p.objid))
        LIMIT 1;
        IF dependent IS NOT NULL THEN
            RAISE EXCEPTION '% was made just now and leans on %, which goes out', dependent, needed
                USING ERRCODE = 'object_not_in_prerequisite_state',
                      HINT = 'Drop it, then run this command again.';
        END IF;
    END IF;

    UPDATE pgzm.migration
    SET state = CASE WHEN back THEN 'ROLLED BACK' ELSE 'SWAPPED' END,
        changed_at = clock_timestamp(),
        swapped_at = CASE WHEN back THEN swapped_at ELSE clock_timestamp() END
    WHERE id = this;
    INSERT INTO pgzm.event (migration, what, detail)
    VALUES (this, 'state', CASE WHEN back THEN 'ROLLED BACK' ELSE 'SWAPPED' END);
    PERFORM set_config('pgzm.times', format('%s %s',
        extract(epoch FROM locked - began) * 1000,
        extract(epoch FROM clock_timestamp() - locked) * 1000), false);
END
$block$
