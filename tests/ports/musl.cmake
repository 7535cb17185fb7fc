# musl instead of glibc, static (package musl-tools).
set(CMAKE_C_COMPILER musl-gcc)
set(CMAKE_EXE_LINKER_FLAGS_INIT "-static")

# musl-gcc searches only musl's own include directory: link the others that are needed.
set(links ${CMAKE_BINARY_DIR}/include)
file(MAKE_DIRECTORY ${links})
foreach(name linux asm-generic json-c nettle unicode x86_64-linux-gnu/asm)
    get_filename_component(link ${name} NAME)
    file(CREATE_LINK /usr/include/${name} ${links}/${link} SYMBOLIC)
endforeach()
set(CMAKE_C_FLAGS_INIT "-isystem ${links}")
