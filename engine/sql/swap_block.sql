-- The swap, or its inverse, in one server-side block. It runs the statements of moves.sql, checks what
-- can only be known under the locks, and changes the state. First everything that nobody waits for;
-- then, in a subtransaction that lets go when one of them is in use, the tables that are in use.
-- The caller sets, for the transaction:
--   pgzm.migration   the migration
--   pgzm.direction   'swap' or 'rollback'
--   pgzm.path        search_path for the statements after
--   pgzm.since       the transaction since which others may have made objects that nobody knows of
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
    found text;
    other text;
BEGIN
    PERFORM set_config('search_path', '', true);
    SELECT state INTO found FROM pgzm.migration WHERE id = this FOR UPDATE;
    IF found IS NULL OR NOT (CASE WHEN back THEN found IN ('SWAPPED', 'SETTLED')
                             ELSE found = 'PREPARED' END) THEN
        RAISE EXCEPTION 'migration % is %', this, coalesce(found, 'not in the journal')
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;

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
