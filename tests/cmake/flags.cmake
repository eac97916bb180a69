# Warnings (errors in every preset), hardening and the definitions that every target shares.
add_library(tcn_flags INTERFACE)
target_compile_definitions(tcn_flags INTERFACE _GNU_SOURCE TOCSIN_STATIC TOCSIN_VERSION="${PROJECT_VERSION}")
# -iquote, so that <sys/random.h> is the system's and "sys/random.h" is ours.
target_compile_options(tcn_flags INTERFACE "SHELL:-iquote ${PROJECT_SOURCE_DIR}/core")
target_include_directories(tcn_flags INTERFACE ${PROJECT_SOURCE_DIR}/include)
target_compile_options(tcn_flags INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wstrict-prototypes
    -Wmissing-prototypes -Wformat=2 -Wundef -Wvla -Wcast-qual -Wnull-dereference
    -Wdouble-promotion -Wswitch-enum -Wimplicit-fallthrough -Werror
    -fvisibility=hidden -fstack-protector-strong -fno-omit-frame-pointer)
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
    target_compile_options(tcn_flags INTERFACE
        -Wlogical-op -Wduplicated-cond -Wduplicated-branches -fstack-clash-protection)
endif()
if(TCN_HARDEN)
    target_compile_options(tcn_flags INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
endif()
target_link_options(tcn_flags INTERFACE -pie -Wl,-z,relro,-z,now,-z,noexecstack)

# What is not shipped is linked a hundred and fifty times a build: gold, of binutils too, needs half the time for it.
find_program(TCN_GOLD ld.gold)
if(TCN_GOLD AND NOT TCN_HARDEN)
    target_link_options(tcn_flags INTERFACE -fuse-ld=gold)
endif()

if(TCN_SANITIZE)
    target_compile_options(tcn_flags INTERFACE -fsanitize=${TCN_SANITIZE} -fno-sanitize-recover=all)
    target_link_options(tcn_flags INTERFACE -fsanitize=${TCN_SANITIZE})
endif()
