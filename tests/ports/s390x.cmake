# A big-endian architecture, emulated (packages gcc-s390x-linux-gnu, libc6-dev-s390x-cross, qemu-user-static).
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR s390x)
set(CMAKE_C_COMPILER s390x-linux-gnu-gcc)
# The full path, since some tests run the programs without PATH.
find_program(QEMU_S390X qemu-s390x-static REQUIRED)
set(CMAKE_CROSSCOMPILING_EMULATOR ${QEMU_S390X};-L;/usr/s390x-linux-gnu)
