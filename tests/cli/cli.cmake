# The command linked with a scripted library instead of the real one (fake_pgzm.c): what a person
# sees is tested without a server, and that cli/ needs nothing but engine/pgzm.h is proven.
file(GLOB sources CONFIGURE_DEPENDS cli/*.c)
add_executable(pgzm-copy-fake ${sources} ${CMAKE_SOURCE_DIR}/tests/cli/fake_pgzm.c)
target_include_directories(pgzm-copy-fake PRIVATE ${CMAKE_SOURCE_DIR})
target_link_libraries(pgzm-copy-fake PRIVATE pgzm_base PkgConfig::JANSSON)

target_sources(test_cli PRIVATE ${CMAKE_SOURCE_DIR}/tests/cli/process.c)
add_dependencies(test_cli pgzm-copy pgzm-copy-fake)
target_compile_definitions(test_cli PRIVATE
    TEST_CLI_FOLDER="${CMAKE_SOURCE_DIR}/tests/cli"
    TEST_CLI_FAKE="$<TARGET_FILE:pgzm-copy-fake>"
    TEST_CLI_COMMAND="$<TARGET_FILE:pgzm-copy>")
