# Packages: cpack -G DEB and cpack -G RPM in a build folder.
set(CLS_PACKAGER "convert-legacy-stream founders <maintainers@convert-legacy-stream.invalid>"
    CACHE STRING "Name <address> that packages carry; .invalid is nobody's")
set(CPACK_PACKAGE_CONTACT ${CLS_PACKAGER})
set(CPACK_PACKAGE_NAME ${PROJECT_NAME})
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_VENDOR "the convert-legacy-stream founders")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "converts domain saves of Xen before 4.6 to the v2 stream")
set(CPACK_PACKAGE_DESCRIPTION
"Xen 4.6 replaced the format of saved domains. This program turns saves in the
old format into the new one: as a helper that libxl starts when it restores an
old save, or by hand. It takes the place of a Python script that comes with
Xen, and reads what that gives up on. A verifier of the new format comes with
it.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/debian_files.cmake)

# Libraries are loaded, and decompressors run, when a feature needs them: recommended, no dependency.
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "libxml2, libjson-c5, libnettle8, zstd, xz-utils")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(CPACK_RPM_FILE_NAME RPM-DEFAULT)
set(CPACK_RPM_PACKAGE_LICENSE MIT)
set(CPACK_RPM_PACKAGE_GROUP System)
# Not CPACK_RPM_PACKAGE_SUGGESTS: CMake 3.25 drops that with the rpm of Debian 12.
set(CPACK_RPM_SPEC_MORE_DEFINE "Recommends: libxml2.so.2()(64bit), libjson-c.so.5()(64bit), libnettle.so.8()(64bit)")
set(CPACK_RPM_EXCLUDE_FROM_AUTO_FILELIST_ADDITION
    /usr/share/man /usr/share/man/man1 /usr/share/man/man5 /usr/share/bash-completion
    /usr/share/bash-completion/completions)

include(CPack)
