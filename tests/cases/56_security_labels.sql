-- about: security labels; there is no provider here that could read them, so they are written as rows, and named
-- expect: 0 not carried over: security labels of provider dummy
CREATE TABLE t (a int); INSERT INTO pg_seclabel VALUES ('t'::regclass, 'pg_class'::regclass, 0, 'dummy', 'secret');
