#include "cli/progress.h"

#include <pthread.h>
#include <string.h>

#include "base/clock.h"
#include "cli/figure.h"

#define PLAIN_INTERVAL_MS 5000 /* between progress lines where nothing can be drawn again */
#define DRAW_INTERVAL_MS 100
#define RATE_WINDOW_MS 10000 /* the rate is that of the last ten seconds */
#define RATE_STEP_MS 500
#define RATE_SAMPLES (RATE_WINDOW_MS / RATE_STEP_MS + 2)
#define GUESS_PERCENT 95    /* of what is not known to be done */
#define RATE_WARMUP_MS 1000 /* before that a rate says nothing */
#define DRAWN_MAX 2         /* lines of progress_draw */
#define BAR_MIN 8
#define BAR_MAX 30
#define LABEL_WIDTH 10 /* the longest phase name is "preflight" */

#define GREEN "\033[32m"
#define RED "\033[31m"
#define YELLOW "\033[33m"
#define BOLD "\033[1m"
#define DIM "\033[2m"
#define PLAIN "\033[0m"

typedef struct RateSample {
    int64_t ms, bytes;
} RateSample;

struct Progress {
    Terminal terminal;
    ProgressLevel level;
    pthread_mutex_t mutex; /* guards all below, and standard error */
    char *phase;           /* owned; NULL before the first and after the last */
    int64_t phase_began;   /* clock_monotonic_ms */
    ProgressView view;     /* counters and what is worked out of them */
    RateSample samples[RATE_SAMPLES];
    size_t sample_count;
    PgzmProgress first;              /* counters when the phase began to count */
    int64_t last_output;             /* clock_monotonic_ms of the last drawing or plain line */
    size_t drawn;                    /* lines on the screen that will be drawn again */
    size_t drawn_columns[DRAWN_MAX]; /* of each of them */
    size_t warnings;
    bool ended;
};

static const struct {
    const char *phase, *about;
} phases[] = {
    {"preflight", "checking both servers"},
    {"snapshot", "taking a snapshot of the source"},
    {"schema", "building the schema on the destination"},
    {"copy", "copying rows and building indexes"},
    {"compare", "comparing the rows with the source's"},
    {"save", "saving the source's rows"},
    {"write", "writing what the dump holds"},
    {"preserve", "bringing preserved tables in step"},
    {"verify", "comparing what was copied"},
    {"swap", "trading places"},
    {"settle", "validating what is live"},
    {"keep", "bringing kept tables into the backup"},
    {"rollback", "trading back"},
    {"abort", "dropping what was built"},
};

static const char *progress_about(const char *phase)
{
    for (size_t i = 0; i < LENGTH(phases); i++)
        if (strcmp(phases[i].phase, phase) == 0)
            return phases[i].about;
    return "";
}

/* A part of a line; those with the highest `drop` go first when there is no room. */
typedef struct Piece {
    Str text;
    int drop;
} Piece;

/* Puts pieces side by side, two spaces between them, within `room` columns, and frees them. */
static void progress_pieces(Piece *pieces, size_t n, size_t room, Str *out)
{
    for (;;) {
        size_t width = 0, worst = n;
        for (size_t i = 0; i < n; i++) {
            if (pieces[i].text.len == 0)
                continue;
            width += terminal_columns(pieces[i].text.text) + (width > 0 ? 2 : 0);
            if (worst == n || pieces[i].drop > pieces[worst].drop)
                worst = i;
        }
        if (width <= room || worst == n)
            break;
        str_clear(&pieces[worst].text);
    }
    bool first = true;
    for (size_t i = 0; i < n; i++) {
        if (pieces[i].text.len > 0) {
            str_addf(out, "%s%s", first ? "" : "  ", pieces[i].text.text);
            first = false;
        }
        str_clear(&pieces[i].text);
    }
}

static int progress_percent(const PgzmProgress *c)
{
    if (c->bytes_total <= 0)
        return 0;
    double share = (double)c->bytes_done / (double)c->bytes_total * 100;
    /* The total is an estimate: 100 only when every table is in. */
    int most = c->tables_done >= c->tables_total ? 100 : 99;
    return share > most ? most : (int)share;
}

/* All rows are in; what is left cannot be told in bytes. */
static bool progress_is_building(const PgzmProgress *c)
{
    return c->tables_done >= c->tables_total && c->indexes_done < c->indexes_total;
}

