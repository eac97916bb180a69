# Mapping alone: a ready JSON tree into alarms. The number to watch is alertmanager with 2 alerts.
add_executable(mapping_bench ${CMAKE_CURRENT_LIST_DIR}/mapping_bench.c)
tcn_link_layer(mapping_bench mapping)
tcn_link_layer(mapping_bench sys)
target_link_libraries(mapping_bench PRIVATE tcn_shipped_mappings tcn_flags PkgConfig::DEPS Threads::Threads)
