# The store alone: transactions of new alarms in groups, claims of due work, a start on the file that came of it.
add_executable(bench_store ${CMAKE_CURRENT_LIST_DIR}/store_bench.c)
tcn_link_layer(bench_store store)
target_link_libraries(bench_store PRIVATE tcn_flags PkgConfig::DEPS Threads::Threads)
