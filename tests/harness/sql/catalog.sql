-- For the comparer of the tests (compare.c): columns object, key, value. $1: the older one of the two
-- servers' versions, as in server_version_num.
-- Every row of the catalogs that hold definitions, by its transaction: the same when nobody created,
-- altered or dropped anything. Statistics change in place and do not count. Only for one database
-- before and after.
SELECT 'pg_aggregate' AS object, 'pg_aggregate' AS key,
       count(*) || ' rows ' || coalesce(sum(('x' || md5(ctid::text || xmin::text))::bit(48)::bigint), 0) AS value
FROM pg_aggregate WHERE $1::int > 0
UNION ALL
SELECT 'pg_am', 'pg_am', count(*) || ' rows ' || coalesce(sum(('x' || md5(ctid::text || xmin::text))::bit(48)::bigint), 0)
FROM pg_am
UNION ALL
SELECT 'pg_amop', 'pg_amop', count(*) || ' rows ' || coalesce(sum(('x' || md5(ctid::text || xmin::text))::bit(48)::bigint), 0)
FROM pg_amop
UNION ALL
SELECT 'pg_amproc', 'pg_amproc', count(*) || ' rows ' || coalesce(sum(('x' || md5(ctid::text || xmin::text))::bit(48)::bigint), 0)
FROM pg_amproc
UNION ALL
SELECT 'pg_attrdef', 'pg_attrdef', count(*) || ' rows ' || coalesce(sum(('x' || md5(ctid::text || xmin::text))::bit(48)::bigint), 0)
FROM pg_attrdef
UNION ALL
SELECT 'pg_attribute', 'pg_attribute', count(*) || ' rows ' || coalesce(sum(('x' || md5(ctid::text || xmin::text))::bit(48)::bigint), 0)
FROM pg_attribute
UNION ALL
SELECT 'pg_cast', 'pg_cast', count(*) || ' rows ' || coalesce(sum(('x' || md5(ctid::text || xmin::text))::bit(48)::bigint), 0)
FROM pg_cast
UNION ALL
SELECT 'pg_class', 'pg_class', count(*) || ' rows ' || coalesce(sum(('x' || md5(ctid::text || xmin::text))::bit(48)::bigint), 0)
FROM pg_class
UNION ALL
SELECT 'pg_collation', 'pg_collation', count(*) || ' rows ' || coalesce(sum(('x' || md5(ctid::text || xmin::text))::bit(48)::bigint), 0)
FROM pg_collation
UNION ALL
SELECT 'pg_constraint', 'pg_constraint', count(*) || ' rows ' || coalesce(sum(('x' || md5(ctid::text || xmin::text))::bit(48)::bigint), 0)
FROM pg_constraint
UNION ALL
SELECT 'pg_conversion', 'pg_conversion', count(*) || ' rows ' || coalesce(sum(('x' || md5(ctid::text || xmin::text))::bit(48)::bigint), 0)
FROM pg_conversion
UNION ALL
SELECT 'pg_default_acl', 'pg_default_acl', count(*) || ' rows ' || coalesce(sum(('x' || md5(ctid::text || xmin::text))::bit(48)::bigint), 0)
FROM pg_default_acl
UNION ALL
SELECT 'pg_depend', 'pg_depend', count(*) || ' rows ' || coalesce(sum(('x' || md5(ctid::text || xmin::text))::bit(48)::bigint), 0)
FROM pg_depend
UNION ALL
SELECT 'pg_description', 'pg_description', count(*) || ' rows ' || coalesce(sum(('x' || md5(ctid::text || xmin::text))::bit(48)::bigint), 0)
FROM pg_description
UNION ALL
SELECT 'pg_enum', 'pg_enum', count(*) || ' rows ' || coalesce(sum(('x' || md5(ctid::text || xmin::text))::bit(48)::bigint), 0)
FROM pg_enum
UNION ALL
SELECT 'pg_event_trigger', 'pg_event_trigger', count(*) || ' rows ' || coalesce(sum(('x' || md5(ctid::text || xmin::text))::bit(48)::bigint), 0)
FROM pg_event_trigger
UNION ALL
SELECT 'pg_extension', 'pg_extension', count(*) || ' rows ' || coalesce(sum(('x' || md5(ctid::text || xmin::text))::bit(48)::bigint), 0)
FROM pg_extension
UNION ALL
SELECT 'pg_foreign_data_wrapper', 'pg_foreign_data_wrapper', count(*) || ' rows ' || coalesce(sum(('x' || md5(ctid::text || xmin::text))::bit(48)::bigint), 0)
FROM pg_foreign_data_wrapper
UNION ALL
SELECT 'pg_foreign_server', 'pg_foreign_server', count(*) || ' rows ' || coalesce(sum(('x' || md5(ctid::text || xmin::text))::bit(48)::bigint), 0)
FROM pg_foreign_server
UNION ALL
SELECT 'pg_foreign_table', 'pg_foreign_table', count(*) || ' rows ' || coalesce(sum(('x' || md5(ctid::text || xmin::text))::bit(48)::bigint), 0)
FROM pg_foreign_table
UNION ALL
SELECT 'pg_index', 'pg_index', count(*) || ' rows ' || coalesce(sum(('x' || md5(ctid::text || xmin::text))::bit(48)::bigint), 0)
FROM pg_index
UNION ALL
SELECT 'pg_inherits', 'pg_inherits', count(*) || ' rows ' || coalesce(sum(('x' || md5(ctid::text || xmin::text))::bit(48)::bigint), 0)
FROM pg_inherits
UNION ALL
SELECT 'pg_language', 'pg_language', count(*) || ' rows ' || coalesce(sum(('x' || md5(ctid::text || xmin::text))::bit(48)::bigint), 0)
FROM pg_language
UNION ALL
SELECT 'pg_namespace', 'pg_namespace', count(*) || ' rows ' || coalesce(sum(('x' || md5(ctid::text || xmin::text))::bit(48)::bigint), 0)
FROM pg_namespace
UNION ALL
SELECT 'pg_opclass', 'pg_opclass', count(*) || ' rows ' || coalesce(sum(('x' || md5(ctid::text || xmin::text))::bit(48)::bigint), 0)
FROM pg_opclass
UNION ALL
SELECT 'pg_operator', 'pg_operator', count(*) || ' rows ' || coalesce(sum(('x' || md5(ctid::text || xmin::text))::bit(48)::bigint), 0)
FROM pg_operator
UNION ALL
SELECT 'pg_opfamily', 'pg_opfamily', count(*) || ' rows ' || coalesce(sum(('x' || md5(ctid::text || xmin::text))::bit(48)::bigint), 0)
FROM pg_opfamily
UNION ALL
SELECT 'pg_partitioned_table', 'pg_partitioned_table', count(*) || ' rows ' || coalesce(sum(('x' || md5(ctid::text || xmin::text))::bit(48)::bigint), 0)
FROM pg_partitioned_table
UNION ALL
SELECT 'pg_policy', 'pg_policy', count(*) || ' rows ' || coalesce(sum(('x' || md5(ctid::text || xmin::text))::bit(48)::bigint), 0)
FROM pg_policy
UNION ALL
SELECT 'pg_proc', 'pg_proc', count(*) || ' rows ' || coalesce(sum(('x' || md5(ctid::text || xmin::text))::bit(48)::bigint), 0)
FROM pg_proc
UNION ALL
SELECT 'pg_publication', 'pg_publication', count(*) || ' rows ' || coalesce(sum(('x' || md5(ctid::text || xmin::text))::bit(48)::bigint), 0)
FROM pg_publication
UNION ALL
SELECT 'pg_publication_rel', 'pg_publication_rel', count(*) || ' rows ' || coalesce(sum(('x' || md5(ctid::text || xmin::text))::bit(48)::bigint), 0)
FROM pg_publication_rel
UNION ALL
SELECT 'pg_range', 'pg_range', count(*) || ' rows ' || coalesce(sum(('x' || md5(ctid::text || xmin::text))::bit(48)::bigint), 0)
FROM pg_range
UNION ALL
SELECT 'pg_rewrite', 'pg_rewrite', count(*) || ' rows ' || coalesce(sum(('x' || md5(ctid::text || xmin::text))::bit(48)::bigint), 0)
FROM pg_rewrite
UNION ALL
SELECT 'pg_seclabel', 'pg_seclabel', count(*) || ' rows ' || coalesce(sum(('x' || md5(ctid::text || xmin::text))::bit(48)::bigint), 0)
FROM pg_seclabel
UNION ALL
SELECT 'pg_sequence', 'pg_sequence', count(*) || ' rows ' || coalesce(sum(('x' || md5(ctid::text || xmin::text))::bit(48)::bigint), 0)
FROM pg_sequence
UNION ALL
SELECT 'pg_statistic_ext', 'pg_statistic_ext', count(*) || ' rows ' || coalesce(sum(('x' || md5(ctid::text || xmin::text))::bit(48)::bigint), 0)
FROM pg_statistic_ext
UNION ALL
SELECT 'pg_transform', 'pg_transform', count(*) || ' rows ' || coalesce(sum(('x' || md5(ctid::text || xmin::text))::bit(48)::bigint), 0)
FROM pg_transform
UNION ALL
SELECT 'pg_trigger', 'pg_trigger', count(*) || ' rows ' || coalesce(sum(('x' || md5(ctid::text || xmin::text))::bit(48)::bigint), 0)
FROM pg_trigger
UNION ALL
SELECT 'pg_ts_config', 'pg_ts_config', count(*) || ' rows ' || coalesce(sum(('x' || md5(ctid::text || xmin::text))::bit(48)::bigint), 0)
FROM pg_ts_config
UNION ALL
SELECT 'pg_ts_dict', 'pg_ts_dict', count(*) || ' rows ' || coalesce(sum(('x' || md5(ctid::text || xmin::text))::bit(48)::bigint), 0)
FROM pg_ts_dict
UNION ALL
SELECT 'pg_type', 'pg_type', count(*) || ' rows ' || coalesce(sum(('x' || md5(ctid::text || xmin::text))::bit(48)::bigint), 0)
FROM pg_type
UNION ALL
SELECT 'pg_user_mapping', 'pg_user_mapping', count(*) || ' rows ' || coalesce(sum(('x' || md5(ctid::text || xmin::text))::bit(48)::bigint), 0)
FROM pg_user_mapping
