-- Whether this server is a standby.
-- $1 text: 'source' or 'destination'. Columns: outcome, message, hint
WITH here AS (
    SELECT pg_catalog.pg_is_in_recovery() AS standby,
           current_setting('max_standby_streaming_delay') AS delay,
           current_setting('hot_standby_feedback') AS feedback
)
SELECT 'failure' AS outcome, 'the destination is in recovery: it takes no writes' AS message,
       'Give the primary server as the destination, or promote this one.' AS hint
FROM here WHERE standby AND $1::text = 'destination'
UNION ALL
SELECT 'warning',
       pg_catalog.format('the source is a standby that ends queries which hold up its replay for '
                         'longer than %s: the copy would start over', delay),
       'Set hot_standby_feedback = on or max_standby_streaming_delay = -1 there meanwhile.'
FROM here WHERE standby AND $1::text = 'source' AND delay <> '-1' AND feedback = 'off'
UNION ALL
SELECT 'pass', 'the source is a standby: reading it is enough', ''
FROM here WHERE standby AND $1::text = 'source' AND (delay = '-1' OR feedback = 'on')
