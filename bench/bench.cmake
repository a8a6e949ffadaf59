# What the comparisons (bench/*.sh) need: data, load, what measures a command. Not installed.
add_executable(pgzm-generate bench/generate.c bench/dataset.c)
target_link_libraries(pgzm-generate PRIVATE pgzm_base)
add_executable(pgzm-measure bench/measure.c)
add_executable(pgzm-swapload bench/swap.c)
target_link_libraries(pgzm-swapload PRIVATE PkgConfig::LIBPQ Threads::Threads)
