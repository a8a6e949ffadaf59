-- Makes the journal in the destination, once. One statement, no parameters, no result.
-- Whoever changes a table here raises the version: a journal of another one is refused.
-- Every table names the migration by its timestamp (milliseconds since the epoch).
DO $journal$
BEGIN
    -- Not IF NOT EXISTS alone: without CREATE on the database that fails even when all is there.
    IF pg_catalog.to_regclass('pgzm.event') IS NOT NULL THEN
        RETURN;
    END IF;
    CREATE SCHEMA IF NOT EXISTS pgzm;
    COMMENT ON SCHEMA pgzm IS 'journal of pgzm-copy, version 5'; -- JOURNAL_COMMENT in journal.c

    -- What was asked for and how far it came. The state machine's one row a migration.
    CREATE TABLE pgzm.migration (
        id bigint PRIMARY KEY,
        state text NOT NULL CHECK (state IN
            ('PREPARING', 'PREPARED', 'SWAPPED', 'SETTLED', 'ROLLED BACK', 'ABORTED')),
        source text NOT NULL,              -- database, host, user; no secret
        source_version integer NOT NULL,
        dest_version integer NOT NULL,
        tool_version text NOT NULL,
        jobs integer NOT NULL,
        source_id text,                    -- the database, wherever and however it is reached
        source_fingerprint text,           -- of its definitions in the snapshot
        source_as_of timestamptz,          -- when the source's snapshot was taken
        options text,                      -- those that say what is carried over, as written
        max_rate bigint,                   -- bytes of rows a second, all hosts; NULL: any
        max_lag_ms bigint,                 -- of the destination's replicas
        max_lag_bytes bigint,
        rows_in timestamptz,               -- the snapshot was held until all rows were in
        fingerprint text,                  -- of the live schemas when preparing ended
        horizon xid,                       -- transactions from before it may see new tables empty
        load_path text,                    -- search_path of sessions that load rows
        read_path text,                    -- and of those that read them
        path text,                         -- search_path for the steps: where extensions are
        created_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
        changed_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
        swapped_at timestamptz,
        cleaned_at timestamptz             -- when its backup was dropped
    );
    -- At most one unfinished migration, whatever the callers do.
    CREATE UNIQUE INDEX migration_unfinished ON pgzm.migration ((true))
        WHERE state IN ('PREPARING', 'PREPARED');

    -- The schemas of a migration under each of their names.
    CREATE TABLE pgzm.schema (
        migration bigint NOT NULL REFERENCES pgzm.migration,
        live text NOT NULL,
        shadow text NOT NULL,
        backup text NOT NULL,
        undone text NOT NULL,              -- where a rollback puts the new objects
        created boolean NOT NULL,          -- the live schema did not exist before
        PRIMARY KEY (migration, live)
    );

    -- What moves, by OID: the new objects into the live schema and the old ones out of it; and tables
    -- that stay but whose foreign keys are made anew.
    CREATE TABLE pgzm.object (
        migration bigint NOT NULL REFERENCES pgzm.migration,
        side text NOT NULL CHECK (side IN ('old', 'new', 'stays')),
        classid oid NOT NULL,              -- catalog
        oid oid NOT NULL,
        kind text NOT NULL,                -- the word after ALTER
        live text NOT NULL,                -- live schema that it belongs to
        name text NOT NULL,                -- for messages
        lockable boolean NOT NULL,         -- a table: locked before anything moves
        PRIMARY KEY (migration, side, classid, oid)
    );

    -- Work after the schema exists: chunks of rows and statements that wait for rows. A chunk's row is
    -- changed in the transaction that loads the rows, so it is in once or not at all.
    CREATE TABLE pgzm.task (
        migration bigint NOT NULL REFERENCES pgzm.migration,
        id integer NOT NULL,
        kind text NOT NULL,                -- copy, index, constraint, ..., analyze
        label text NOT NULL,
        statement text,                    -- NULL for a chunk
        relation oid,                      -- table in the shadow schema
        exclusive boolean NOT NULL DEFAULT true,  -- alone on its table
        builds boolean NOT NULL DEFAULT false,    -- reads rows: counted as an index
        class integer NOT NULL DEFAULT 0,  -- tasks of one may share a transaction; 0: alone
        weight bigint NOT NULL DEFAULT 0,  -- workers take the heaviest first; of a chunk: bytes
        needs integer[],                   -- statements that come before
        chunk json,                        -- what is read and written (taskstore.h)
        done boolean NOT NULL DEFAULT false,
        rows bigint,
        done_at timestamptz,
        host text,                         -- who did it
        process integer,
        PRIMARY KEY (migration, id)
    );

    -- Who holds the source's snapshot, under which name it can be imported.
    CREATE TABLE pgzm.snapshot (
        migration bigint NOT NULL REFERENCES pgzm.migration,
        name text NOT NULL,
        visible text NOT NULL,             -- txid_snapshot: a name may come again
        host text NOT NULL,
        process integer NOT NULL,
        worker boolean NOT NULL,           -- not the command itself
        at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
        PRIMARY KEY (migration, name)
    );

    -- Tables that came in part or with other values (--where, --mask), with their partitions.
    CREATE TABLE pgzm.subset (
        migration bigint NOT NULL REFERENCES pgzm.migration,
        live text NOT NULL,                -- schema
        name text NOT NULL,
        alias text,                        -- what the conditions call it; NULL: its name
        conditions json NOT NULL,          -- array of SQL: all hold for its rows
        masked json NOT NULL,              -- array of columns
        alike boolean NOT NULL,            -- it holds so for all of its partitions
        PRIMARY KEY (migration, live, name)
    );

    -- Statements of the swap and of the rollback that are not mere moves, those that settle, those
    -- that count rows which a foreign key will not let pass, and those (last one first) with which
    -- abort takes back what was made outside the shadow.
    CREATE TABLE pgzm.step (
        migration bigint NOT NULL REFERENCES pgzm.migration,
        part text NOT NULL CHECK (part IN ('orphans', 'before swap', 'after swap', 'settle',
                                           'before rollback', 'after rollback',
                                           'settle rollback', 'abort')),
        id integer NOT NULL,
        label text NOT NULL,
        statement text NOT NULL,
        done boolean NOT NULL DEFAULT false,
        rows bigint,                       -- orphans: as counted last
        PRIMARY KEY (migration, part, id)
    );

    -- Preserved tables: the live table and its shadow, which trade roles at the swap.
    CREATE TABLE pgzm.preserved (
        id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        migration bigint NOT NULL REFERENCES pgzm.migration,
        live text NOT NULL,                -- schema
        name text NOT NULL,
        old_oid oid NOT NULL,
        new_oid oid NOT NULL,
        columns text[] NOT NULL,           -- columns of both, in the old table's order
        key_columns text[] NOT NULL,       -- tell rows apart on both
        synced boolean NOT NULL DEFAULT false,
        rows bigint,                       -- copied when it was prepared
        kept boolean NOT NULL DEFAULT false, -- for a rollback: the old table takes over the live rows
        aside text                         -- kept: the table with the rows that the old one had
    );

    -- Keys whose rows must be copied again: of transactions above READ COMMITTED and of writes that
    -- failed. Inserts only, no unique index: writing here cannot fail or wait.
    CREATE TABLE pgzm.redo (
        preserved integer NOT NULL,        -- pgzm.preserved
        key text[],                        -- by key_columns; NULL: the whole table (TRUNCATE)
        reason text NOT NULL,
        at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
    );

    -- Large objects that a migration made: they are in no schema.
    CREATE TABLE pgzm.largeobject (
        migration bigint NOT NULL REFERENCES pgzm.migration,
        oid oid NOT NULL,
        PRIMARY KEY (migration, oid)
    );

    -- Who did what, when, from where.
    CREATE TABLE pgzm.event (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        migration bigint,
        at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
        role text NOT NULL DEFAULT session_user,
        address text DEFAULT pg_catalog.inet_client_addr()::text, -- NULL: a local socket
        backend integer NOT NULL DEFAULT pg_catalog.pg_backend_pid(),
        host text DEFAULT pg_catalog.current_setting('pgzm.host', true), -- as the client says
        what text NOT NULL,
        detail text
    );
END
$journal$
