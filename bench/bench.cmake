# The data generator of the comparisons (bench/run.sh). Not installed.
add_executable(pgzm-generate bench/generate.c bench/dataset.c)
target_link_libraries(pgzm-generate PRIVATE pgzm_base)
