#include "schema/difference.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "schema/finding.h"
#include "schema/subject.h"
#include "schema/tabledifference.h"
#include "schema/wording.h"

/*
 * The statements of both sides are sorted by what they are about and merged. A name of an operation
 * that is not in the table below is made of the verb and the kind: CREATE_OPERATOR_CLASS.
 */

typedef struct Operations {
    const char *add, *drop, *change; /* NULL: made of CREATE, DROP, ALTER and the kind */
    DifferenceRisk add_risk, drop_risk, change_risk;
} Operations;

#define LOW DIFFERENCE_RISK_LOW
#define MEDIUM DIFFERENCE_RISK_MEDIUM
#define HIGH DIFFERENCE_RISK_HIGH

/* By the kind of the fragment, for what makes an object as well as for what is said about it. */
static const Operations operations[FRAGMENT_KIND_COUNT] = {
    [FRAGMENT_SCHEMA] = {NULL, NULL, NULL, LOW, HIGH, MEDIUM},
    [FRAGMENT_EXTENSION] = {NULL, NULL, NULL, LOW, HIGH, MEDIUM},
    [FRAGMENT_TYPE] = {NULL, NULL, NULL, LOW, HIGH, HIGH},
    [FRAGMENT_FUNCTION] = {NULL, NULL, NULL, LOW, HIGH, MEDIUM},
    [FRAGMENT_SEQUENCE] = {NULL, NULL, NULL, LOW, MEDIUM, MEDIUM},
    [FRAGMENT_TABLE] = {NULL, NULL, NULL, LOW, HIGH, HIGH},
    [FRAGMENT_ATTACH] = {"ATTACH_PARTITION", "DETACH_PARTITION", "ALTER_PARTITION", MEDIUM, HIGH,
                         HIGH},
    [FRAGMENT_DEFAULT] = {"ALTER_DEFAULT", "ALTER_DEFAULT", "ALTER_DEFAULT", MEDIUM, MEDIUM,
                          MEDIUM},
    [FRAGMENT_IDENTITY] = {"ADD_IDENTITY", "DROP_IDENTITY", "ALTER_IDENTITY", MEDIUM, MEDIUM,
                           MEDIUM},
    [FRAGMENT_OWNED_BY] = {"ALTER_SEQUENCE", "ALTER_SEQUENCE", "ALTER_SEQUENCE", MEDIUM, MEDIUM,
                           MEDIUM},
    [FRAGMENT_CHECK] = {"ADD_CONSTRAINT", "DROP_CONSTRAINT", "ALTER_CONSTRAINT", MEDIUM, MEDIUM,
                        MEDIUM},
    [FRAGMENT_VIEW] = {NULL, NULL, NULL, LOW, HIGH, MEDIUM},
    [FRAGMENT_MATVIEW] = {NULL, NULL, NULL, LOW, HIGH, MEDIUM},
    [FRAGMENT_INDEX] = {"ADD_INDEX", "DROP_INDEX", "ALTER_INDEX", LOW, MEDIUM, MEDIUM},
    [FRAGMENT_CONSTRAINT] = {"ADD_CONSTRAINT", "DROP_CONSTRAINT", "ALTER_CONSTRAINT", MEDIUM,
                             MEDIUM, MEDIUM},
    [FRAGMENT_INDEX_ATTACH] = {"ALTER_INDEX", "ALTER_INDEX", "ALTER_INDEX", MEDIUM, MEDIUM, MEDIUM},
    [FRAGMENT_FOREIGN_KEY] = {"ADD_CONSTRAINT", "DROP_CONSTRAINT", "ALTER_CONSTRAINT", MEDIUM,
                              MEDIUM, MEDIUM},
    [FRAGMENT_RULE] = {NULL, NULL, NULL, MEDIUM, MEDIUM, MEDIUM},
    [FRAGMENT_TRIGGER] = {NULL, NULL, NULL, MEDIUM, MEDIUM, MEDIUM},
    [FRAGMENT_POLICY] = {NULL, NULL, NULL, MEDIUM, MEDIUM, MEDIUM},
    [FRAGMENT_OWNER] = {"ALTER_OWNER", "ALTER_OWNER", "ALTER_OWNER", MEDIUM, MEDIUM, MEDIUM},
    [FRAGMENT_COMMENT] = {"ALTER_COMMENT", "ALTER_COMMENT", "ALTER_COMMENT", LOW, LOW, LOW},
    [FRAGMENT_OBJECT] = {NULL, NULL, NULL, LOW, MEDIUM, MEDIUM},
};

