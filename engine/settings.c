#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/size.h"
#include "engine/subset.h"

enum { JOBS_DEFAULT_MAX = 4, JOBS_MAX = 256 };

static int default_jobs(void)
{
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    return cpus < 1 ? 1 : cpus > JOBS_DEFAULT_MAX ? JOBS_DEFAULT_MAX : (int)cpus;
}

void settings_init(Settings *settings)
{
    *settings = (Settings){.jobs = default_jobs(),
                           .lock_timeout_ms = 80,
                           .swap_timeout_ms = 60000,
                           .lock_wait_timeout_ms = 30000,
                           .retry_timeout_ms = 60000,
                           .before_ms = INT64_MIN};
}

static void clear_list(TextList *list)
{
    for (size_t i = 0; i < list->count; i++)
        mem_free(list->items[i]);
    mem_free(list->items);
}

void settings_clear(Settings *settings)
{
    mem_free(settings->source);
    mem_free(settings->dest);
    mem_free(settings->preserved);
    mem_free(settings->keep);
    clear_list(&settings->where);
    clear_list(&settings->mask);
    mem_free(settings->dir);
    mem_free(settings->from_dump);
    mem_free(settings->spill_dir);
    mem_free(settings->key_file);
    filter_clear(&settings->filter);
    *settings = (Settings){0};
}

static void set_text(char **target, const char *value)
{
    mem_free(*target);
    *target = mem_strdup(value);
}

static bool set_duration(int64_t *target, const char *name, const char *value, Error *err)
{
    int64_t ms;
    if (clock_parse_duration(value, &ms)) {
        *target = ms;
        return true;
    }
    error_set(err, ERROR_USAGE, "%s is no duration: \"%s\"", name, value);
    return error_hint(err, "Write a number with a unit: 80ms, 30s, 10min, 2h.");
}

static bool set_size(int64_t *target, const char *name, const char *value, Error *err)
{
    if (size_parse(value, target) && *target > 0)
        return true;
    error_set(err, ERROR_USAGE, "%s is no size: \"%s\"", name, value);
    return error_hint(err, "Write a number with a unit: 64MB, 1.5GB.");
}

static bool set_lag(Settings *s, const char *value, Error *err)
{
    s->max_lag_ms = s->max_lag_bytes = 0;
    size_t digits = strspn(value, "0123456789.");
    if (value[digits] != '\0' && clock_parse_duration(value, &s->max_lag_ms) && s->max_lag_ms > 0)
        return true;
    if (value[digits] != '\0' && size_parse(value, &s->max_lag_bytes) && s->max_lag_bytes > 0)
        return true;
    s->max_lag_ms = s->max_lag_bytes = 0;
    error_set(err, ERROR_USAGE, "the highest lag is no duration and no size: \"%s\"", value);
    return error_hint(err, "Write a number with a unit: 30s, 5min, 64MB, 2GB.");
}

static bool set_bool(bool *target, const char *name, const char *value, Error *err)
{
    if (strcmp(value, "on") == 0 || strcmp(value, "off") == 0) {
        *target = strcmp(value, "on") == 0;
        return true;
    }
    error_set(err, ERROR_USAGE, "%s is on or off, not \"%s\"", name, value);
    return false;
}

static bool set_jobs(int *target, const char *value, Error *err)
{
    char *end;
    errno = 0;
    long jobs = strtol(value, &end, 10);
    if (errno == 0 && end != value && *end == '\0' && jobs >= 1 && jobs <= JOBS_MAX) {
        *target = (int)jobs;
        return true;
    }
    error_set(err, ERROR_USAGE, "the number of jobs is no number from 1 to %d: \"%s\"", JOBS_MAX,
              value);
    return error_hint(err, "Two to four jobs suit most servers.");
}

/* `words` ends with NULL; the position of `value` among them. */
static bool set_choice(int *target, const char *name, const char *const *words, const char *value,
                       Error *err)
{
    AUTO(str_clear) Str expected = STR_INIT;
    for (int i = 0; words[i] != NULL; i++) {
        if (strcmp(words[i], value) == 0) {
            *target = i;
            return true;
        }
        str_separate(&expected, words[i + 1] == NULL ? " or " : ", ");
        str_add(&expected, words[i]);
    }
    return error_set(err, ERROR_USAGE, "%s is %s, not \"%s\"", name, str_text(&expected), value);
}

