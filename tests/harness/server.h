/*
 * server.h - databases for tests. The servers are started by tests/run.sh, which says where they
 * are: TEST_PGHOST, TEST_PGPORT, TEST_PGUSER (a superuser), TEST_PGPASSWORD if one is needed.
 *
 * Threads: one. Failures fail the running Criterion test.
 */
#ifndef PGZM_TESTS_HARNESS_SERVER_H
#define PGZM_TESTS_HARNESS_SERVER_H

#include <stdbool.h>

typedef struct TestDatabase {
    char name[64];
    char conninfo[512];
} TestDatabase;

/* Makes an empty database (template0, UTF8, C locale) with a unique name that contains `label`. Its
 * name is noted and it is dropped when the test process ends; tests/run.sh drops what remains. */
TestDatabase test_database(const char *label);
/* The same with options of CREATE DATABASE of its own: encoding, locale, owner, template. */
TestDatabase test_database_with(const char *label, const char *options);
/* Makes a role that may log in, unless it is there already; roles belong to the server and stay. */
void test_role(const TestDatabase *database, const char *name);
/* The database as another role sees it. */
TestDatabase test_as(const TestDatabase *database, const char *role);
/* The same as the first on the server that TEST_SOURCE_PGHOST and TEST_SOURCE_PGPORT name, where
 * they are set: migrations from one version of PostgreSQL to another. */
TestDatabase test_source_database(const char *label);
/* Makes the source server's roles, with their memberships, on the other one, where there are two.
 */
void test_share_roles(void);
void test_database_drop(TestDatabase *database);

/* Runs a script of any number of statements; an error fails the test and is printed. */
void test_sql(const TestDatabase *database, const char *script);
void test_sql_file(const TestDatabase *database, const char *path_from_top);
/* The first column of the first row as text (free with mem_free), NULL for NULL or no row. */
char *test_value(const TestDatabase *database, const char *query);
/* All rows as lines, columns joined by '|'; free with mem_free. */
char *test_rows(const TestDatabase *database, const char *query);

/* The server's PQserverVersion. */
int test_server_version(void);

#endif
