#include "cli/terminal.h"

#include <errno.h>
#include <langinfo.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

Terminal terminal_open(int fd)
{
    const char *term = getenv("TERM");
    const char *no_color = getenv("NO_COLOR");
    Terminal terminal = {.fd = fd};

    terminal.live = isatty(fd) && term != NULL && *term != 0 && strcmp(term, "dumb") != 0;
    terminal.color = terminal.live && (no_color == NULL || *no_color == 0);
    terminal.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    return terminal;
}

size_t terminal_width(const Terminal *terminal)
{
    struct winsize size;
    if (ioctl(terminal->fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return 80;
}

bool terminal_write(int fd, const char *text, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, text, len);
        if (n >= 0) {
            text += n;
            len -= (size_t)n;
        } else if (errno == EAGAIN) {
            /* Someone made the shared descriptor non-blocking. */
            struct pollfd wait = {.fd = fd, .events = POLLOUT};
            if (poll(&wait, 1, -1) < 0 && errno != EINTR)
                return false;
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

/* Bytes of the UTF-8 character at `s`, 0 when it is none that may be shown. */
static size_t terminal_character(const unsigned char *s)
{
    if (s[0] < 0x80)
        return s[0] >= 0x20 && s[0] != 0x7f;
    size_t len = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
    if (s[0] < 0xc2 || s[0] > 0xf4)
        return 0;
    for (size_t i = 1; i < len; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    bool overlong = (s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xf0 && s[1] < 0x90);
    bool beyond = (s[0] == 0xed && s[1] >= 0xa0) || (s[0] == 0xf4 && s[1] >= 0x90);
    bool control = s[0] == 0xc2 && s[1] < 0xa0;
    return overlong || beyond || control ? 0 : len;
}

void terminal_add_clean(Str *out, const char *text)
{
    const unsigned char *s = (const unsigned char *)text;
    while (*s != 0) {
        size_t len = terminal_character(s);
        if (len > 0) {
            str_add_bytes(out, (const char *)s, len);
            s += len;
        } else {
            str_add(out, *s == '\n' || *s == '\t' ? " " : "?");
            s++;
        }
    }
}

size_t terminal_columns(const char *text)
{
    size_t n = 0;
    for (; *text != 0; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}