static bool set_acl(AclMode *target, const char *value, Error *err)
{
    static const char *const words[] = {"merge", "source", "dest", NULL};
    int chosen = 0;
    if (!set_choice(&chosen, "acl", words, value, err))
        return false;
    *target = (AclMode)(ACL_MERGE + chosen);
    return true;
}

static bool set_risk(RiskLimit *target, const char *value, Error *err)
{
    static const char *const words[] = {"low", "medium", "high", NULL};
    int chosen = 0;
    if (!set_choice(&chosen, "the highest risk", words, value, err))
        return false;
    *target = (RiskLimit)(RISK_LIMIT_LOW + chosen);
    return true;
}

static bool set_orphans(OrphanMode *target, const char *value, Error *err)
{
    static const char *const words[] = {"fail", "keep", NULL};
    int chosen = 0;
    if (!set_choice(&chosen, "orphans", words, value, err))
        return false;
    *target = (OrphanMode)(ORPHANS_FAIL + chosen);
    return true;
}

static bool set_verify(VerifyMode *target, const char *value, Error *err)
{
    static const char *const words[] = {"count", "checksum", NULL};
    int chosen = 0;
    if (!set_choice(&chosen, "verify", words, value, err))
        return false;
    *target = (VerifyMode)(VERIFY_COUNT + chosen);
    return true;
}

/* Adds to a comma separated list. */
static bool add_names(char **target, const char *value)
{
    char *joined = *target == NULL ? mem_strdup(value) : mem_printf("%s,%s", *target, value);
    mem_free(*target);
    *target = joined;
    return true;
}

static bool add_subset(TextList *list, PgzmOption option, const char *value, Error *err)
{
    size_t name_len;
    if (!subset_split(option, value, &name_len, err))
        return false;
    list->items = mem_resize(list->items, (list->count + 1) * sizeof *list->items);
    list->items[list->count++] = mem_strdup(value);
    return true;
}

static bool set_timestamp(int64_t *target, const char *value, Error *err)
{
    char *end;
    errno = 0;
    long long id = strtoll(value, &end, 10);
    if (errno == 0 && value[0] >= '1' && value[0] <= '9' && *end == '\0') {
        *target = id;
        return true;
    }
    error_set(err, ERROR_USAGE, "the timestamp of a migration is a whole number, not \"%s\"",
              value);
    return error_hint(err, "pgzm-copy list shows the timestamps.");
}

static bool set_moment(int64_t *target, const char *value, Error *err)
{
    if (clock_parse_moment(value, target))
        return true;
    error_set(err, ERROR_USAGE, "\"%s\" is no date", value);
    return error_hint(err,
                      "Write 2026-11-21, \"2026-11-21 14:30\" or milliseconds since the epoch.");
}

