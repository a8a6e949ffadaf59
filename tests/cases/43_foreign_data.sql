-- about: FDW, server, mapping, foreign table, column options, foreign partition
-- roles: case_reader
CREATE FUNCTION validate(text[], oid) RETURNS bool LANGUAGE sql AS 'SELECT true'; CREATE FOREIGN DATA WRAPPER w VALIDATOR validate OPTIONS (a 'it''s', "B b" 'x');
CREATE SERVER s TYPE 'kind' VERSION '1.2' FOREIGN DATA WRAPPER w OPTIONS (host 'h', port '1'); CREATE USER MAPPING FOR case_reader SERVER s OPTIONS ("user" 'u', password 'p'); CREATE USER MAPPING FOR PUBLIC SERVER s;
GRANT USAGE ON FOREIGN SERVER s TO case_reader; GRANT USAGE ON FOREIGN DATA WRAPPER w TO case_reader WITH GRANT OPTION;
CREATE FOREIGN TABLE f (a int OPTIONS (column_name 'x') NOT NULL DEFAULT 5, b varchar(4) COLLATE "C", CHECK (a > 0)) SERVER s OPTIONS (table_name 't');
CREATE TABLE p (a int, b text) PARTITION BY RANGE (a); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10); CREATE FOREIGN TABLE p2 PARTITION OF p FOR VALUES FROM (10) TO (20) SERVER s OPTIONS (t 'x'); INSERT INTO p VALUES (1, 'x'); CREATE VIEW v AS SELECT * FROM f;