/* Of statements that only change an object. */
static const Operations altering = {NULL, NULL, NULL, MEDIUM, MEDIUM, MEDIUM};

typedef struct Differing {
    Findings findings;
    const Subjects *source, *dest;
    DifferenceAcl acl;
    Difference *added, *dropped; /* constraints and indexes that may be renamed ones; owned */
    size_t added_count, dropped_count;
} Differing;

static const Operations *operations_of(FragmentKind kind)
{
    return operations[kind].add_risk != 0 ? &operations[kind] : &altering;
}

static const char *named(Differing *d, const char *given, const Subject *subject, const char *verb)
{
    if (subject->aspect != SUBJECT_ITSELF && operations_of(subject->fragment->kind) == &altering)
        verb = "ALTER_";
    return given != NULL ? given : finding_operation(&d->findings, verb, subject->kind);
}

static Difference begin(const Subject *subject)
{
    return (Difference){
        .class = DIFFERENCE_CHANGE, .kind = subject->kind, .identity = subject->identity};
}

/* ---- what a migration leaves alone -------------------------------------------------------- */

/* Owners follow --acl; what a live schema and an extension are like is not touched. */
static void settle_stays(const Differing *d, const Subject *subject, Difference *difference)
{
    FragmentKind kind = subject->fragment->kind;
    const char *reason = NULL;
    if (strcmp(subject->kind, "extension") == 0 && difference->dest != NULL)
        reason = "an extension of the destination stays as it is";
    else if (strcmp(subject->kind, "schema") == 0 && difference->dest != NULL)
        reason = "what a live schema has stays with it";
    else if (strcmp(subject->kind, "schema") == 0 && kind != FRAGMENT_GRANT &&
             subject->aspect != SUBJECT_ITSELF)
        reason = "what a live schema has stays with it";
    else if (kind == FRAGMENT_OWNER && d->acl != DIFFERENCE_ACL_SOURCE)
        reason = "the owner in the destination stays (--acl source would change it)";
    else if (kind == FRAGMENT_MEMBER && subject->fragment->place != PLACE_SCHEMA &&
             difference->source == NULL)
        reason = "what only the destination has of it stays";
    if (reason == NULL || difference->class != DIFFERENCE_CHANGE)
        return;
    difference->class = DIFFERENCE_STAYS;
    difference->reason = reason;
}

static void report(Differing *d, const Subject *subject, Difference difference)
{
    size_t before = d->findings.count;
    finding_compare(&d->findings, difference, difference.source, difference.dest);
    if (d->findings.count == before)
        return;
    Difference *found = &d->findings.items[before];
    settle_stays(d, subject, found);
    found->source = fragment_shown(found->source, d->findings.arena);
    found->dest = fragment_shown(found->dest, d->findings.arena);
}

/* ---- grants ------------------------------------------------------------------------------ */

static int version_of(const Subjects *subjects)
{
    return subjects_model(subjects)->server_version;
}

/* A grant that only one side has because the other's version does not know it, or does not say it.
 */