bool settings_set(Settings *s, PgzmOption option, const char *value, Error *err)
{
    switch (option) {
    case PGZM_SOURCE:
        set_text(&s->source, value);
        return true;
    case PGZM_DEST:
        set_text(&s->dest, value);
        return true;
    case PGZM_PRESERVED_TABLES:
        return add_names(&s->preserved, value);
    case PGZM_KEEP_TABLES:
        return add_names(&s->keep, value);
    case PGZM_TIMESTAMP:
        return set_timestamp(&s->timestamp, value, err);
    case PGZM_BEFORE:
        return set_moment(&s->before_ms, value, err);
    case PGZM_CHECKSUM:
        return set_bool(&s->checksum, "checksum", value, err);
    case PGZM_VERIFY_ROWS:
        return set_verify(&s->verify, value, err);
    case PGZM_ORPHANS:
        return set_orphans(&s->orphans, value, err);
    case PGZM_ALLOW_PUBLISH:
        return set_bool(&s->allow_publish, "allow publish", value, err);
    case PGZM_FORCE:
        return set_bool(&s->force, "force", value, err);
    case PGZM_JOBS:
        return set_jobs(&s->jobs, value, err);
    case PGZM_DRY_RUN:
        return set_bool(&s->dry_run, "dry run", value, err);
    case PGZM_LATEST:
        return set_bool(&s->latest, "latest", value, err);
    case PGZM_LOCK_TIMEOUT:
        if (!set_duration(&s->lock_timeout_ms, "the lock timeout", value, err))
            return false;
        if (s->lock_timeout_ms > 0)
            return true;
        /* PostgreSQL takes 0 for "wait for ever", with everyone else queued behind */
        error_set(err, ERROR_USAGE, "the lock timeout is at least 1ms");
        return error_hint(err, "Some tens of milliseconds suit most applications.");
    case PGZM_SWAP_TIMEOUT:
        return set_duration(&s->swap_timeout_ms, "the swap timeout", value, err);
    case PGZM_LOCK_WAIT_TIMEOUT:
        return set_duration(&s->lock_wait_timeout_ms, "the lock wait timeout", value, err);
    case PGZM_INDEX_MEMORY:
        return set_size(&s->index_memory, "the memory of index builds", value, err);
    case PGZM_MAX_RATE:
        return set_size(&s->max_rate, "the highest rate", value, err);
    case PGZM_MAX_LAG:
        return set_lag(s, value, err);
    case PGZM_RETRY_TIMEOUT:
        return set_duration(&s->retry_timeout_ms, "the retry timeout", value, err);
    case PGZM_TIMEOUT:
        return set_duration(&s->timeout_ms, "the timeout", value, err);
    case PGZM_SCHEMA:
        return filter_add(&s->filter, FILTER_SCHEMA, value, "--schema", err);
    case PGZM_EXCLUDE_SCHEMA:
        return filter_add(&s->filter, FILTER_EXCLUDE_SCHEMA, value, "--exclude-schema", err);
    case PGZM_TABLE:
        return filter_add(&s->filter, FILTER_TABLE, value, "--table", err);
    case PGZM_EXCLUDE_TABLE:
        return filter_add(&s->filter, FILTER_EXCLUDE_TABLE, value, "--exclude-table", err);
    case PGZM_EXCLUDE_TABLE_DATA:
        return filter_add(&s->filter, FILTER_EXCLUDE_DATA, value, "--exclude-table-data", err);
    case PGZM_WHERE:
        return add_subset(&s->where, option, value, err);
    case PGZM_MASK:
        return add_subset(&s->mask, option, value, err);
    case PGZM_FILTER:
        return filter_read(&s->filter, value, err);
    case PGZM_NO_OWNER:
        return set_bool(&s->no_owner, "no owner", value, err);
    case PGZM_NO_PRIVILEGES:
        return set_bool(&s->no_privileges, "no privileges", value, err);
    case PGZM_ACL:
        return set_acl(&s->acl, value, err);
    case PGZM_NO_COMMENTS:
        return set_bool(&s->no_comments, "no comments", value, err);
    case PGZM_NO_TABLESPACES:
        return set_bool(&s->no_tablespaces, "no tablespaces", value, err);
    case PGZM_ROLES:
        return set_bool(&s->roles, "roles", value, err);
    case PGZM_LARGE_OBJECTS:
        return set_bool(&s->large_objects, "large objects", value, err);
    case PGZM_REQUIRE_COMPLETE:
        return set_bool(&s->require_complete, "require complete", value, err);
    case PGZM_MAX_RISK:
        return set_risk(&s->max_risk, value, err);
    case PGZM_RESUME:
        return set_bool(&s->resume, "resume", value, err);
    case PGZM_REHEARSE:
        return set_bool(&s->rehearse, "rehearse", value, err);
    case PGZM_DIR:
        set_text(&s->dir, value);
        return true;
    case PGZM_FROM_DUMP:
        set_text(&s->from_dump, value);
        return true;
    case PGZM_SPILL_DIR:
        set_text(&s->spill_dir, value);
        return true;
    case PGZM_KEY_FILE:
        set_text(&s->key_file, value);
        return true;
    case PGZM_OPTION_COUNT:
        break;
    }
    return error_set(err, ERROR_USAGE, "there is no option number %d", (int)option);
}
