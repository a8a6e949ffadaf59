# What the comparisons (bench/*.sh) need: data, load, what measures a command, what adds up. Not
# installed.
add_executable(pgzm-generate bench/generate.c bench/dataset.c bench/rows.c bench/narrow.c
               bench/wide.c bench/mixed.c bench/uneven.c bench/partitioned.c)
target_link_libraries(pgzm-generate PRIVATE pgzm_base)
add_executable(pgzm-measure bench/measure.c)
add_executable(pgzm-summarize bench/summarize.c bench/summary.c bench/target.c bench/grid.c
               bench/outcome.c bench/outcomejson.c bench/chart.c bench/growthchart.c bench/svg.c)
target_link_libraries(pgzm-summarize PRIVATE pgzm_base PkgConfig::JANSSON)
add_executable(pgzm-swapload bench/swapload.c)
target_link_libraries(pgzm-swapload PRIVATE PkgConfig::LIBPQ Threads::Threads)