static const char *expected_grant(const Differing *d, const Subject *subject, bool in_source)
{
    int here = version_of(in_source ? d->source : d->dest);
    int there = version_of(in_source ? d->dest : d->source);
    const char *sql = subject->fragment->sql;
    if (here >= 170000 && there < 170000 && strstr(sql, " MAINTAIN ON ") != NULL)
        return "before PostgreSQL 17 there is no privilege MAINTAIN";
    if (here < 150000 && there >= 150000 &&
        strcmp(sql, "GRANT CREATE ON SCHEMA \"public\" TO PUBLIC") == 0)
        return "before PostgreSQL 15 everybody may create in the schema public";
    if (here < 150000 && there >= 150000 &&
        strcmp(sql, "GRANT CREATE ON SCHEMA public TO PUBLIC") == 0)
        return "before PostgreSQL 15 everybody may create in the schema public";
    return NULL;
}

/* `source` and `dest` are about the same privilege of the same grantee; one may be NULL. */
static void report_grant(Differing *d, const Subject *source, const Subject *dest)
{
    const Subject *subject = source != NULL ? source : dest;
    Difference difference = begin(subject);
    difference.source = source == NULL ? NULL : source->fragment->sql;
    difference.dest = dest == NULL ? NULL : dest->fragment->sql;
    bool gives = strncmp(subject->fragment->sql, "GRANT", 5) == 0;
    bool adds = source == NULL ? !gives : gives;
    if (source != NULL && dest != NULL) /* with or without grant option */
        adds = strstr(source->fragment->sql, " WITH GRANT OPTION") != NULL;
    difference.operation = adds ? "GRANT" : "REVOKE";
    difference.risk = adds ? LOW : MEDIUM;
    if (source == NULL || dest == NULL)
        difference.reason = expected_grant(d, subject, source != NULL);
    bool of_schema = strcmp(subject->kind, "schema") == 0;
    if (difference.reason != NULL)
        difference.class = DIFFERENCE_EXPECTED;
    else if (d->acl == DIFFERENCE_ACL_DEST ||
             (!adds && (of_schema || d->acl == DIFFERENCE_ACL_MERGE))) {
        difference.class = DIFFERENCE_STAYS;
        difference.reason = of_schema ? "what a live schema has stays with it"
                                      : "grants in the destination stay (--acl source would change "
                                        "them)";
    }
    finding_add(&d->findings, difference);
}

/* ---- several statements about one object --------------------------------------------------- */

static const char *row_security_operation(const char *sql, bool set)
{
    if (strstr(sql, " FORCE ROW ") != NULL)
        return set ? "FORCE_ROW_SECURITY" : "NO_FORCE_ROW_SECURITY";
    return set ? "ENABLE_ROW_SECURITY" : "DISABLE_ROW_SECURITY";
}

static void report_pair(Differing *d, const Subject *source, const Subject *dest)
{
    const Subject *subject = source != NULL ? source : dest;
    if (subject->fragment->kind == FRAGMENT_GRANT) {
        report_grant(d, source, dest);
        return;
    }
    Difference difference = begin(subject);
    difference.source = source == NULL ? NULL : source->fragment->sql;
    difference.dest = dest == NULL ? NULL : dest->fragment->sql;
    difference.risk = MEDIUM;
    if (subject->fragment->kind == FRAGMENT_ROW_SECURITY)
        difference.operation = row_security_operation(subject->fragment->sql, source != NULL);
    else if (subject->fragment->kind == FRAGMENT_MEMBER && (source == NULL || dest == NULL))
        difference.operation =
            finding_operation(&d->findings, source == NULL ? "DROP_" : "ADD_", subject->kind);
    else
        difference.operation = named(d, NULL, subject, "ALTER_");
    report(d, subject, difference);
}

static bool same_undo(const Subject *a, const Subject *b)
{
    return a->fragment->undo != NULL && b->fragment->undo != NULL &&
           strcmp(a->fragment->undo, b->fragment->undo) == 0;
}

