#include "bench/grid.h"

#include <stdarg.h>
#include <string.h>

enum { COLUMNS_MAX = 16 };

struct Grid {
    Arena *arena;
    int columns;
    size_t count, capacity; /* of cells, the head's included */
    const char **cells;     /* owned */
};

static void add(Grid *grid, const char *text)
{
    if (grid->count == grid->capacity) {
        grid->capacity = grid->capacity * 2 + 64;
        grid->cells = mem_resize(grid->cells, grid->capacity * sizeof *grid->cells);
    }
    grid->cells[grid->count++] = text;
}

Grid *grid_new(const char *head)
{
    Grid *grid = mem_alloc(sizeof *grid);
    grid->arena = arena_new();
    for (char *rest = arena_strdup(grid->arena, head); rest != NULL && grid->columns < COLUMNS_MAX;
         grid->columns++)
        add(grid, strsep(&rest, "|"));
    return grid;
}

void grid_free(Grid *grid)
{
    if (grid == NULL)
        return;
    arena_free(grid->arena);
    mem_free(grid->cells);
    mem_free(grid);
}

void grid_add(Grid *grid, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    AUTO(mem_free) char *text = mem_vprintf(fmt, args);
    va_end(args);
    add(grid, arena_strdup(grid->arena, text));
}

/* Characters of UTF-8 text. */
static int width_of(const char *text)
{
    int n = 0;
    for (; *text != '\0'; text++)
        n += ((unsigned char)*text & 0xC0) != 0x80;
    return n;
}

static void add_padded(Str *s, const char *text, int width, bool left)
{
    int spaces = width - width_of(text);
    if (left)
        str_add(s, text);
    str_addf(s, "%*s", spaces, "");
    if (!left)
        str_add(s, text);
}

static void add_rule(Str *s, const int *widths, int columns)
{
    for (int i = 0; i < columns; i++) {
        str_add(s, "|");
        for (int n = 0; n < widths[i] + 1; n++)
            str_add(s, "-");
        str_add(s, i == 0 ? "-" : ":");
    }
    str_add(s, "|\n");
}

void grid_print(const Grid *grid, bool markdown, Str *s)
{
    int widths[COLUMNS_MAX] = {0};
    for (size_t i = 0; i < grid->count; i++) {
        int width = width_of(grid->cells[i]), *widest = &widths[i % (size_t)grid->columns];
        *widest = width > *widest ? width : *widest;
    }
    for (size_t i = 0; i < grid->count; i++) {
        int column = (int)(i % (size_t)grid->columns);
        str_add(s, markdown ? "| " : column > 0 ? "  " : "");
        add_padded(s, grid->cells[i], widths[column], column == 0);
        if (markdown)
            str_add(s, " ");
        if (column + 1 < grid->columns)
            continue;
        str_add(s, markdown ? "|\n" : "\n");
        if (markdown && i < (size_t)grid->columns)
            add_rule(s, widths, grid->columns);
    }
}
