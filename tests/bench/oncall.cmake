# Rotations: who is on call, and the shifts of a year.
add_executable(bench_oncall ${CMAKE_CURRENT_LIST_DIR}/oncall_bench.c)
tcn_link_layer(bench_oncall engine)
tcn_link_layer(bench_oncall sys)
target_link_libraries(bench_oncall PRIVATE tcn_flags PkgConfig::DEPS Threads::Threads)
add_test(NAME bench.oncall COMMAND bench_oncall --schedules 20 --rounds 3)
set_tests_properties(bench.oncall PROPERTIES LABELS bench TIMEOUT 60)
