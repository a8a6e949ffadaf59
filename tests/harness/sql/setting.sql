-- For the comparer of the tests (compare.c): columns object, key, value. $1: the older one of the two
-- servers' versions, as in server_version_num.
SELECT 'setting ' || split_part(s.item, '=', 1) AS object,
       split_part(s.item, '=', 1) || coalesce(' of ' || nullif(c.setrole, 0)::regrole, '') AS key,
       s.item AS value
FROM pg_db_role_setting c
JOIN pg_database d ON d.oid = c.setdatabase
CROSS JOIN LATERAL unnest(c.setconfig) s(item)
WHERE d.datname = current_database() AND $1::int > 0
