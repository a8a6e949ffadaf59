-- about: a publication of all tables; it publishes what a migration makes, too, so it comes with the swap
CREATE TABLE t (a int PRIMARY KEY); CREATE PUBLICATION everything FOR ALL TABLES WITH (publish = 'insert'); INSERT INTO t VALUES (1);
