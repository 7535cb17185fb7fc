# musl instead of glibc, static (package musl-tools).
set(CMAKE_C_COMPILER musl-gcc)
set(CMAKE_EXE_LINKER_FLAGS_INIT "-static")

# musl-gcc looks nowhere but in musl's own folder: what else is wanted of /usr/include is linked to.
set(links ${CMAKE_BINARY_DIR}/include)
file(MAKE_DIRECTORY ${links})
foreach(name linux asm-generic json-c nettle unicode x86_64-linux-gnu/asm)
    get_filename_component(link ${name} NAME)
    file(CREATE_LINK /usr/include/${name} ${links}/${link} SYMBOLIC)
endforeach()
set(CMAKE_C_FLAGS_INIT "-isystem ${links}")
