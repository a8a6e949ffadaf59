# The data generator of the comparisons (bench/*.sh) and what measures a command. Not installed.
add_executable(pgzm-generate bench/generate.c bench/dataset.c)
target_link_libraries(pgzm-generate PRIVATE pgzm_base)
add_executable(pgzm-measure bench/measure.c)
