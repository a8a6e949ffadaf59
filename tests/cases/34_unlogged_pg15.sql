-- about: unlogged sequence, identity with another persistence than its table's
-- source: >= 15
-- dest: >= 15
CREATE UNLOGGED SEQUENCE q; CREATE UNLOGGED TABLE u (id int GENERATED ALWAYS AS IDENTITY); ALTER SEQUENCE u_id_seq SET LOGGED;
CREATE TABLE l (id int GENERATED ALWAYS AS IDENTITY); ALTER SEQUENCE l_id_seq SET UNLOGGED; SELECT nextval('q'); INSERT INTO u DEFAULT VALUES;
