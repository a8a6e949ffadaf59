-- about: large objects with owner, ACL, comment
-- roles: case_owner case_reader
-- options: --large-objects
-- check: SELECT oid, lomowner::regrole, lomacl, md5(lo_get(oid)), obj_description(oid, 'pg_largeobject') FROM pg_largeobject_metadata ORDER BY oid
CREATE TABLE t (id int, lo oid); SELECT lo_from_bytea(4711, '\x0001020304'); SELECT lo_from_bytea(4712, decode(repeat('ab', 30000), 'hex')); SELECT lo_create(4713); SELECT lo_put(lo_create(4714), 10000, '\xff');
ALTER LARGE OBJECT 4711 OWNER TO case_owner; GRANT SELECT ON LARGE OBJECT 4711 TO case_reader; GRANT ALL ON LARGE OBJECT 4712 TO PUBLIC; COMMENT ON LARGE OBJECT 4712 IS 'it''s large'; INSERT INTO t VALUES (1, 4711), (2, 4712);