static int compare_undos(const void *a, const void *b)
{
    const char *x = (*(const Subject *const *)a)->fragment->undo;
    const char *y = (*(const Subject *const *)b)->fragment->undo;
    return strcmp(x != NULL ? x : "", y != NULL ? y : "");
}

/* Those that two versions only print differently. Looked for where there are few. */
static void pair_wordings(Differing *d, const Subject **source, size_t *source_count,
                          const Subject **dest, size_t *dest_count)
{
    const size_t most = 10000;
    int new = d->findings.source_version, old = d->findings.dest_version;
    if (new / 10000 == old / 10000 || *source_count **dest_count > most)
        return;
    size_t left = 0;
    for (size_t i = 0; i < *source_count; i++) {
        size_t k = 0;
        while (k < *dest_count &&
               wording_same(source[i]->fragment->sql, new, dest[k]->fragment->sql, old) == NULL)
            k++;
        if (k == *dest_count) {
            source[left++] = source[i];
            continue;
        }
        Difference difference = begin(source[i]);
        difference.operation = named(d, NULL, source[i], "ALTER_");
        finding_compare(&d->findings, difference, source[i]->fragment->sql, dest[k]->fragment->sql);
        dest[k] = dest[--*dest_count];
    }
    *source_count = left;
}

/* Statements that only one side has; those that are taken back the same way are about the same, and
 * so are those with nothing to tell them apart. */
static void pair_rest(Differing *d, const Subject **source, size_t source_count,
                      const Subject **dest, size_t dest_count)
{
    pair_wordings(d, source, &source_count, dest, &dest_count);
    qsort(source, source_count, sizeof(*source), compare_undos);
    qsort(dest, dest_count, sizeof(*dest), compare_undos);
    for (size_t i = 0, k = 0; i < source_count || k < dest_count;) {
        int order = i == source_count ? 1
                    : k == dest_count ? -1
                                      : compare_undos(&source[i], &dest[k]);
        bool paired = order == 0 && (same_undo(source[i], dest[k]) ||
                                     source[i]->fragment->kind == FRAGMENT_PROPERTY);
        if (paired)
            report_pair(d, source[i++], dest[k++]);
        else if (order <= 0)
            report_pair(d, source[i++], NULL);
        else
            report_pair(d, NULL, dest[k++]);
    }
}

/* Both groups are sorted by statement. */
static void compare_sets(Differing *d, const Subject *source, size_t source_count,
                         const Subject *dest, size_t dest_count)
{
    AUTO(mem_free) const Subject **new = mem_alloc((source_count + 1) * sizeof(*new));
    AUTO(mem_free) const Subject **old = mem_alloc((dest_count + 1) * sizeof(*old));
    size_t new_count = 0, old_count = 0;
    for (size_t i = 0, k = 0; i < source_count || k < dest_count;) {
        int order = i == source_count ? 1
                    : k == dest_count ? -1
                                      : strcmp(source[i].fragment->sql, dest[k].fragment->sql);
        if (order < 0 && !subject_is_part(d->source, &source[i], d->dest))
            new[new_count++] = &source[i];
        if (order > 0 && !subject_is_part(d->dest, &dest[k], d->source))
            old[old_count++] = &dest[k];
        i += order <= 0;
        k += order >= 0;
    }
    pair_rest(d, new, new_count, old, old_count);
}

/* ---- one statement, or several that together say one thing --------------------------------- */

static const char *group_text(Differing *d, const Subject *items, size_t count)
{
    if (count <= 1)
        return count == 0 ? NULL : items->fragment->sql;
    AUTO(str_clear) Str text = STR_INIT;
    for (size_t i = 0; i < count; i++) {
        str_separate(&text, ";\n");
        str_add(&text, items[i].fragment->sql);
    }
    return arena_strdup(d->findings.arena, str_text(&text));
}

