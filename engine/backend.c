#include "engine/backend.h"

#include <stdio.h>

bool backend_read(Conn *conn, Backend *backend, Error *err)
{
    /* its number as the server knows it: a pooler tells the client another one */
    AUTO(result_free) PGresult *result = NULL;
    if (!conn_query_row(conn,
                        "SELECT pid, backend_start FROM pg_catalog.pg_stat_activity"
                        " WHERE pid = pg_catalog.pg_backend_pid()",
                        0, NULL, &result, err))
        return error_wrap(err, "asking the server for its process");
    snprintf(backend->pid, sizeof backend->pid, "%s", PQgetvalue(result, 0, 0));
    snprintf(backend->start, sizeof backend->start, "%s", PQgetvalue(result, 0, 1));
    return true;
}

bool backend_end(Conn *conn, const Backend *backend, Error *err)
{
    if (backend->pid[0] == '\0')
        return true;
    const char *const values[] = {backend->pid, backend->start};
    AUTO(result_free) PGresult *result = NULL;
    return conn_query(conn,
                      "SELECT pg_catalog.pg_terminate_backend(pid)"
                      " FROM pg_catalog.pg_stat_activity WHERE pid = $1::int"
                      " AND backend_start = $2::timestamptz AND usename = current_user",
                      2, values, &result, err) ||
           error_wrap(err, "ending what is left of a lost connection");
}
