-- The swap, or its inverse, in one server-side block: statements before, objects out of the live
-- schemas, objects in, statements after, the new state. That nothing leans on what goes out was looked
-- at just before (stays.sql, new_keys.sql).
-- Everything moves by OID, so names may have changed since. The caller holds the locks and sets:
--   pgzm.migration  the migration
--   pgzm.direction  'swap' or 'rollback'
--   pgzm.path       search_path for the statements after
DO $block$
DECLARE
    this bigint := current_setting('pgzm.migration')::bigint;
    back boolean := current_setting('pgzm.direction') = 'rollback';
    path text := current_setting('pgzm.path');
    word text := current_setting('pgzm.direction');
    found text;
    item record;
    here oid;
BEGIN
    PERFORM set_config('search_path', '', true);
    SELECT state INTO found FROM pgzm.migration WHERE id = this FOR UPDATE;
    IF found IS NULL OR NOT (CASE WHEN back THEN found IN ('SWAPPED', 'SETTLED')
                             ELSE found = 'PREPARED' END) THEN
        RAISE EXCEPTION 'migration % is %', this, coalesce(found, 'not in the journal')
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;

    -- keys to copy again under the locks: few, or not now
    IF (SELECT count(*) FROM pgzm.redo r JOIN pgzm.preserved p ON p.id = r.preserved
        WHERE p.migration = this) > 10000 THEN
        RAISE EXCEPTION 'preserved tables are too far behind' USING ERRCODE = 'lock_not_available';
    END IF;
    FOR item IN SELECT statement FROM pgzm.step
                WHERE migration = this AND part = 'before ' || word ORDER BY id LOOP
        EXECUTE item.statement;
    END LOOP;
    IF EXISTS (SELECT FROM pgzm.redo r JOIN pgzm.preserved p ON p.id = r.preserved
               WHERE p.migration = this) THEN
        RAISE EXCEPTION 'rows of a preserved table are not in step'
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;

    FOR item IN SELECT live, CASE WHEN back THEN undone ELSE backup END AS out, created
                FROM pgzm.schema WHERE migration = this ORDER BY live LOOP
        EXECUTE format('CREATE SCHEMA %I', item.out);
        IF to_regnamespace(quote_ident(item.live)) IS NULL THEN
            EXECUTE format('CREATE SCHEMA %I', item.live);
        END IF;
    END LOOP;

    -- out first, in: the names must be free
    FOR item IN
        SELECT o.side, o.classid, o.oid, o.kind, o.name,
               CASE WHEN (o.side = 'old') = back THEN s.live
                    WHEN back THEN s.undone ELSE s.backup END AS target,
               CASE WHEN (o.side = 'old') = back THEN
                        CASE WHEN back THEN s.backup ELSE s.shadow END
                    ELSE s.live END AS origin
        FROM pgzm.object o JOIN pgzm.schema s ON s.migration = this AND s.live = o.live
        WHERE o.migration = this AND o.side <> 'stays'
        ORDER BY (o.side = 'old') = back, o.classid, o.oid
    LOOP
        here := (SELECT d.refobjid FROM pg_depend d
                 WHERE d.classid = item.classid AND d.objid = item.oid AND d.objsubid = 0
                   AND d.refclassid = 'pg_namespace'::regclass AND d.deptype = 'n');
        -- a new object that was dropped since is no obstacle to a rollback
        CONTINUE WHEN here IS NULL AND back AND item.side = 'new';
        IF here IS NULL THEN
            RAISE EXCEPTION '% % is gone', lower(item.kind), item.name
                USING ERRCODE = 'undefined_object';
        END IF;
        -- what follows another object is where it belongs already
        CONTINUE WHEN here = to_regnamespace(quote_ident(item.target))::oid;
        IF here <> to_regnamespace(quote_ident(item.origin))::oid THEN
            RAISE EXCEPTION '% % is not in schema % any more', lower(item.kind), item.name,
                item.origin USING ERRCODE = 'object_not_in_prerequisite_state';
        END IF;
        -- Procedures are told apart by their OUT arguments too, aggregates have a * for none.
        EXECUTE format('ALTER %s %s SET SCHEMA %I', item.kind,
            CASE WHEN item.kind IN ('FUNCTION', 'PROCEDURE', 'AGGREGATE')
                 THEN (SELECT format('%s.%I(%s)', p.pronamespace::regnamespace, p.proname,
                                     coalesce(nullif(pg_get_function_identity_arguments(p.oid), ''),
                                              CASE p.prokind WHEN 'a' THEN '*' ELSE '' END))
                       FROM pg_proc p WHERE p.oid = item.oid)
                 ELSE (pg_identify_object(item.classid, item.oid, 0)).identity END, item.target);
    END LOOP;

    PERFORM set_config('search_path', path, true);
    FOR item IN SELECT statement FROM pgzm.step
                WHERE migration = this AND part = 'after ' || word ORDER BY id LOOP
        EXECUTE item.statement;
    END LOOP;
    PERFORM set_config('search_path', '', true);

    IF NOT back THEN
        FOR item IN SELECT shadow FROM pgzm.schema WHERE migration = this LOOP
            EXECUTE format('DROP SCHEMA %I', item.shadow);
        END LOOP;
    ELSE
        -- what the swap had to create goes again, unless it is used by now
        FOR item IN SELECT unnest(CASE WHEN created THEN ARRAY[live, backup] ELSE ARRAY[backup] END)
                        AS name FROM pgzm.schema WHERE migration = this LOOP
            BEGIN
                EXECUTE format('DROP SCHEMA %I', item.name);
            EXCEPTION WHEN dependent_objects_still_exist THEN
                NULL;
            END;
        END LOOP;
    END IF;
    UPDATE pgzm.migration
    SET state = CASE WHEN back THEN 'ROLLED BACK' ELSE 'SWAPPED' END,
        changed_at = clock_timestamp(),
        swapped_at = CASE WHEN back THEN swapped_at ELSE clock_timestamp() END
    WHERE id = this;
    INSERT INTO pgzm.event (migration, what, detail)
    VALUES (this, 'state', CASE WHEN back THEN 'ROLLED BACK' ELSE 'SWAPPED' END);
END
$block$