/* True when the source's view lacks a column of the destination's, or has it with another type. */
static bool loses_columns(const View *source, const View *dest)
{
    for (size_t i = 0; i < dest->column_count; i++) {
        bool found = false;
        for (size_t k = 0; k < source->column_count && !found; k++)
            found = strcmp(source->columns[k].name, dest->columns[i].name) == 0 &&
                    strcmp(source->columns[k].type, dest->columns[i].type) == 0;
        if (!found)
            return true;
    }
    return false;
}

/* True when all labels of the destination's enum are there, in their order. */
static bool only_adds_labels(const Type *source, const Type *dest)
{
    size_t k = 0;
    for (size_t i = 0; i < source->label_count && k < dest->label_count; i++)
        k += strcmp(source->labels[i], dest->labels[k]) == 0;
    return source->typtype == 'e' && dest->typtype == 'e' && k == dest->label_count;
}

static DifferenceRisk change_risk(const Differing *d, const Subject *source, const Subject *dest)
{
    const Model *new = subjects_model(d->source), *old = subjects_model(d->dest);
    Oid new_oid = source->fragment->object.oid, old_oid = dest->fragment->object.oid;
    DifferenceRisk risk = operations_of(source->fragment->kind)->change_risk;
    if (source->aspect != SUBJECT_ITSELF)
        return risk;
    const View *new_view = model_view(new, new_oid), *old_view = model_view(old, old_oid);
    if ((source->fragment->kind == FRAGMENT_VIEW || source->fragment->kind == FRAGMENT_MATVIEW) &&
        new_view != NULL && old_view != NULL && loses_columns(new_view, old_view))
        return HIGH;
    const Type *new_type = model_type(new, new_oid), *old_type = model_type(old, old_oid);
    if (source->fragment->kind == FRAGMENT_TYPE && new_type != NULL && old_type != NULL &&
        only_adds_labels(new_type, old_type))
        return MEDIUM;
    return risk;
}

static bool may_be_renamed(const Subject *subject)
{
    FragmentKind kind = subject->fragment->kind;
    return subject->aspect == SUBJECT_ITSELF &&
           (kind == FRAGMENT_INDEX || kind == FRAGMENT_CONSTRAINT || kind == FRAGMENT_CHECK ||
            kind == FRAGMENT_FOREIGN_KEY);
}

static void report_only_source(Differing *d, const Subject *items, size_t count)
{
    if (subject_is_part(d->source, items, d->dest))
        return;
    const Operations *op = operations_of(items->fragment->kind);
    Difference difference = begin(items);
    difference.operation = named(d, op->add, items, "CREATE_");
    difference.risk = op->add_risk;
    difference.source = group_text(d, items, count);
    if (may_be_renamed(items))
        d->added[d->added_count++] = difference;
    else
        report(d, items, difference);
}

/* Of a schema that only the destination has the schema is enough. */
static bool in_kept_schema(const Differing *d, const Subject *subject)
{
    const char *schema = subject->fragment->schema;
    return schema != NULL && subjects_has(d->dest, "schema", schema) &&
           !subjects_has(d->source, "schema", schema) && strcmp(schema, "public") != 0;
}

static void report_only_dest(Differing *d, const Subject *items, size_t count)
{
    if (subject_is_part(d->dest, items, d->source) ||
        (in_kept_schema(d, items) && strcmp(items->kind, "schema") != 0))
        return;
    const Operations *op = operations_of(items->fragment->kind);
    Difference difference = begin(items);
    difference.operation = named(d, op->drop, items, "DROP_");
    difference.risk = op->drop_risk;
    difference.dest = group_text(d, items, count);
    bool name_is_taken = items->fragment->object.classid == CATALOG_CLASS &&
                         subjects_has(d->source, "relation", items->identity);
    if (items->aspect == SUBJECT_ITSELF && items->whole.classid == 0 && !name_is_taken) {
        difference.class = DIFFERENCE_KEEP;
        difference.operation = "KEEP";
        difference.risk = LOW;
        finding_add(&d->findings, difference);
    } else if (may_be_renamed(items)) {
        d->dropped[d->dropped_count++] = difference;
    } else {
        report(d, items, difference);
    }
}

