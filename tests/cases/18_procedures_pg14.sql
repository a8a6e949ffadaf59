-- about: procedures with OUT arguments
-- source: >= 14
-- dest: >= 14
CREATE PROCEDURE p(IN a int, OUT b int, INOUT c text DEFAULT 'x') LANGUAGE plpgsql AS $$ begin b := a; end $$;
CREATE PROCEDURE p(OUT b text) LANGUAGE sql AS $$ SELECT 'b' $$;
COMMENT ON PROCEDURE p(OUT text) IS 'only out';
