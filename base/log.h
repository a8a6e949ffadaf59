/*
 * log.h - messages for a person, handed to a sink that the caller installs. Nothing is printed
 * here. Messages are lower case without a full stop, one line each, and hold no secrets.
 *
 * Threads: log_* may be called from any thread; the sink must be able to take that.
 */
#ifndef PGZM_BASE_LOG_H
#define PGZM_BASE_LOG_H

typedef enum LogLevel { LOG_DEBUG, LOG_INFO, LOG_WARNING } LogLevel;

typedef struct Log {
    void (*write)(void *context, LogLevel level, const char *message); /* NULL: dropped */
    void *context;
} Log;

/* `log` may be NULL. */
void log_debug(const Log *log, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void log_info(const Log *log, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void log_warning(const Log *log, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