static void progress_bar(const ProgressView *view, size_t width, Str *out)
{
    size_t filled = width * (size_t)progress_percent(&view->counters) / 100;
    if (view->color)
        str_add(out, GREEN);
    for (size_t i = 0; i < width; i++) {
        if (i == filled && view->color)
            str_add(out, PLAIN DIM);
        if (view->utf8)
            str_add(out, i < filled || view->color ? "━" : "─");
        else
            str_add(out, i < filled ? "#" : "-");
    }
    if (view->color)
        str_add(out, PLAIN);
}

static void progress_add_bytes_of(Str *out, const PgzmProgress *c)
{
    figure_add_bytes(out, (double)c->bytes_done);
    if (c->bytes_total > 0 && c->bytes_done <= c->bytes_total) {
        str_add(out, " of ");
        figure_add_bytes(out, (double)c->bytes_total);
    }
}

static void progress_add_of(Str *out, int64_t done, int64_t total, const char *things)
{
    figure_add_count(out, done);
    str_add(out, " of ");
    figure_add_count(out, total);
    str_addf(out, " %s", things);
}

static void progress_add_rate(Str *out, const ProgressView *view)
{
    figure_add_bytes(out, view->rate);
    str_add(out, "/s");
}

/* While rows wait nothing is said of their pace. */
static const char paused[] = "paused: a replica lags";

static void progress_add_limit(Str *out, const PgzmProgress *c)
{
    str_add(out, "of at most ");
    figure_add_bytes(out, (double)c->rate_limit);
    str_add(out, "/s");
}

static void progress_label(const ProgressView *view, Str *out)
{
    str_addf(out, "  %s%-*s%s", view->color ? BOLD : "", LABEL_WIDTH, view->phase,
             view->color ? PLAIN : "");
}

/* Columns of all pieces of plain ASCII with two spaces after each. */
static size_t progress_width(const Piece *pieces, size_t n)
{
    size_t width = 0;
    for (size_t i = 0; i < n; i++)
        width += pieces[i].text.len > 0 ? pieces[i].text.len + 2 : 0;
    return width;
}

/* First line of a phase that counts: bar, percent, bytes, rate, time left. */
static void progress_draw_bytes(const ProgressView *view, size_t room, Str *out)
{
    const PgzmProgress *c = &view->counters;
    Piece pieces[4] = {{.drop = 0}, {.drop = 2}, {.drop = 3}, {.drop = 1}};
    Piece *rate = &pieces[2];

    if (c->bytes_total > 0)
        str_addf(&pieces[0].text, "%3d%%", progress_percent(c));
    progress_add_bytes_of(&pieces[1].text, c);
    if (view->rate > 0 && !c->paused) {
        progress_add_rate(&rate->text, view);
        if (c->rate_limit > 0) {
            str_add(&rate->text, " ");
            progress_add_limit(&rate->text, c);
        }
    }
    if (c->paused) {
        str_add(&pieces[3].text, paused);
    } else if (view->left_ms >= 0) {
        figure_add_left(&pieces[3].text, view->left_ms);
        str_add(&pieces[3].text, " left");
    } else if (progress_is_building(c)) {
        str_add(&pieces[3].text, "building indexes");
    }
    size_t width = progress_width(pieces, LENGTH(pieces));
    if (width + BAR_MIN > room && width - rate->text.len + BAR_MIN <= room) {
        str_clear(&rate->text); /* a bar says more */
        width = progress_width(pieces, LENGTH(pieces));
    }
    if (c->bytes_total > 0 && width + BAR_MIN <= room) {
        progress_bar(view, room - width < BAR_MAX ? room - width : BAR_MAX, out);
        str_add(out, "  ");
    }
    progress_pieces(pieces, LENGTH(pieces), room, out);
}

/* Second line: what is done so far. */
static void progress_draw_things(const ProgressView *view, size_t room, Str *out)
{
    const PgzmProgress *c = &view->counters;
    Piece pieces[4] = {{.drop = 0}, {.drop = 1}, {.drop = 3}, {.drop = 2}};

    progress_add_of(&pieces[0].text, c->tables_done, c->tables_total, "tables");
    if (c->indexes_total > 0)
        progress_add_of(&pieces[1].text, c->indexes_done, c->indexes_total, "indexes");
    figure_add_things(&pieces[2].text, c->rows_done, "row", NULL);
    figure_add_left(&pieces[3].text, view->phase_ms);
    progress_pieces(pieces, LENGTH(pieces), room, out);
}

