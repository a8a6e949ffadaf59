#include "cli/option.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define FOR_CHANGES                                                                                \
    (OPTION_FOR_START | OPTION_FOR_PREPARE | OPTION_FOR_SWAP | OPTION_FOR_ROLLBACK |               \
     OPTION_FOR_ABORT | OPTION_FOR_CLEANUP)
#define FOR_COPY (OPTION_FOR_START | OPTION_FOR_PREPARE)
/* Commands that look at what will be copied and how. */
#define FOR_CHECKS (FOR_COPY | OPTION_FOR_PREFLIGHT)
/* Commands that read two databases by the same selection of objects. */
#define FOR_SELECTION (FOR_CHECKS | OPTION_FOR_DIFF)
#define FOR_SWAP (OPTION_FOR_START | OPTION_FOR_SWAP | OPTION_FOR_ROLLBACK)
/* Commands that undo or destroy: they must be told which database. */
#define FOR_UNDOING                                                                                \
    (OPTION_FOR_ROLLBACK | OPTION_FOR_ABORT | OPTION_FOR_CLEANUP | OPTION_FOR_UNLOCK)

static const OptionCommand commands[] = {
    {.name = "start",
     .bit = OPTION_FOR_START,
     .run = PGZM_START,
     .summary = "migrate in one go: prepare, then swap",
     .about = "Copies the source's schemas and rows beside the live ones of the destination and "
              "trades places with them in one short transaction. Applications keep reading and "
              "writing the whole time. The old objects stay as a backup that \"rollback\" brings "
              "back. When the swap does not get its locks, the migration stays prepared.",
     .example = "pgzm-copy start --source service=staging --dest service=production "
                "--preserved-tables users,sessions"},
    {.name = "prepare",
     .bit = OPTION_FOR_PREPARE,
     .run = PGZM_PREPARE,
     .summary = "copy everything, but do not go live yet",
     .about = "Copies the source's schemas and rows into shadow objects beside the live ones, "
              "builds their indexes and keeps the preserved tables in step with live traffic. "
              "What applications use does not change until \"swap\".",
     .example = "pgzm-copy prepare --source service=staging --dest service=production"},
    {.name = "swap",
     .bit = OPTION_FOR_SWAP,
     .run = PGZM_SWAP,
     .summary = "go live with what was prepared",
     .about = "Trades places between the live objects and the prepared ones in one short "
              "transaction, then validates what is left to validate. The old objects stay as a "
              "backup.",
     .example = "pgzm-copy swap --dest service=production"},
    {.name = "rollback",
     .bit = OPTION_FOR_ROLLBACK,
     .run = PGZM_ROLLBACK,
     .summary = "go back to the objects before the last swap",
     .about = "Trades the backup back into place in one short transaction. --latest undoes the "
              "latest migration that went live; --timestamp undoes that migration and all later "
              "ones, the latest first. Preserved tables keep all their rows, and so do those of "
              "--keep-tables. DATABASE_URL is not used.",
     .example = "pgzm-copy rollback --latest --dest service=production",
     .one_of = {OPTION_LATEST, OPTION_TIMESTAMP},
     .one_of_count = 2},
    {.name = "diff",
     .bit = OPTION_FOR_DIFF,
     .run = PGZM_DIFF,
     .summary = "show what a migration would change",
     .about = "Reads the definitions of both databases and shows how the destination would change "
              "if it became like the source: each difference as an operation with its risk for "
              "going live. Objects that only the destination has are kept, listed, and no "
              "difference. The exit status is 0 when there is none and 8 when there are some. "
              "Changes nothing and looks at no rows.",
     .example = "pgzm-copy diff --source service=staging --dest service=production"},
    {.name = "preflight",
     .bit = OPTION_FOR_PREFLIGHT,
     .run = PGZM_PREFLIGHT_CHECK,
     .summary = "check whether a migration can go through",
     .about = "Runs all the checks that \"prepare\" runs first, and shows each with its outcome: "
              "pass, warning or failure, with a hint. The exit status is 4 when one fails. "
              "Changes nothing.",
     .example = "pgzm-copy preflight --source service=staging --dest service=production"},
    {.name = "verify",
     .bit = OPTION_FOR_VERIFY,
     .run = PGZM_VERIFY,
     .summary = "check a prepared migration or a backup",
     .about = "Checks that what was prepared is whole and, with --source, like the source; or, "
              "for a migration that is live, that its backup is whole and can be rolled back to. "
              "Without --timestamp the unfinished or else the latest migration is meant. The exit "
              "status is 8 when something is wrong with it. Changes nothing.",
     .example = "pgzm-copy verify --dest service=production"},
    {.name = "status",
     .bit = OPTION_FOR_STATUS,
     .run = PGZM_STATUS,
     .summary = "show the unfinished or latest migration",
     .about = "Shows how far the unfinished or latest migration of the destination is, and whether "
              "it can be swapped. Changes nothing.",
     .example = "pgzm-copy status --dest service=production"},
    {.name = "list",
     .bit = OPTION_FOR_LIST,
     .run = PGZM_LIST,
     .summary = "list all migrations and their backups",
     .about = "Lists the migrations of the destination with their backups. Changes nothing.",
     .example = "pgzm-copy list --dest service=production"},
    {.name = "history",
     .bit = OPTION_FOR_HISTORY,
     .run = PGZM_HISTORY,
     .summary = "show who did what, when, from where",
     .about = "Prints the events that the journal of the destination holds. Changes nothing.",
     .example = "pgzm-copy history --dest service=production"},
    {.name = "abort",
     .bit = OPTION_FOR_ABORT,
     .run = PGZM_ABORT,
     .summary = "drop what an unfinished migration has built",
     .about = "Drops the shadow objects and sync triggers of an unfinished migration. Live objects "
              "stay as they are. DATABASE_URL is not used.",
     .example = "pgzm-copy abort --dest service=production"},
    {.name = "cleanup",
     .bit = OPTION_FOR_CLEANUP,
     .run = PGZM_CLEANUP,
     .summary = "drop backups that are not needed any more",
     .about = "Drops the backups of migrations that began before a moment, or of one migration, "
              "with what keeps them in step. Nothing is touched that the journal does not own, and "
              "a backup that something else depends on stays. Those migrations cannot be rolled "
              "back any more. DATABASE_URL is not used.",
     .example = "pgzm-copy cleanup --before 2026-11-01 --dry-run --dest service=production",
     .one_of = {OPTION_BEFORE, OPTION_TIMESTAMP},
     .one_of_count = 2},
    {.name = "unlock",
     .bit = OPTION_FOR_UNLOCK,
     .run = PGZM_UNLOCK,
     .summary = "show or end the session that holds the lock",
     .about = "One command at a time works on a destination; its session holds a lock there. This "
              "shows who holds it. With --force that session is ended, for a holder that is gone "
              "while the server has not noticed. DATABASE_URL is not used.",
     .example = "pgzm-copy unlock --force --dest service=production"},
    {.name = "dump",
     .bit = OPTION_FOR_DUMP,
     .run = PGZM_DUMP,
     .summary = "save the source in a folder",
     .about = "Writes the source's definitions and rows, all as of one moment, into a folder of "
              "compressed files, for a destination that cannot be reached from here. Copy the "
              "folder over, then run \"prepare\" or \"start\" with --from-dump in place of "
              "--source. The source is only ever read.",
     .example = "pgzm-copy dump --source service=staging --dir /backup/staging"},
    {.name = "worker",
     .bit = OPTION_FOR_WORKER,
     .run = PGZM_WORKER,
     .summary = "help a running prepare from another host",
     .about = "Joins a prepare (or start) that is copying: reads in its snapshot and copies chunks "
              "of rows until none is left. Any number of workers may join and leave; what one was "
              "at when it died is copied by another. Give the same source and destination. "
              "--max-rate and --max-lag of the prepare hold for its workers, too.",
     .example = "pgzm-copy worker --source service=staging --dest service=production"},
};

