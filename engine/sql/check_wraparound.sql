-- How far transaction ids are from where the server stops.
-- $1 text: 'source' or 'destination'. Columns: outcome, message, hint
SELECT 'warning' AS outcome,
       pg_catalog.format('the oldest transaction id of the %s is %s transactions old, of 2.1 billion '
                         'that are possible', $1::text, pg_catalog.age(d.datfrozenxid)) AS message,
       'Let VACUUM FREEZE go through its tables before there is more load.' AS hint
FROM pg_catalog.pg_database d
WHERE d.datname = current_database() AND pg_catalog.age(d.datfrozenxid) > 1500000000