size_t progress_draw(const ProgressView *view, size_t width, Str *out)
{
    const size_t margin = 2 + LABEL_WIDTH + 1;
    if (width <= margin + 6) {
        str_addf(out, "%.*s\n", (int)(width > 1 ? width - 1 : 0), view->phase);
        return 1;
    }
    size_t room = width - 1 - margin; /* a full last column would wrap on some terminals */

    progress_label(view, out);
    str_add(out, " ");
    if (!view->counting) {
        Piece pieces[2] = {{.drop = 1}, {.drop = 0}};
        str_add(&pieces[0].text, view->about);
        if (view->phase_ms >= 1000)
            figure_add_left(&pieces[1].text, view->phase_ms);
        progress_pieces(pieces, LENGTH(pieces), room, out);
        str_add(out, "\n");
        return 1;
    }
    progress_draw_bytes(view, room, out);
    str_addf(out, "\n%*s", (int)margin, "");
    progress_draw_things(view, room, out);
    str_add(out, "\n");
    return 2;
}

void progress_describe(const ProgressView *view, Str *out)
{
    const PgzmProgress *c = &view->counters;
    str_addf(out, "%s: ", view->phase);
    if (!view->counting) {
        str_addf(out, "%s, ", *view->about != 0 ? view->about : "at work");
        figure_add_left(out, view->phase_ms);
        return;
    }
    if (c->bytes_total > 0)
        str_addf(out, "%d%%, ", progress_percent(c));
    progress_add_bytes_of(out, c);
    if (c->paused) {
        str_addf(out, ", %s", paused);
    } else if (view->rate > 0) {
        str_add(out, ", ");
        progress_add_rate(out, view);
        if (c->rate_limit > 0) {
            str_add(out, " ");
            progress_add_limit(out, c);
        }
    }
    str_add(out, ", ");
    progress_add_of(out, c->tables_done, c->tables_total, "tables");
    if (c->indexes_total > 0) {
        str_add(out, ", ");
        progress_add_of(out, c->indexes_done, c->indexes_total, "indexes");
    }
    if (view->left_ms >= 0 && !c->paused) {
        str_add(out, ", ");
        figure_add_left(out, view->left_ms);
        str_add(out, " left");
    }
}

Progress *progress_new(const Terminal *terminal, ProgressLevel level)
{
    Progress *p = mem_alloc(sizeof *p);
    p->terminal = *terminal;
    p->level = level;
    p->view.color = terminal->color;
    p->view.utf8 = terminal->utf8;
    p->view.left_ms = -1;
    pthread_mutex_init(&p->mutex, NULL);
    return p;
}

void progress_free(Progress *p)
{
    if (p == NULL)
        return;
    pthread_mutex_destroy(&p->mutex);
    mem_free(p->phase);
    mem_free(p);
}

/* Standard error that cannot be written is no reason to stop a migration. */
static void progress_put(Progress *p, const Str *text)
{
    if (!terminal_write(p->terminal.fd, str_text(text), text->len))
        return;
}

/* Goes up over what was drawn, so that it is written over. A terminal that became narrower has
 * wrapped the lines. */
static void progress_rewind(Progress *p, Str *out)
{
    size_t rows = 0, width = terminal_width(&p->terminal);
    for (size_t i = 0; i < p->drawn; i++)
        rows += p->drawn_columns[i] > width ? (p->drawn_columns[i] + width - 1) / width : 1;
    if (rows > 0)
        str_addf(out, "\033[%zuA\r\033[J", rows);
    p->drawn = 0;
}

/* Notes how wide the lines are, colours apart. */
static void progress_measure(Progress *p, const char *lines)
{
    size_t line = 0;
    memset(p->drawn_columns, 0, sizeof p->drawn_columns);
    for (const char *at = lines; *at != 0 && line < DRAWN_MAX; at++) {
        if (*at == '\n')
            line++;
        else if (*at == '\033')
            at += strcspn(at, "m");
        else if (((unsigned char)*at & 0xc0) != 0x80)
            p->drawn_columns[line]++;
    }
}

static void progress_redraw(Progress *p, Str *out)
{
    if (!p->terminal.live || p->level == PROGRESS_QUIET || p->ended || p->phase == NULL)
        return;
    int64_t now = clock_monotonic_ms();
    p->view.phase_ms = now - p->phase_began;
    size_t start = out->len;
    p->drawn = progress_draw(&p->view, terminal_width(&p->terminal), out);
    progress_measure(p, out->text + start);
    p->last_output = now;
}

