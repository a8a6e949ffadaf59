-- about: foreign keys that set only some columns to NULL or their default
-- source: >= 15
-- dest: >= 15
CREATE TABLE p (a int, b int, PRIMARY KEY (a, b));
CREATE TABLE f (a int, b int DEFAULT 5,
    FOREIGN KEY (a, b) REFERENCES p ON DELETE SET NULL (b),
    FOREIGN KEY (a, b) REFERENCES p ON DELETE SET DEFAULT (b));
INSERT INTO p VALUES (1, 2); INSERT INTO f VALUES (1, 2);
