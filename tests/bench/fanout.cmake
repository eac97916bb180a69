# Calls of connectors through curl's multi interface, to a sink.
add_executable(bench_fanout ${CMAKE_CURRENT_LIST_DIR}/fanout_bench.c ${CMAKE_CURRENT_LIST_DIR}/sink.c)
target_link_libraries(bench_fanout PRIVATE tcn_connectors)
tcn_link_layer(bench_fanout connect)
target_link_libraries(bench_fanout PRIVATE tcn_flags PkgConfig::DEPS Threads::Threads)
add_test(NAME bench.fanout COMMAND bench_fanout --requests 500 --rounds 1)
set_tests_properties(bench.fanout PROPERTIES LABELS bench TIMEOUT 60)
