-- about: domain over domain with collation, default, named checks, comments
CREATE DOMAIN base AS varchar(20) COLLATE "POSIX" DEFAULT 'none'
    CONSTRAINT "not empty" CHECK (VALUE <> '');
CREATE DOMAIN over AS base DEFAULT 'over' NOT NULL CONSTRAINT short CHECK (length(VALUE) < 10)
    CHECK (VALUE <> 'x');
CREATE DOMAIN list AS over[] CHECK (cardinality(VALUE) > 0);
CREATE DOMAIN amount AS numeric(10, 2) CHECK (VALUE >= 0);
COMMENT ON DOMAIN base IS 'the lower one'; COMMENT ON DOMAIN over IS 'the upper one';
COMMENT ON CONSTRAINT "not empty" ON DOMAIN base IS 'has something';
COMMENT ON CONSTRAINT short ON DOMAIN over IS 'not long';
CREATE TABLE t (a over, b base DEFAULT 'own', c list, d amount, e amount[]);
INSERT INTO t VALUES ('A', 'c'), ('b', NULL);
INSERT INTO t VALUES ('b', NULL, '{p,q}', 1.50, '{1,2}');
CREATE INDEX i ON t (a COLLATE "C");
