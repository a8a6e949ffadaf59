#include "base/log.h"

#include <stdarg.h>
#include <stddef.h>

#include "base/mem.h"

static void log_write(const Log *log, LogLevel level, const char *fmt, va_list args)
    __attribute__((format(printf, 3, 0)));

static void log_write(const Log *log, LogLevel level, const char *fmt, va_list args)
{
    if (log == NULL || log->write == NULL)
        return;
    AUTO(mem_free) char *message = mem_vprintf(fmt, args);
    for (char *p = message; *p != '\0'; p++)
        if (*p == '\n' || *p == '\r')
            *p = ' ';
    log->write(log->context, level, message);
}

#define LOG_FUNCTION(name, level)                                                                  \
    void name(const Log *log, const char *fmt, ...)                                                \
    {                                                                                              \
        va_list args;                                                                              \
        va_start(args, fmt);                                                                       \
        log_write(log, level, fmt, args);                                                          \
        va_end(args);                                                                              \
    }

LOG_FUNCTION(log_debug, LOG_DEBUG)
LOG_FUNCTION(log_info, LOG_INFO)
LOG_FUNCTION(log_warning, LOG_WARNING)