static void report_both(Differing *d, const Subject *source, size_t source_count,
                        const Subject *dest, size_t dest_count)
{
    if (source->fragment->kind == FRAGMENT_TABLE && dest->fragment->kind == FRAGMENT_TABLE) {
        const Model *new = subjects_model(d->source), *old = subjects_model(d->dest);
        tabledifference_find(&d->findings, new, model_table(new, source->fragment->object.oid), old,
                             model_table(old, dest->fragment->object.oid));
        return;
    }
    Difference difference = begin(source);
    difference.operation =
        named(d, operations_of(source->fragment->kind)->change, source, "ALTER_");
    difference.source = group_text(d, source, source_count);
    difference.dest = group_text(d, dest, dest_count);
    if (strcmp(difference.source, difference.dest) == 0)
        return;
    difference.risk = change_risk(d, source, dest);
    report(d, source, difference);
}

static bool is_set(const Subject *subject)
{
    FragmentKind kind = subject->fragment->kind;
    return subject->aspect != SUBJECT_ITSELF &&
           (kind == FRAGMENT_GRANT || kind == FRAGMENT_PROPERTY || kind == FRAGMENT_MEMBER ||
            kind == FRAGMENT_ROW_SECURITY);
}

/* ---- the merge --------------------------------------------------------------------------- */

static int compare_subjects(const Subject *a, const Subject *b)
{
    if (a->aspect != b->aspect)
        return a->aspect < b->aspect ? -1 : 1;
    int order = strcmp(a->kind, b->kind);
    return order != 0 ? order : strcmp(a->identity, b->identity);
}

/* How many of the items, from the first on, are about the same. */
static size_t group_length(const Subject *items, size_t count)
{
    size_t length = count > 0;
    while (length < count && compare_subjects(&items[0], &items[length]) == 0)
        length++;
    return length;
}

static void merge(Differing *d)
{
    size_t source_left, dest_left;
    const Subject *source = subjects_items(d->source, &source_left);
    const Subject *dest = subjects_items(d->dest, &dest_left);
    while (source_left > 0 || dest_left > 0) {
        int order = source_left == 0 ? 1 : dest_left == 0 ? -1 : compare_subjects(source, dest);
        size_t source_count = order <= 0 ? group_length(source, source_left) : 0;
        size_t dest_count = order >= 0 ? group_length(dest, dest_left) : 0;
        if (is_set(source_count > 0 ? source : dest))
            compare_sets(d, source, source_count, dest, dest_count);
        else if (dest_count == 0)
            report_only_source(d, source, source_count);
        else if (source_count == 0)
            report_only_dest(d, dest, dest_count);
        else
            report_both(d, source, source_count, dest, dest_count);
        source += source_count;
        source_left -= source_count;
        dest += dest_count;
        dest_left -= dest_count;
    }
}

/* ---- renamed indexes and constraints ------------------------------------------------------ */

/* The name at `at`, quoted or not, ends here. */
static const char *skip_name(const char *at)
{
    if (*at != '"')
        return at + strcspn(at, " ");
    for (at++; *at != '\0' && (at[0] != '"' || at[1] == '"'); at++)
        at += *at == '"';
    return *at == '\0' ? at : at + 1;
}

/* The text without the names that follow INDEX and ADD CONSTRAINT. */
static const char *nameless(Differing *d, const char *text)
{
    static const char *const words[] = {" INDEX ", " ADD CONSTRAINT "};
    AUTO(str_clear) Str s = STR_INIT;
    while (*text != '\0') {
        size_t w = 0;
        while (w < LENGTH(words) && strncmp(text, words[w], strlen(words[w])) != 0)
            w++;
        if (w == LENGTH(words)) {
            str_add_bytes(&s, text++, 1);
            continue;
        }
        str_add(&s, words[w]);
        text = skip_name(text + strlen(words[w]));
    }
    return arena_strdup(d->findings.arena, str_text(&s));
}

