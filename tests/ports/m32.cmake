# 32-bit x86 by gcc -m32 (package gcc-12-multilib).
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR i686)
set(CMAKE_C_COMPILER gcc)
# The kernel's headers, which only gcc-multilib would link to: it cannot be installed beside a cross compiler.
set(CMAKE_C_FLAGS_INIT "-m32 -idirafter /usr/include/x86_64-linux-gnu")
