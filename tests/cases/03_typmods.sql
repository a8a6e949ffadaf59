-- about: varchar, numeric, bit, timestamp and interval typmods, arrays of them
CREATE TABLE t (
    v varchar(5), c char(3), c1 "char", bp bpchar, n numeric(7, 2), n0 numeric(4), b bit(4), vb varbit(9),
    ts timestamp(3), tz timestamptz(0), ti time(1), tt timetz(2), i interval(2),
    iy interval year to month, ids interval day to second(3), f float(10),
    va varchar(5)[], na numeric(7, 2)[][], ba bit(4)[], tsa timestamp(3)[], ia interval(2)[],
    iya interval year to month[3], ca char(3)[]);
INSERT INTO t VALUES (
    'abcde', 'a', 'x', 'ab ', 12345.67, 1234, '1010', '101', '2020-01-02 03:04:05.678',
    '2020-01-02 03:04:05+00', '03:04:05.6', '03:04:05.67+02', '1 day 00:00:01.25', '2 years 3 mons',
    '4 days 05:06:07.891', 1.5, '{ab,NULL,abcde}', '{{1.25,2},{3,-4}}', '{1010,0101}',
    '{2020-01-02 03:04:05.678,infinity}', '{1 day}', '{2 years,NULL}', '{a,abc}');
INSERT INTO t (v) VALUES (NULL);
INSERT INTO t (n, ts, tz, na) VALUES ('NaN', '-infinity', 'infinity', '[5:6][2:2]={{1},{2}}');
