-- about: PRIMARY KEY, UNIQUE, composite PK, INCLUDE
CREATE TABLE one (a int PRIMARY KEY, b text UNIQUE, c text);
CREATE TABLE two (a int, b text, c numeric, d int, CONSTRAINT "two's key" PRIMARY KEY (b, a) INCLUDE (c),
    CONSTRAINT later UNIQUE (c, a) INCLUDE (b, d) WITH (fillfactor = 70) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT maybe UNIQUE (d) DEFERRABLE);
CREATE TABLE three (a int, b int);
CREATE UNIQUE INDEX three_index ON three (a) INCLUDE (b);
ALTER TABLE three ADD CONSTRAINT three_from_index UNIQUE USING INDEX three_index;
INSERT INTO one SELECT i, 'b' || i, NULL FROM generate_series(1, 500) i;
INSERT INTO one VALUES (501, NULL), (502, NULL);
INSERT INTO two SELECT i, 'x' || i % 7, i / 10.0, i FROM generate_series(1, 50) i;
INSERT INTO three VALUES (1, 2), (NULL, NULL);
