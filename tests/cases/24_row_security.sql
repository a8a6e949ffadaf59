-- about: RLS: policies of each command, restrictive, role lists, FORCE
-- roles: case_owner case_reader
CREATE TABLE t (a int, b text); CREATE TABLE forced (a int); CREATE TABLE without (a int);
ALTER TABLE t ENABLE ROW LEVEL SECURITY;
ALTER TABLE forced ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE without ENABLE ROW LEVEL SECURITY;
CREATE POLICY everything ON t USING (a > 0) WITH CHECK (a < 9);
CREATE POLICY reads ON t FOR SELECT TO case_reader USING (b = CURRENT_USER);
CREATE POLICY adds ON t FOR INSERT TO case_reader, case_owner WITH CHECK (a > 1);
CREATE POLICY changes ON t FOR UPDATE TO PUBLIC USING (a > 2) WITH CHECK (a > 3);
CREATE POLICY removes ON t FOR DELETE TO case_owner USING (true);
CREATE POLICY "restricts's" ON t AS RESTRICTIVE FOR ALL USING (EXISTS (SELECT FROM forced f WHERE f.a = t.a));
CREATE POLICY off ON without USING (false);
INSERT INTO t VALUES (1, 'x'), (-5, 'y'); INSERT INTO forced VALUES (1); INSERT INTO without VALUES (2);