/* A line that stays, above what is drawn. */
static void progress_print(Progress *p, const char *text)
{
    AUTO(str_clear) Str out = STR_INIT;
    progress_rewind(p, &out);
    str_addf(&out, "%s\n", text);
    progress_redraw(p, &out);
    progress_put(p, &out);
}

static void progress_message(Progress *p, const char *color, const char *label, const char *text)
{
    AUTO(str_clear) Str line = STR_INIT;
    bool colored = p->terminal.color && *color != 0;
    str_addf(&line, "pgzm-copy: %s%s%s", colored ? color : "", label, colored ? PLAIN : "");
    terminal_add_clean(&line, text);
    progress_print(p, str_text(&line));
}

/* The line that stays of a phase that is over. */
static void progress_phase_over(Progress *p, bool ok)
{
    AUTO(mem_free) char *phase = TAKE(p->phase);
    if (phase == NULL || p->level == PROGRESS_QUIET || !p->terminal.live)
        return;
    AUTO(str_clear) Str out = STR_INIT;
    progress_rewind(p, &out);
    const char *mark = p->terminal.utf8 ? (ok ? "✓" : "✗") : (ok ? "+" : "x");
    if (p->terminal.color)
        str_addf(&out, "%s%s%s", ok ? GREEN : RED, mark, PLAIN);
    else
        str_add(&out, mark);
    str_addf(&out, " %-*s ", LABEL_WIDTH, phase);
    AUTO(str_clear) Str time = STR_INIT;
    figure_add_duration(&time, clock_monotonic_ms() - p->phase_began);
    const PgzmProgress *c = &p->view.counters;
    if (p->view.counting) {
        str_addf(&out, "%-13s", str_text(&time));
        figure_add_things(&out, c->tables_done, "table", NULL);
        str_add(&out, ", ");
        figure_add_things(&out, c->rows_done, "row", NULL);
        str_add(&out, ", ");
        /* What came over the wire, as the report says it too; the rest is an estimate. */
        figure_add_bytes(&out, (double)(c->wire_bytes > 0 ? c->wire_bytes : c->bytes_done));
    } else {
        str_add(&out, str_text(&time));
    }
    str_add(&out, "\n");
    progress_put(p, &out);
}

static void progress_phase(Progress *p, const char *name)
{
    progress_phase_over(p, true);
    p->phase = mem_strdup(name);
    p->phase_began = clock_monotonic_ms();
    p->view.phase = p->phase;
    p->view.about = progress_about(p->phase);
    p->view.counting = false;
    p->view.rate = 0;
    p->view.left_ms = -1;
    p->sample_count = 0;
    p->last_output = p->phase_began;
    if (p->level == PROGRESS_QUIET)
        return;
    AUTO(str_clear) Str out = STR_INIT;
    if (p->terminal.live) {
        progress_redraw(p, &out);
    } else {
        str_addf(&out, "pgzm-copy: %s", p->phase);
        if (*p->view.about != 0)
            str_addf(&out, ": %s", p->view.about);
        str_add(&out, "\n");
    }
    progress_put(p, &out);
}

/* Bytes per second over the last seconds: of the wire where it is counted, since that flows evenly;
 * what is done grows by whole chunks. */
static double progress_rate(Progress *p, const PgzmProgress *c)
{
    const RateSample now = {c->elapsed_ms, c->wire_bytes > 0 ? c->wire_bytes : c->bytes_done};
    if (p->sample_count == 0 || now.ms - p->samples[p->sample_count - 1].ms >= RATE_STEP_MS) {
        size_t drop = 0;
        while (drop < p->sample_count && (p->sample_count - drop == RATE_SAMPLES ||
                                          now.ms - p->samples[drop].ms > RATE_WINDOW_MS))
            drop++;
        p->sample_count -= drop;
        memmove(p->samples, p->samples + drop, p->sample_count * sizeof(RateSample));
        p->samples[p->sample_count++] = now;
    }
    int64_t ms = now.ms - p->samples[0].ms, bytes = now.bytes - p->samples[0].bytes;
    bool loaded = c->tables_done >= c->tables_total;
    if (ms < RATE_WARMUP_MS)
        return loaded ? 0 : p->view.rate;
    return bytes > 0 && !loaded ? (double)bytes * 1000 / (double)ms : 0;
}

/* What is done, with a guess at the chunks under way: bytes_done grows by whole chunks, and rows on
 * the wire are about as long as in the table. Where they are longer (compressed values) the guess
 * stops short of the end. */
