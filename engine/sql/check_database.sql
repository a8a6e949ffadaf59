-- How a database stores and sorts text. Columns that a version lacks are NULL.
-- No parameters. Columns: encoding, provider, collate, ctype, locale, version (recorded),
-- actual_version
SELECT pg_catalog.pg_encoding_to_char(d.encoding) AS encoding,
       -- 15 and later; before there was libc alone
       CASE coalesce(pg_catalog.to_jsonb(d) ->> 'datlocprovider', 'c')
           WHEN 'c' THEN 'libc' WHEN 'i' THEN 'icu' ELSE 'builtin' END AS provider,
       pg_catalog.to_jsonb(d) ->> 'datcollate' AS "collate",
       pg_catalog.to_jsonb(d) ->> 'datctype' AS ctype,
       coalesce(pg_catalog.to_jsonb(d) ->> 'datlocale', pg_catalog.to_jsonb(d) ->> 'daticulocale')
       AS locale,
       NULL::text AS version, NULL::text AS actual_version
FROM pg_catalog.pg_database d WHERE d.datname = current_database()