typedef struct Candidate {
    const char *text; /* without its name */
    const Difference *difference;
} Candidate;

static int compare_candidates(const void *a, const void *b)
{
    return strcmp(((const Candidate *)a)->text, ((const Candidate *)b)->text);
}

static Candidate *candidates(Differing *d, const Difference *items, size_t count, bool of_source)
{
    Candidate *list = mem_alloc((count + 1) * sizeof(*list));
    for (size_t i = 0; i < count; i++)
        list[i] = (Candidate){nameless(d, of_source ? items[i].source : items[i].dest), &items[i]};
    qsort(list, count, sizeof(*list), compare_candidates);
    return list;
}

static size_t same_candidates(const Candidate *list, size_t count)
{
    size_t length = count > 0;
    while (length < count && strcmp(list[0].text, list[length].text) == 0)
        length++;
    return length;
}

/* One on either side that is the same but for its name has another name now; of several nobody can
 * say which is which. */
static void find_renamed(Differing *d)
{
    AUTO(mem_free) Candidate *added = candidates(d, d->added, d->added_count, true);
    AUTO(mem_free) Candidate *dropped = candidates(d, d->dropped, d->dropped_count, false);
    for (size_t i = 0, k = 0; i < d->added_count || k < d->dropped_count;) {
        int order = i == d->added_count     ? 1
                    : k == d->dropped_count ? -1
                                            : compare_candidates(&added[i], &dropped[k]);
        size_t new = order <= 0 ? same_candidates(&added[i], d->added_count - i) : 0;
        size_t old = order >= 0 ? same_candidates(&dropped[k], d->dropped_count - k) : 0;
        if (new == 1 && old == 1) {
            Difference renamed = *added[i].difference;
            renamed.operation =
                strcmp(renamed.kind, "index") == 0 ? "RENAME_INDEX" : "RENAME_CONSTRAINT";
            renamed.risk = LOW;
            renamed.identity = dropped[k].difference->identity;
            renamed.dest = dropped[k].difference->dest;
            finding_add(&d->findings, renamed);
        } else {
            for (size_t n = 0; n < new; n++)
                finding_add(&d->findings, *added[i + n].difference);
            for (size_t n = 0; n < old; n++)
                finding_add(&d->findings, *dropped[k + n].difference);
        }
        i += new;
        k += old;
    }
}

/* ---- all of it --------------------------------------------------------------------------- */

void difference_find(const DifferenceSide *source, const DifferenceSide *dest, DifferenceAcl acl,
                     Arena *arena, DifferenceList *list)
{
    AUTO(subjects_free) Subjects *ours = subjects_new(source->model, source->fragments, arena);
    AUTO(subjects_free) Subjects *theirs = subjects_new(dest->model, dest->fragments, arena);
    Differing d = {.findings = {.arena = arena,
                                .source_version = source->model->server_version,
                                .dest_version = dest->model->server_version},
                   .source = ours,
                   .dest = theirs,
                   .acl = acl};
    AUTO(mem_free)
    Difference *added = mem_alloc((source->fragments->count + 1) * sizeof(*added));
    AUTO(mem_free)
    Difference *dropped = mem_alloc((dest->fragments->count + 1) * sizeof(*dropped));
    d.added = added;
    d.dropped = dropped;
    merge(&d);
    find_renamed(&d);
    finding_hand_over(&d.findings, list);
}

size_t difference_count(const DifferenceList *list, DifferenceClass class)
{
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++)
        count += list->items[i].class == class;
    return count;
}

const char *difference_risk_name(DifferenceRisk risk)
{
    return risk == HIGH ? "high" : risk == MEDIUM ? "medium" : "low";
}
