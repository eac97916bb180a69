# The store alone: transactions of new alarms in groups, claims of due work, a kill-free restart.
add_executable(store_bench ${CMAKE_CURRENT_LIST_DIR}/store_bench.c)
tcn_link_layer(store_bench store)
target_link_libraries(store_bench PRIVATE tcn_flags PkgConfig::DEPS Threads::Threads)
add_test(NAME bench.store COMMAND store_bench --alarms 4000)
set_tests_properties(bench.store PROPERTIES LABELS bench TIMEOUT 120)
