-- about: subscriptions: disabled, options, slot NONE; they are named, not carried over
-- expect: 0 not carried over
-- expect: 0 subscription
CREATE TABLE t (a int PRIMARY KEY); INSERT INTO t VALUES (1);
CREATE SUBSCRIPTION case_sub CONNECTION 'host=/nowhere dbname=nothing' PUBLICATION a, b WITH (connect = false, slot_name = NONE, enabled = false, synchronous_commit = 'off');
