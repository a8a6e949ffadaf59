/*
 * command.h - one run of the program, from argv to the exit status.
 *
 * Threads: called once, by main.
 */
#ifndef PGZM_CLI_COMMAND_H
#define PGZM_CLI_COMMAND_H

/* Returns the exit status. Overwrites connection strings in argv. */
int command_run(int argc, char **argv);

#endif
