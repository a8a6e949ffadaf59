/*
 * dying.h - a PostgreSQL server that tests may stop at once and start again. tests/run.sh starts it
 * (TEST_KILL_PGHOST, TEST_KILL_PGPORT, TEST_KILL_PGDATA); where it did not, the test starts one in
 * a temporary folder, which goes with the process of the test, however that ends.
 *
 * One test at a time may use it. Threads: dying_restart may be called from any one.
 */
#ifndef PGZM_TESTS_HARNESS_DYING_H
#define PGZM_TESTS_HARNESS_DYING_H

/* From here on test_database makes databases on that server, and test_source_database on the one
 * that does not die. */
void dying_begin(void);

/* The same with a server that is only this test's, and that leaves what does not have to be on disk
 * in memory for as long as it can: a crash takes much of it along. */
void dying_begin_forgetful(void);

/* Stops it at once, as if it were killed, and waits until it is up again. Fails the program when it
 * does not come back. */
void dying_restart(void *ignored);
/* The same with SIGKILL for every process of it. */
void dying_kill(void *ignored);

#endif
