#include "schema/kind.h"

/*
 * The order in which the kinds' fragments are made. A constraint comes before the indexes: it makes
 * its own index, and the index only has to find that out.
 */
const Kind *const kinds[] = {
    &schema_kind,
    &extension_kind,
    &type_kind,
    &function_kind,
    &sequence_kind,
    &table_kind,
    &view_kind,
    &constraint_kind,
    &index_kind,
    &rule_kind,
    &trigger_kind,
    &policy_kind,
    &operator_kind,
    &operator_family_kind,
    &operator_class_kind,
    &text_search_parser_kind,
    &text_search_template_kind,
    &text_search_dictionary_kind,
    &text_search_configuration_kind,
    &statistics_kind,
    &foreign_data_wrapper_kind,
    &server_kind,
    &user_mapping_kind,
    &publication_kind,
    &publication_table_kind,
    &publication_schema_kind,
    &setting_kind,
    &database_kind,
    &label_kind,
    &default_privilege_kind,
    &event_trigger_kind,
    NULL,
};