static const Option options[] = {
    {.id = OPTION_SOURCE,
     .name = "source",
     .argument = "CONNINFO",
     .variables = {{"SOURCE_DATABASE_URL", OPTION_FOR_ALL & ~OPTION_FOR_VERIFY}},
     .type = OPTION_TEXT,
     .scope = FOR_SELECTION | OPTION_FOR_VERIFY | OPTION_FOR_DUMP | OPTION_FOR_WORKER,
     .optional = OPTION_FOR_VERIFY,
     .instead = OPTION_FROM_DUMP,
     .secret = true,
     .engine = PGZM_SOURCE,
     .help = "database to read: a connection string or URI",
     .more = "Anything libpq takes: key=value pairs, a URI, service=NAME, or a database name. "
             "The source is only ever read."},
    {.id = OPTION_DEST,
     .name = "dest",
     .argument = "CONNINFO",
     .variables = {{"DEST_DATABASE_URL", OPTION_FOR_ALL},
                   {"DATABASE_URL", OPTION_FOR_ALL & ~FOR_UNDOING}},
     .type = OPTION_TEXT,
     .scope = OPTION_FOR_ALL & ~OPTION_FOR_DUMP,
     .secret = true,
     .engine = PGZM_DEST,
     .help = "live database to migrate",
     .more = "Anything libpq takes, as for --source."},
    {.id = OPTION_PRESERVED_TABLES,
     .name = "preserved-tables",
     .argument = "TABLES",
     .variables = {{"PRESERVED_TABLES", OPTION_FOR_ALL}},
     .type = OPTION_TEXT,
     .scope = FOR_CHECKS,
     .repeatable = true,
     .engine = PGZM_PRESERVED_TABLES,
     .help = "keep the destination's rows; may be repeated",
     .more = "SQL identifiers, separated by commas, with a schema where the name alone is "
             "ambiguous; quote mixed case "
             "as in SQL. These tables get the source's structure and keep the destination's rows, "
             "in step with live traffic until the swap."},
    {.id = OPTION_SCHEMA,
     .name = "schema",
     .letter = 'n',
     .argument = "PATTERN",
     .type = OPTION_TEXT,
     .scope = FOR_SELECTION | OPTION_FOR_DUMP,
     .repeatable = true,
     .engine = PGZM_SCHEMA,
     .help = "only these schemas; may be repeated",
     .more = "A pattern as in psql and pg_dump: * for any letters, ? for one, regular expressions "
             "otherwise; names are folded to lower case unless quoted with double quotes. See "
             "FILTERS."},
    {.id = OPTION_EXCLUDE_SCHEMA,
     .name = "exclude-schema",
     .letter = 'N',
     .argument = "PATTERN",
     .type = OPTION_TEXT,
     .scope = FOR_SELECTION | OPTION_FOR_DUMP,
     .repeatable = true,
     .engine = PGZM_EXCLUDE_SCHEMA,
     .help = "not these schemas; may be repeated",
     .more = "What is excluded counts more than what is included."},
    {.id = OPTION_TABLE,
     .name = "table",
     .letter = 't',
     .argument = "PATTERN",
     .type = OPTION_TEXT,
     .scope = FOR_SELECTION | OPTION_FOR_DUMP,
     .repeatable = true,
     .engine = PGZM_TABLE,
     .help = "only these tables; may be repeated",
     .more =
         "Tables, views, materialized views, sequences and foreign tables, with what belongs to "
         "them: SCHEMA.NAME, or NAME in any schema. See FILTERS."},
    {.id = OPTION_EXCLUDE_TABLE,
     .name = "exclude-table",
     .letter = 'T',
     .argument = "PATTERN",
     .type = OPTION_TEXT,
     .scope = FOR_SELECTION | OPTION_FOR_DUMP,
     .repeatable = true,
     .engine = PGZM_EXCLUDE_TABLE,
     .help = "not these tables; may be repeated",
     .more = "They are neither locked nor read. What is excluded counts more than what is "
             "included. In the destination they stay as they are."},
    {.id = OPTION_EXCLUDE_TABLE_DATA,
     .name = "exclude-table-data",
     .alias = "exclude-data",
     .argument = "PATTERN",
     .type = OPTION_TEXT,
     .scope = FOR_SELECTION | OPTION_FOR_DUMP,
     .repeatable = true,
     .engine = PGZM_EXCLUDE_TABLE_DATA,
     .help = "these without their rows; may be repeated",
     .more = "They are empty after the swap. The name --exclude-data is understood too."},
    {.id = OPTION_WHERE,
     .name = "where",
     .argument = "TABLE:CONDITION",
     .type = OPTION_TEXT,
     .scope = FOR_CHECKS | OPTION_FOR_DUMP,
     .repeatable = true,
     .engine = PGZM_WHERE,
     .help = "only these rows of a table; may be repeated",
     .more = "The table is an SQL identifier, as for --preserved-tables; the condition is SQL over "
             "its columns, which the source evaluates in the snapshot: 'orders:id > "
             "1000'. On a partitioned table it holds for all partitions; several for one "
             "table must all hold. Rows that foreign keys miss then are counted: see --orphans."},
    {.id = OPTION_MASK,
     .name = "mask",
     .argument = "COLUMN=EXPRESSION",
     .type = OPTION_TEXT,
     .scope = FOR_CHECKS | OPTION_FOR_DUMP,
     .repeatable = true,
     .engine = PGZM_MASK,
     .help = "other values for a column; may be repeated",
     .more = "The column is written table.column; the expression is SQL over the table's columns, "
             "which the source evaluates: 'users.email=md5(email)'. Its value is cast to the "
             "column's type; the real values never leave the source."},
    {.id = OPTION_FILTER,
     .name = "filter",
     .argument = "FILE",
     .type = OPTION_TEXT,
     .scope = FOR_SELECTION | OPTION_FOR_DUMP,
     .repeatable = true,
     .engine = PGZM_FILTER,
     .help = "read such patterns from FILE; may be repeated",
     .more = "A dash means standard input. See FILTERS."},
    {.id = OPTION_NO_OWNER,
     .name = "no-owner",
     .letter = 'O',
     .type = OPTION_SWITCH,
     .scope = FOR_SELECTION,
     .engine = PGZM_NO_OWNER,
     .help = "do not carry over who owns objects",
     .more = "New objects belong to the user who runs the command; objects that exist in the "
             "destination keep their owner there, unless --acl source is given."},
    {.id = OPTION_NO_PRIVILEGES,
     .name = "no-privileges",
     .letter = 'x',
     .type = OPTION_SWITCH,
     .scope = FOR_SELECTION,
     .engine = PGZM_NO_PRIVILEGES,
     .help = "do not carry over grants",
     .more = "Objects that exist in the destination keep their grants there, unless --acl source "
             "is given."},
    {.id = OPTION_ACL,
     .name = "acl",
     .argument = "merge|source|dest",
     .type = OPTION_CHOICE,
     .initial = "merge",
     .scope = FOR_SELECTION,
     .engine = PGZM_ACL,
     .help = "owners and grants of objects on both sides",
     .more = "merge keeps the destination's owner and grants and adds the source's grants; source "
             "takes the source's alone; dest keeps the destination's alone. Objects that only the "
             "source has come with the source's."},
    {.id = OPTION_NO_COMMENTS,
     .name = "no-comments",
     .type = OPTION_SWITCH,
     .scope = FOR_SELECTION,
     .engine = PGZM_NO_COMMENTS,
     .help = "do not carry over comments"},
    {.id = OPTION_NO_TABLESPACES,
     .name = "no-tablespaces",
     .type = OPTION_SWITCH,
     .scope = FOR_SELECTION,
     .engine = PGZM_NO_TABLESPACES,
     .help = "everything into the default tablespace"},
    {.id = OPTION_ROLES,
     .name = "roles",
     .type = OPTION_SWITCH,
     .scope = FOR_CHECKS,
     .engine = PGZM_ROLES,
     .help = "create roles that the destination lacks"},
    {.id = OPTION_LARGE_OBJECTS,
     .name = "large-objects",
     .type = OPTION_SWITCH,
     .scope = FOR_CHECKS,
     .engine = PGZM_LARGE_OBJECTS,
     .help = "copy large objects, too"},
    {.id = OPTION_REQUIRE_COMPLETE,
     .name = "require-complete",
     .type = OPTION_SWITCH,
     .scope = FOR_CHECKS,
     .engine = PGZM_REQUIRE_COMPLETE,
     .help = "refuse when something is not carried over",
     .more = "What would be reported as not carried over or left out is an error (exit status 4) "
             "before anything starts."},
    {.id = OPTION_MAX_RISK,
     .name = "max-risk",
     .argument = "low|medium|high",
     .type = OPTION_CHOICE,
     .scope = FOR_CHECKS,
     .engine = PGZM_MAX_RISK,
     .help = "refuse a change of the schema above that",
     .more =
         "The risk of going live, as \"diff\" shows it for each difference: low is an added "
         "column or a new index, medium a changed default or a new constraint, high a dropped "
         "or narrowed column, a dropped table or a changed type. There is no limit by default."},
    {.id = OPTION_JOBS,
     .name = "jobs",
     .letter = 'j',
     .argument = "N",
     .type = OPTION_INTEGER,
     .initial = "CPUs, at most 4",
     .min = 1,
     .max = 256,
     .scope = FOR_CHECKS | OPTION_FOR_DUMP | OPTION_FOR_WORKER,
     .engine = PGZM_JOBS,
     .help = "workers that copy and build",
     .more = "Each worker holds one connection to either side."},
    {.id = OPTION_DRY_RUN,
     .name = "dry-run",
     .type = OPTION_SWITCH,
     .scope = FOR_CHANGES,
     .engine = PGZM_DRY_RUN,
     .help = "print the plan, change nothing"},
    {.id = OPTION_REHEARSE,
     .name = "rehearse",
     .type = OPTION_SWITCH,
     .scope = FOR_COPY,
     .engine = PGZM_REHEARSE,
     .help = "with --dry-run: run it and roll back",
     .more = "The statements of the schema run on the destination inside transactions that are "
             "rolled back."},
    {.id = OPTION_RESUME,
     .name = "resume",
     .type = OPTION_SWITCH,
     .scope = FOR_COPY,
     .engine = PGZM_RESUME,
     .help = "go on with a migration whose prepare was cut short",
     .more = "What is done stays. From a live source that takes the snapshot in which the rows are "
             "read: either all of them are in already, or a worker still holds it."},
    {.id = OPTION_LATEST,
     .name = "latest",
     .type = OPTION_SWITCH,
     .scope = OPTION_FOR_ROLLBACK,
     .engine = PGZM_LATEST,
     .help = "undo the latest migration that went live",
     .more = "It, or --timestamp, must be said, so that nobody rolls back by mistake."},
    {.id = OPTION_TIMESTAMP,
     .name = "timestamp",
     .argument = "ID",
     .type = OPTION_TEXT,
     .scope = OPTION_FOR_SWAP | OPTION_FOR_ROLLBACK | OPTION_FOR_VERIFY | OPTION_FOR_STATUS |
              OPTION_FOR_HISTORY | OPTION_FOR_ABORT | OPTION_FOR_CLEANUP | OPTION_FOR_WORKER,
     .engine = PGZM_TIMESTAMP,
     .help = "the migration that is meant, as in list",
     .more = "Milliseconds since 1970. swap and abort refuse when it is not the unfinished "
             "migration's; rollback undoes that migration and all later ones."},
    {.id = OPTION_BEFORE,
     .name = "before",
     .argument = "DATE",
     .type = OPTION_TEXT,
     .scope = OPTION_FOR_CLEANUP,
     .engine = PGZM_BEFORE,
     .help = "backups of migrations that began before DATE",
     .more = "2026-11-21, \"2026-11-21 14:30\" (both in local time unless a zone follows) or "
             "milliseconds since 1970."},
    {.id = OPTION_KEEP_TABLES,
     .name = "keep-tables",
     .argument = "TABLES",
     .type = OPTION_TEXT,
     .scope = OPTION_FOR_ROLLBACK,
     .repeatable = true,
     .engine = PGZM_KEEP_TABLES,
     .help = "these keep the rows they have now; may be repeated",
     .more = "Written as for --preserved-tables. Their rows are brought into the backup, in step "
             "with live traffic, before it trades places. Preserved tables always keep theirs."},
    {.id = OPTION_CHECKSUM,
     .name = "checksum",
     .type = OPTION_SWITCH,
     .scope = OPTION_FOR_VERIFY,
     .engine = PGZM_CHECKSUM,
     .help = "compare contents, not numbers of rows alone",
     .more = "Reads all rows."},
    {.id = OPTION_VERIFY,
     .name = "verify",
     .argument = "count|checksum",
     .type = OPTION_CHOICE,
     .initial = "count",
     .scope = FOR_COPY,
     .engine = PGZM_VERIFY_ROWS,
     .help = "how rows that were copied are compared",
     .more = "count: each table has as many rows as were read, which costs nothing. checksum: the "
             "new tables are read once more, and the source's in the same snapshot; every value "
             "must be the same, otherwise nothing goes live (exit status 8) and the rows that "
             "differ are named."},
    {.id = OPTION_ORPHANS,
     .name = "orphans",
     .argument = "fail|keep",
     .type = OPTION_CHOICE,
     .initial = "fail",
     .scope = FOR_COPY | OPTION_FOR_SWAP,
     .engine = PGZM_ORPHANS,
     .help = "rows that violate a foreign key of the new data",
     .more =
         "Rows of preserved tables may refer to rows that the new data lacks, and so may rows of "
         "other tables after --where and --mask. fail: there is "
         "no swap (exit status 8). keep: it goes live with that key NOT VALID (exit status 9)."},
    {.id = OPTION_ALLOW_PUBLISH,
     .name = "allow-publish",
     .type = OPTION_SWITCH,
     .scope = FOR_CHECKS,
     .engine = PGZM_ALLOW_PUBLISH,
     .help = "go on in spite of publications for all tables",
     .more =
         "Such a publication of the destination publishes the shadow, the backup and the journal "
         "too: subscribers need these tables, or their replication stops."},
    {.id = OPTION_FORCE,
     .name = "force",
     .type = OPTION_SWITCH,
     .scope = OPTION_FOR_UNLOCK,
     .engine = PGZM_FORCE,
     .help = "end the session that holds the lock"},
    {.id = OPTION_LOCK_TIMEOUT,
     .name = "lock-timeout",
     .argument = "TIME",
     .type = OPTION_DURATION,
     .initial = "80ms",
     .min = 1,
     .max = INT32_MAX,
     .scope = FOR_CHANGES,
     .engine = PGZM_LOCK_TIMEOUT,
     .help = "longest wait for one lock on a live table",
     .more = "Applications that use the table wait no longer than that. When the lock is not "
             "obtained in time, it is tried again until --swap-timeout is over."},
    {.id = OPTION_SWAP_TIMEOUT,
     .name = "swap-timeout",
     .argument = "TIME",
     .type = OPTION_DURATION,
     .initial = "60s",
     .min = 1,
     .max = INT32_MAX,
     .scope = FOR_SWAP,
     .engine = PGZM_SWAP_TIMEOUT,
     .help = "how long to keep trying for the swap's locks"},
    {.id = OPTION_LOCK_WAIT_TIMEOUT,
     .name = "lock-wait-timeout",
     .argument = "TIME",
     .type = OPTION_DURATION,
     .initial = "30s",
     .min = 1,
     .max = INT32_MAX,
     .scope = FOR_CHECKS | OPTION_FOR_DUMP | OPTION_FOR_WORKER,
     .engine = PGZM_LOCK_WAIT_TIMEOUT,
     .help = "longest wait for the locks on the source's tables"},
    {.id = OPTION_RETRY_TIMEOUT,
     .name = "retry-timeout",
     .argument = "TIME",
     .type = OPTION_DURATION,
     .initial = "60s",
     .min = 0,
     .max = INT32_MAX,
     .scope = FOR_COPY | OPTION_FOR_WORKER,
     .engine = PGZM_RETRY_TIMEOUT,
     .help = "how long to try lost connections again while rows are copied",
     .more = "The rows of a lost transaction are copied again, those that were committed are not. "
             "0 gives up at once. The connection that holds the source's snapshot cannot be "
             "replaced: when it is lost, the command fails."},
    {.id = OPTION_INDEX_MEMORY,
     .name = "index-memory",
     .argument = "SIZE",
     .type = OPTION_TEXT,
     .scope = FOR_COPY,
     .engine = PGZM_INDEX_MEMORY,
     .help = "memory for all index builds that run at the same time",
     .more =
         "Each gets its part as maintenance_work_mem, at least 1MB, and no more parallel workers "
         "than have 32MB each. Without it each build has the destination's "
         "maintenance_work_mem."},
    {.id = OPTION_MAX_RATE,
     .name = "max-rate",
     .argument = "SIZE",
     .type = OPTION_TEXT,
     .scope = FOR_COPY | OPTION_FOR_DUMP,
     .engine = PGZM_MAX_RATE,
     .help = "copy no more rows a second than this, all jobs together",
     .more =
         "In bytes as they travel, workers on other hosts included. Index builds are not slowed "
         "down."},
    {.id = OPTION_MAX_LAG,
     .name = "max-lag",
     .argument = "TIME|SIZE",
     .type = OPTION_TEXT,
     .scope = FOR_COPY,
     .engine = PGZM_MAX_LAG,
     .help = "pause while a replica of the destination is further behind",
     .more = "Replicas are those in pg_stat_replication of the destination, which members of "
             "pg_monitor may read; what already runs, an index build for example, is ended first."},
    {.id = OPTION_DIR,
     .name = "dir",
     .argument = "DIR",
     .type = OPTION_TEXT,
     .scope = OPTION_FOR_DUMP,
     .engine = PGZM_DIR,
     .help = "the folder to make",
     .more = "It must not exist yet, or be empty. It is readable for its owner alone."},
    {.id = OPTION_FROM_DUMP,
     .name = "from-dump",
     .argument = "DIR",
     .type = OPTION_TEXT,
     .scope = FOR_CHECKS,
     .engine = PGZM_FROM_DUMP,
     .help = "a folder that \"dump\" made, in place of --source",
     .more = "What is taken was decided when the dump was made: it does not go with the options "
             "that choose schemas and tables, nor with --roles and --large-objects."},
    {.id = OPTION_SPILL_DIR,
     .name = "spill-dir",
     .argument = "DIR",
     .type = OPTION_TEXT,
     .scope = FOR_COPY,
     .engine = PGZM_SPILL_DIR,
     .help = "save the source's rows there first",
     .more = "Then the source's snapshot is held no longer than it takes to read the rows. The "
             "folder is a dump; it is deleted when the migration is prepared, and stays when that "
             "fails: \"prepare --resume --from-dump DIR\" goes on with it."},
    {.id = OPTION_KEY_FILE,
     .name = "key-file",
     .argument = "FILE",
     .type = OPTION_TEXT,
     .scope = OPTION_FOR_DUMP | FOR_CHECKS,
     .engine = PGZM_KEY_FILE,
     .help = "encrypt or decrypt a dump with the key in FILE",
     .more = "32 bytes, or 64 hexadecimal digits (openssl rand -hex 32), readable for its owner "
             "alone. For \"dump\", and with --from-dump and --spill-dir."},
    {.id = OPTION_TIMEOUT,
     .name = "timeout",
     .argument = "TIME",
     .type = OPTION_DURATION,
     .min = 1,
     .max = INT32_MAX,
     .scope = OPTION_FOR_ALL,
     .engine = PGZM_TIMEOUT,
     .help = "give up when the whole command takes longer",
     .more = "There is no limit by default."},
    {.id = OPTION_JSON,
     .name = "json",
     .type = OPTION_SWITCH,
     .scope = OPTION_FOR_ALL,
     .engine = OPTION_NO_ENGINE,
     .help = "print one JSON object on standard output",
     .more = "Nothing else goes there; messages and progress go to standard error. See RESULT."},
    {.id = OPTION_LOG_FILE,
     .name = "log-file",
     .argument = "FILE",
     .type = OPTION_TEXT,
     .scope = OPTION_FOR_ALL,
     .engine = OPTION_NO_ENGINE,
     .help = "append a log of the run to FILE",
     .more = "A file that does not exist is created for its owner alone (mode 0600). A file that "
             "cannot be written ends the command before anything starts."},
    {.id = OPTION_VERBOSE,
     .name = "verbose",
     .letter = 'v',
     .type = OPTION_SWITCH,
     .scope = OPTION_FOR_ALL,
     .engine = OPTION_NO_ENGINE,
     .help = "say more about what is done"},
    {.id = OPTION_QUIET,
     .name = "quiet",
     .letter = 'q',
     .type = OPTION_SWITCH,
     .scope = OPTION_FOR_ALL,
     .engine = OPTION_NO_ENGINE,
     .help = "print errors only",
     .more = "There is no progress and no summary. What was asked for is still printed: the answer "
             "of status and list, the plan of a "
             "dry run, the object of --json."},
    {.id = OPTION_NO_PASSWORD,
     .name = "no-password",
     .letter = 'w',
     .type = OPTION_SWITCH,
     .scope = OPTION_FOR_ALL,
     .engine = OPTION_NO_ENGINE,
     .help = "never ask for a password (it never does)",
     .more = "Passwords come from the connection string, the password file or PGPASSWORD."},
    {.id = OPTION_VERSION,
     .name = "version",
     .letter = 'V',
     .type = OPTION_SWITCH,
     .scope = OPTION_FOR_ALL,
     .general = true,
     .engine = OPTION_NO_ENGINE,
     .help = "print the version, then exit"},
    {.id = OPTION_HELP,
     .name = "help",
     .letter = '?',
     .type = OPTION_SWITCH,
     .scope = OPTION_FOR_ALL,
     .general = true,
     .engine = OPTION_NO_ENGINE,
     .help = "show this help, then exit"},
};