static int64_t progress_done(const Progress *p, const PgzmProgress *c)
{
    int64_t whole = c->bytes_done - p->first.bytes_done;
    int64_t most = whole + (c->bytes_total - c->bytes_done) / 100 * GUESS_PERCENT;
    int64_t wire = c->wire_bytes - p->first.wire_bytes;
    int64_t guess = wire < most ? wire : most;
    return p->first.bytes_done + (guess > whole ? guess : whole);
}

/* Milliseconds left at the pace so far, -1 when not known. */
static int64_t progress_left(const Progress *p, const PgzmProgress *c)
{
    int64_t ms = c->elapsed_ms - p->first.elapsed_ms;
    int64_t done = c->bytes_done - p->first.bytes_done, left = c->bytes_total - c->bytes_done;
    if (ms < RATE_WARMUP_MS || done <= 0 || left <= 0)
        return -1;
    double estimate = (double)left * (double)ms / (double)done;
    return estimate < 1e12 ? (int64_t)estimate : -1;
}

static void progress_count(Progress *p, const PgzmProgress *c)
{
    if (!p->view.counting)
        p->first = *c;
    p->view.counting = true;
    p->view.counters = *c;
    p->view.counters.bytes_done = progress_done(p, c);
    p->view.rate = progress_rate(p, c);
    p->view.left_ms = progress_left(p, &p->view.counters);
}

/* Draws, or writes a plain line, when the last one is old enough. */
static void progress_refresh(Progress *p)
{
    int64_t interval = p->terminal.live ? DRAW_INTERVAL_MS : PLAIN_INTERVAL_MS;
    int64_t now = clock_monotonic_ms();
    if (p->level == PROGRESS_QUIET || p->ended || p->phase == NULL ||
        now - p->last_output < interval)
        return;
    AUTO(str_clear) Str out = STR_INIT;
    if (p->terminal.live) {
        progress_rewind(p, &out);
        progress_redraw(p, &out);
    } else {
        p->view.phase_ms = now - p->phase_began;
        str_add(&out, "pgzm-copy: ");
        progress_describe(&p->view, &out);
        str_add(&out, "\n");
        p->last_output = now;
    }
    progress_put(p, &out);
}

static void progress_take(Progress *p, const PgzmEvent *event)
{
    const char *text = event->message != NULL ? event->message : "";
    switch (event->kind) {
    case PGZM_EVENT_DEBUG:
    case PGZM_EVENT_PLAN:
        if (p->level >= PROGRESS_VERBOSE)
            progress_message(p, DIM, event->kind == PGZM_EVENT_PLAN ? "plan: " : "debug: ", text);
        break;
    case PGZM_EVENT_INFO:
        if (p->level >= PROGRESS_NORMAL)
            progress_message(p, "", "", text);
        break;
    case PGZM_EVENT_WARNING:
        if (p->level == PROGRESS_QUIET)
            break;
        progress_message(p, YELLOW, "warning: ", text);
        p->warnings++;
        break;
    case PGZM_EVENT_PHASE:
        progress_phase(p, text);
        break;
    case PGZM_EVENT_PROGRESS:
        if (event->progress == NULL || p->phase == NULL)
            break;
        progress_count(p, event->progress);
        progress_refresh(p);
        break;
    }
}

void progress_event(Progress *p, const PgzmEvent *event)
{
    pthread_mutex_lock(&p->mutex);
    progress_take(p, event);
    pthread_mutex_unlock(&p->mutex);
}

void progress_tick(Progress *p)
{
    pthread_mutex_lock(&p->mutex);
    progress_refresh(p);
    pthread_mutex_unlock(&p->mutex);
}

void progress_line(Progress *p, const char *text)
{
    pthread_mutex_lock(&p->mutex);
    AUTO(str_clear) Str clean = STR_INIT;
    terminal_add_clean(&clean, text);
    progress_print(p, str_text(&clean));
    pthread_mutex_unlock(&p->mutex);
}

void progress_end(Progress *p, bool ok)
{
    pthread_mutex_lock(&p->mutex);
    progress_phase_over(p, ok);
    p->ended = true;
    pthread_mutex_unlock(&p->mutex);
}

size_t progress_warnings(Progress *p)
{
    pthread_mutex_lock(&p->mutex);
    size_t warnings = p->warnings;
    pthread_mutex_unlock(&p->mutex);
    return warnings;
}
