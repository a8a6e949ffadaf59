-- Publications of the source that would publish more than they should once they are carried over.
-- No parameters. Columns: outcome, message, hint
SELECT 'warning' AS outcome,
       pg_catalog.format('publication %s of the source publishes all tables: once it is carried '
                         'over, backups and the journal as well', p.pubname) AS message,
       'The next migration will ask for --allow-publish. Better publish named tables.' AS hint
FROM pg_catalog.pg_publication p
WHERE p.puballtables
ORDER BY p.pubname
