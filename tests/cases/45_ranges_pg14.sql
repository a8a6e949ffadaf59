-- about: range types with names for their multiranges
-- source: >= 14
-- dest: >= 14
CREATE SCHEMA s; CREATE TYPE s.r AS RANGE (SUBTYPE = int, MULTIRANGE_TYPE_NAME = s."Many r"); CREATE TYPE plain AS RANGE (SUBTYPE = text); CREATE TABLE t (r s.r, m s."Many r" DEFAULT '{[1,2)}', p plain_multirange); INSERT INTO t VALUES ('[1,3)', '{[1,3),[5,6)}', '{[a,b]}');
