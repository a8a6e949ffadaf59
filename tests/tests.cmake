# One Criterion program per folder: tests/<folder>/test_*.c makes test_<folder>, a ctest of that
# name. Suites that need servers begin with "server_"; tests/run.sh starts the servers. tests/e2e
# drives the built command.
pkg_check_modules(CRITERION REQUIRED IMPORTED_TARGET criterion)
set(harness_folder ${CMAKE_SOURCE_DIR}/tests/harness)
file(GLOB harness CONFIGURE_DEPENDS tests/harness/*.c)
file(GLOB facts CONFIGURE_DEPENDS tests/harness/sql/*.sql)
set(facts_header ${CMAKE_BINARY_DIR}/generated/tests_harness/sql_files.h)
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/generated/tests_harness)
add_custom_command(OUTPUT ${facts_header}
    COMMAND ${CMAKE_COMMAND} -DOUT=${facts_header} -DNAME=tests_harness_sql "-DFILES=${facts}"
            -P ${CMAKE_SOURCE_DIR}/cmake/embed.cmake
    DEPENDS ${facts} ${CMAKE_SOURCE_DIR}/cmake/embed.cmake VERBATIM)
add_library(test_harness STATIC ${harness} ${facts_header})
target_include_directories(test_harness PRIVATE ${CMAKE_BINARY_DIR}/generated)
target_include_directories(test_harness PUBLIC ${CMAKE_SOURCE_DIR})
target_compile_definitions(test_harness PRIVATE PGZM_TOP="${CMAKE_SOURCE_DIR}"
                           TEST_COMMAND_BUILT="$<TARGET_FILE:pgzm-copy>")
target_link_libraries(test_harness PUBLIC pgzm_base PkgConfig::CRITERION PkgConfig::JANSSON)

# A test for each file of tests/cases (tests/e2e/test_cases.c). Those whose head names versions, or
# what not every server has, run on every pair of versions; the others are in three parts, 0 1 2.
file(GLOB cases CONFIGURE_DEPENDS tests/cases/*.sql)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${cases})
set(case_tests "")
set(cases_by_version "")
foreach(path IN LISTS cases)
    get_filename_component(case ${path} NAME_WE)
    string(APPEND case_tests "CASE(case_${case}, \"${case}\")\n")
    file(STRINGS ${path} limits REGEX "^-- (source|dest|needs|source-needs):")
    if(limits)
        list(APPEND cases_by_version case_${case})
    else()
        list(APPEND plain_cases case_${case})
        list(LENGTH plain_cases n)
        math(EXPR part "(${n} - 1) % 3")
        list(APPEND cases_part_${part} case_${case})
    endif()
endforeach()
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/tests_harness/cases.inc
     CONTENT "${case_tests}" @ONLY)

# They run in the order in which they stand here: what is quick to fail comes first.
add_test(NAME format COMMAND sh ${harness_folder}/check_format.sh ${CMAKE_SOURCE_DIR})
add_test(NAME includes COMMAND sh ${harness_folder}/check_includes.sh ${CMAKE_SOURCE_DIR})
add_test(NAME readme COMMAND sh ${harness_folder}/check_readme.sh ${CMAKE_SOURCE_DIR}
         $<TARGET_FILE:pgzm-copy>)

foreach(folder base schema copy engine cli e2e)
    file(GLOB sources CONFIGURE_DEPENDS tests/${folder}/test_*.c)
    if(sources)
        add_executable(test_${folder} ${sources})
        target_link_libraries(test_${folder} PRIVATE test_harness PkgConfig::CRITERION)
        if(TARGET pgzm_${folder})
            target_link_libraries(test_${folder} PRIVATE pgzm_${folder})
        else()
            target_link_libraries(test_${folder} PRIVATE PkgConfig::JANSSON)
        endif()
        target_compile_options(test_${folder} PRIVATE -Wno-cast-qual -Wno-conversion)
        target_include_directories(test_${folder} PRIVATE ${CMAKE_BINARY_DIR}/generated)
        if(NOT folder STREQUAL e2e)
            add_test(NAME ${folder} COMMAND sh ${harness_folder}/sanitized.sh
                     $<TARGET_FILE:test_${folder}> --jobs 2)
        endif()
    endif()
endforeach()
if(TARGET test_cli)
    include(tests/cli/cli.cmake)
endif()
if(TARGET test_e2e)
    add_dependencies(test_e2e pgzm-copy)
    # The command, in parts: a live destination under load, the command under fire, the hard cases,
    # the rest.
    set(live "@(cleanup|fault|keep|load|rollback|scenario|shape|verify)")
    add_test(NAME e2e COMMAND sh ${harness_folder}/sanitized.sh $<TARGET_FILE:test_e2e> --jobs 2
             --filter "!(server_@(${live}|cases|kill|bench))/*")
    add_test(NAME live COMMAND sh ${harness_folder}/sanitized.sh $<TARGET_FILE:test_e2e> --jobs 2
             --filter "server_${live}/*")
    add_test(NAME kill COMMAND sh ${harness_folder}/sanitized.sh $<TARGET_FILE:test_e2e> --jobs 2
             --filter "server_kill/*")
    add_test(NAME cases COMMAND sh ${harness_folder}/sanitized.sh $<TARGET_FILE:test_e2e> --jobs 2
             --filter "server_cases/*")
    # Every case once more, through a dump.
    add_test(NAME dumped COMMAND sh ${harness_folder}/sanitized.sh $<TARGET_FILE:test_e2e> --jobs 1
             --filter "server_cases/*")
    set_tests_properties(dumped PROPERTIES ENVIRONMENT TEST_THROUGH_DUMP=1)
    # The comparisons of bench/, at a tiny size.
    add_test(NAME bench COMMAND sh ${harness_folder}/sanitized.sh $<TARGET_FILE:test_e2e> --jobs 1
             --filter "server_bench/*")
    add_dependencies(test_e2e pgzm-generate pgzm-measure pgzm-summarize)
    target_compile_definitions(test_e2e PRIVATE PGZM_TOP="${CMAKE_SOURCE_DIR}")
    # The whole migration once more, by a command that is built with ThreadSanitizer.
    add_test(NAME tsan COMMAND sh ${harness_folder}/sanitized.sh
             $<TARGET_FILE:test_e2e> --jobs 1 --filter server_threads/*)
    # PostgreSQL's own regression-test database, made by a server of its own.
    add_test(NAME regression COMMAND sh ${harness_folder}/regression.sh $<TARGET_FILE:test_e2e>)
endif()

add_test(NAME install COMMAND sh ${harness_folder}/check_install.sh ${CMAKE_BINARY_DIR})

# From one version of PostgreSQL to another: the case files and the shop, by pairs of servers.
# tests/run.sh runs these after all others, three at a time, extremes first. A pair has all cases,
# or those that depend on versions and a third of the others; each third is once among pairs from
# new versions to 18 and once among those from old versions. Where the shop does not fit, all run.
if(TARGET test_e2e)
    foreach(row 12-18:all 18-12:all 16-13:all 18-18:0 17-18:2 16-18:1 18-15:1 12-15:0 13-16:1
                14-15:2 15-17:0)
        string(REGEX REPLACE ":.*" "" pair ${row})
        string(REGEX REPLACE ".*:" "" part ${row})
        string(REPLACE "-" ";" versions ${pair})
        set(filter "server_@(cases|versions)/*")
        if(NOT part STREQUAL all)
            list(JOIN cases_by_version "|" names)
            list(JOIN cases_part_${part} "|" more)
            set(filter "server_@(versions/*|cases/@(${names}|${more}))")
        endif()
        add_test(NAME matrix-${pair} COMMAND sh ${harness_folder}/matrix.sh
                 $<TARGET_FILE:test_e2e> ${versions} ${filter})
        set_tests_properties(matrix-${pair} PROPERTIES LABELS matrix TIMEOUT 900 SKIP_RETURN_CODE
                                                     77)
    endforeach()
    # Through a dump, which is made without knowing the destination's version.
    add_test(NAME matrix-12-18-dumped COMMAND sh ${harness_folder}/matrix.sh $<TARGET_FILE:test_e2e>
             12 18 "server_dump/*")
    set_tests_properties(matrix-12-18-dumped PROPERTIES LABELS matrix TIMEOUT 900 SKIP_RETURN_CODE 77)
endif()
