-- about: serial and bigserial with OWNED BY; a sequence in another schema
-- check: SELECT last_value, is_called FROM elsewhere.numbers
-- check: SELECT last_value, is_called FROM never
-- dest-check: SELECT pg_get_serial_sequence('big', 'id') = 'public.big_id_seq'
-- dest-check: SELECT pg_get_serial_sequence('owns', 'n') = 'public.owned'
CREATE SCHEMA elsewhere;
CREATE TABLE small (id smallserial, a text);
CREATE TABLE plain (id serial PRIMARY KEY, a text);
CREATE TABLE big (id bigserial PRIMARY KEY, a text);
CREATE SEQUENCE elsewhere.numbers AS smallint
    START 5 INCREMENT BY -3 MINVALUE -100 MAXVALUE 10 CYCLE CACHE 4;
CREATE TABLE lent (n int DEFAULT nextval('elsewhere.numbers'), a text);
CREATE TABLE owns (n bigint, a text);
CREATE SEQUENCE owned OWNED BY owns.n;
ALTER TABLE owns ALTER n SET DEFAULT nextval('owned'::regclass) * 10;
CREATE SEQUENCE never START 77;
CREATE TABLE by_text (n int DEFAULT nextval('elsewhere.numbers'::text));
INSERT INTO small (a) VALUES ('a'), ('b');
INSERT INTO plain (a) SELECT 'p' || i FROM generate_series(1, 20) i;
INSERT INTO big (a) VALUES ('x');
SELECT setval('big_id_seq', 9000000000, false);
INSERT INTO lent (a) VALUES ('l'), ('m');
INSERT INTO owns (a) VALUES ('o');
