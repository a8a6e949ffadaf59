-- about: default access method of a partitioned table
-- source: >= 17
-- dest: >= 17
CREATE ACCESS METHOD heap_two TYPE TABLE HANDLER heap_tableam_handler; CREATE TABLE p (a int) PARTITION BY LIST (a) USING heap_two; CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1); CREATE TABLE p2 PARTITION OF p DEFAULT USING heap; INSERT INTO p VALUES (1), (2);
