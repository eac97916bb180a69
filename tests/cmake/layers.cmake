# One OBJECT library per folder under core/, linked in the order core/LAYERS allows.

function(tcn_read_layers file)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
    file(STRINGS ${file} lines REGEX "^[a-z]+:")
    set(names)
    foreach(line IN LISTS lines)
        string(REGEX REPLACE "[|].*" "" line "${line}")
        string(REGEX MATCH "^[a-z]+" name "${line}")
        string(REGEX REPLACE "^[a-z]+:" "" needs "${line}")
        separate_arguments(needs)
        list(APPEND names ${name})
        set(TCN_NEEDS_${name} "${needs}" PARENT_SCOPE)
    endforeach()
    set(TCN_LAYERS "${names}" PARENT_SCOPE)
endfunction()

# core/<name>/*.c without main.c becomes the OBJECT library tcn_<name>.
function(tcn_add_layer name)
    file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/core/${name}/*.c
                                        ${PROJECT_SOURCE_DIR}/core/${name}/*/*.c)
    list(FILTER sources EXCLUDE REGEX "/app/main\\.c$")
    if(NOT sources)
        return()
    endif()
    add_library(tcn_${name} OBJECT ${sources})
    target_link_libraries(tcn_${name} PUBLIC tcn_flags PkgConfig::DEPS Threads::Threads m)
endfunction()

# Links the layer and everything core/LAYERS lets it include.
function(tcn_link_layer target name)
    foreach(layer IN LISTS name TCN_NEEDS_${name})
        if(TARGET tcn_${layer})
            target_link_libraries(${target} PRIVATE tcn_${layer})
        endif()
    endforeach()
endfunction()

function(tcn_add_connectors dir)
    file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${dir}/*.c ${PROJECT_SOURCE_DIR}/${dir}/*/*.c)
    if(sources)
        add_library(tcn_connectors OBJECT ${sources})
        target_link_libraries(tcn_connectors PUBLIC tcn_flags PkgConfig::DEPS m)
    endif()
endfunction()

# The shipped mapping files become one C table, so that the binary needs no data directory.
function(tcn_add_mappings dir)
    file(GLOB files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${dir}/*/*.json)
    set(out ${CMAKE_CURRENT_BINARY_DIR}/shipped_mappings.c)
    set(script ${PROJECT_SOURCE_DIR}/tests/cmake/embed.cmake)
    add_custom_command(OUTPUT ${out}
        COMMAND ${CMAKE_COMMAND} -DOUT=${out} "-DFILES=${files}" -DROOT=${PROJECT_SOURCE_DIR}/${dir}
                -DSYMBOL=tcn_shipped_mappings -P ${script}
        DEPENDS ${files} ${script} VERBATIM)
    add_library(tcn_shipped_mappings OBJECT ${out})
    target_link_libraries(tcn_shipped_mappings PRIVATE tcn_flags)
endfunction()

function(tcn_link_everything target)
    foreach(layer IN LISTS TCN_LAYERS ITEMS connectors shipped_mappings)
        if(TARGET tcn_${layer})
            target_link_libraries(${target} PRIVATE tcn_${layer})
        endif()
    endforeach()
    target_link_libraries(${target} PRIVATE tcn_flags PkgConfig::DEPS Threads::Threads m)
endfunction()
