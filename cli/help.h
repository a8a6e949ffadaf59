/*
 * help.h - the texts of --help, made from the tables of option.h and base/error.h.
 *
 * Threads: any.
 */
#ifndef PGZM_CLI_HELP_H
#define PGZM_CLI_HELP_H

#include "base/str.h"
#include "cli/option.h"

/* The help of one command, or of the program when `command` is NULL. */
void help_write(Str *out, const OptionCommand *command);

/* "-j, --jobs=N", with letters or spaces in their place. */
void help_add_option(Str *out, const Option *option);

#endif