_Static_assert(LENGTH(options) == OPTION_COUNT, "one row for each OptionId, in its order");

const Option *option_get(OptionId id)
{
    return &options[id];
}

static bool is_word(const char *word, const char *text, size_t len)
{
    return word != NULL && strlen(word) == len && memcmp(word, text, len) == 0;
}

const Option *option_by_name(const char *name, size_t len)
{
    for (size_t i = 0; i < LENGTH(options); i++)
        if (is_word(options[i].name, name, len) || is_word(options[i].alias, name, len))
            return &options[i];
    return NULL;
}

const Option *option_by_letter(char letter)
{
    for (size_t i = 0; i < LENGTH(options) && letter != 0; i++)
        if (options[i].letter == letter)
            return &options[i];
    return NULL;
}

size_t option_command_count(void)
{
    return LENGTH(commands);
}

const OptionCommand *option_command(size_t i)
{
    return &commands[i];
}

const OptionCommand *option_command_by_name(const char *name)
{
    for (size_t i = 0; i < LENGTH(commands); i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

#define NEAREST_MAX 40 /* longer words are never mistyped names */

/* Edits (insert, delete, replace, exchange neighbours) from `typed` to `name`. */
static size_t option_distance(const char *typed, size_t len, const char *name)
{
    size_t rows[3][NEAREST_MAX + 1];
    size_t *before = rows[0], *last = rows[1], *row = rows[2];
    size_t n = strlen(name);

    for (size_t j = 0; j <= n; j++)
        last[j] = j;
    for (size_t i = 1; i <= len; i++) {
        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            size_t best = last[j - 1] + (typed[i - 1] != name[j - 1]);
            if (last[j] + 1 < best)
                best = last[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            if (i > 1 && j > 1 && typed[i - 1] == name[j - 2] && typed[i - 2] == name[j - 1] &&
                before[j - 2] + 1 < best)
                best = before[j - 2] + 1;
            row[j] = best;
        }
        size_t *spare = before;
        before = last;
        last = row;
        row = spare;
    }
    return last[n];
}

/* Keeps `name` when it is nearer than the nearest so far; a shortened name is nearest of all. */
static void option_nearer(const char *typed, size_t len, const char *name, const char **nearest,
                          size_t *distance)
{
    if (len == 0 || len > NEAREST_MAX || strlen(name) > NEAREST_MAX)
        return;
    size_t d = option_distance(typed, len, name);
    if (len >= 3 && strncmp(typed, name, len) == 0)
        d = 0;
    else if (d > 1 + len / 4)
        return;
    if (*nearest == NULL || d < *distance) {
        *nearest = name;
        *distance = d;
    }
}

const char *option_nearest(const char *name, size_t len)
{
    const char *nearest = NULL;
    size_t distance = 0;
    for (size_t i = 0; i < LENGTH(options); i++)
        option_nearer(name, len, options[i].name, &nearest, &distance);
    return nearest;
}

const char *option_nearest_command(const char *name)
{
    const char *nearest = NULL;
    size_t distance = 0;
    for (size_t i = 0; i < LENGTH(commands); i++)
        option_nearer(name, strlen(name), commands[i].name, &nearest, &distance);
    option_nearer(name, strlen(name), "help", &nearest, &distance);
    return nearest;
}

bool option_is_harmless(const char *word, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (strchr(":@=/'\" ", word[i]) != NULL || (unsigned char)word[i] < 0x20)
            return false;
    return len <= NEAREST_MAX;
}

/* Says what was expected, and what was given when that can be shown. */
static bool option_misfit(const char *label, const char *expected, const char *value, Error *err)
{
    if (option_is_harmless(value, strlen(value)))
        return error_set(err, ERROR_USAGE, "%s takes %s, not \"%s\"", label, expected, value);
    return error_set(err, ERROR_USAGE, "%s takes %s", label, expected);
}

static bool option_check_integer(const Option *option, const char *label, const char *value,
                                 Error *err)
{
    char *end;
    errno = 0;
    long long n = strtoll(value, &end, 10);
    if (*value != 0 && *end == 0 && errno == 0 && n >= option->min && n <= option->max)
        return true;
    AUTO(mem_free)
    char *expected = mem_printf("a number from %" PRId64 " to %" PRId64, option->min, option->max);
    option_misfit(label, expected, value, err);
    return error_hint(err, "Leave it out for the default: %s.", option->initial);
}

static bool option_check_duration(const Option *option, const char *label, const char *value,
                                  Error *err)
{
    int64_t ms;
    if (clock_parse_duration(value, &ms) && ms >= option->min && ms <= option->max)
        return true;
    option_misfit(label, "a duration", value, err);
    return error_hint(err, "Durations are a number above zero and a unit: 80ms, 60s, 10min, 2h.");
}

/* The words are those that help shows. */
static bool option_check_choice(const Option *option, const char *label, const char *value,
                                Error *err)
{
    AUTO(str_clear) Str expected = STR_INIT;
    for (const char *word = option->argument; *word != 0;) {
        size_t len = strcspn(word, "|");
        if (strlen(value) == len && memcmp(value, word, len) == 0)
            return true;
        const char *next = word + len + (word[len] != 0);
        if (word != option->argument)
            str_add(&expected, *next == 0 ? " or " : ", ");
        str_add_bytes(&expected, word, len);
        word = next;
    }
    option_misfit(label, str_text(&expected), value, err);
    if (option->initial != NULL)
        return error_hint(err, "Leave it out for the default: %s.", option->initial);
    return error_hint(err, "Leave it out for none.");
}

bool option_check(const Option *option, const char *label, const char *value, Error *err)
{
    switch (option->type) {
    case OPTION_SWITCH:
        return true;
    case OPTION_TEXT:
        if (*value != 0)
            return true;
        error_set(err, ERROR_USAGE, "%s is empty", label);
        if (option->secret)
            return error_hint(err, "Leave it out to connect with the PG* variables alone.");
        return error_hint(err, "Give a value or leave it out.");
    case OPTION_CHOICE:
        return option_check_choice(option, label, value, err);
    case OPTION_INTEGER:
        return option_check_integer(option, label, value, err);
    case OPTION_DURATION:
        return option_check_duration(option, label, value, err);
    }
    return true;
}

void option_add_commands(Str *out, OptionScope scope)
{
    size_t left = 0;
    for (size_t i = 0; i < LENGTH(commands); i++)
        left += (scope & commands[i].bit) != 0;
    bool first = true;
    for (size_t i = 0; i < LENGTH(commands); i++) {
        if (!(scope & commands[i].bit))
            continue;
        left--;
        if (!first)
            str_add(out, left == 0 ? " and " : ", ");
        first = false;
        str_add(out, commands[i].name);
    }
}

void option_add_range(Str *out, const Option *option)
{
    if (option->type == OPTION_INTEGER)
        str_addf(out, "%" PRId64 " to %" PRId64, option->min, option->max);
}
