-- about: the public schema is dropped: the destination's stays
-- dest-has-more: the schema public
DROP SCHEMA public; CREATE SCHEMA other; CREATE TABLE other.t (a int); INSERT INTO other.t VALUES (1);
