-- about: publication of generated columns
-- source: >= 18
-- dest: >= 18
CREATE TABLE t (a int PRIMARY KEY, g int GENERATED ALWAYS AS (a + 1) STORED); CREATE PUBLICATION pub FOR TABLE t WITH (publish_generated_columns = stored);
