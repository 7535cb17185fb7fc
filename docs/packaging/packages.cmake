# Packages: cpack -G DEB (two: the program, and links to it where Xen looks) and cpack -G RPM (one) in a build folder.
include(${CMAKE_CURRENT_LIST_DIR}/xen_links.cmake)
set(CLS_PACKAGER "convert-legacy-stream founders <maintainers@convert-legacy-stream.invalid>"
    CACHE STRING "Name <address> that packages carry; .invalid is nobody's")
set(CPACK_PACKAGE_CONTACT ${CLS_PACKAGER})
set(CPACK_PACKAGE_NAME ${PROJECT_NAME})
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_VENDOR "the convert-legacy-stream founders")
# The first line of a Debian package's description; CPack would put a common summary before those.
set(summary "converts domain saves of Xen before 4.6 to the v2 stream")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "")
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
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_ALL Unspecified xen)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_UNSPECIFIED_PACKAGE_NAME ${PROJECT_NAME})
if(CMAKE_CROSSCOMPILING) # dpkg-shlibdeps knows this system's libc only: tests/package/oldest.sh
    set(CPACK_DEBIAN_UNSPECIFIED_PACKAGE_DEPENDS "libc6 (>= 2.31)")
else()
    set(CPACK_DEBIAN_UNSPECIFIED_PACKAGE_SHLIBDEPS ON)
endif()
set(CPACK_DEBIAN_UNSPECIFIED_PACKAGE_RECOMMENDS "libxml2, libjson-c5, libnettle8, zstd, xz-utils")
set(CPACK_DEBIAN_UNSPECIFIED_PACKAGE_SUGGESTS ${PROJECT_NAME}-xen)
set(CPACK_DEBIAN_UNSPECIFIED_DESCRIPTION "${summary}\n${CPACK_PACKAGE_DESCRIPTION}")

set(CPACK_DEBIAN_XEN_PACKAGE_NAME ${PROJECT_NAME}-xen)
set(CPACK_DEBIAN_XEN_PACKAGE_SOURCE ${PROJECT_NAME})
set(CPACK_DEBIAN_XEN_PACKAGE_ARCHITECTURE all)
set(CPACK_DEBIAN_XEN_PACKAGE_DEPENDS "${PROJECT_NAME} (>= ${PROJECT_VERSION})")
list(TRANSFORM CLS_XEN_RELEASES PREPEND "xen-utils-" OUTPUT_VARIABLE enhances)
list(JOIN enhances ", " CPACK_DEBIAN_XEN_PACKAGE_ENHANCES)
set(CPACK_DEBIAN_XEN_PACKAGE_CONTROL_EXTRA ${CMAKE_CURRENT_BINARY_DIR}/debian-xen/preinst
                                           ${CMAKE_CURRENT_BINARY_DIR}/debian-xen/postrm)
list(JOIN CLS_XEN_RELEASES ", " releases)
set(CPACK_DEBIAN_XEN_DESCRIPTION
"lets xl and libvirt restore domain saves of Xen before 4.6
Puts convert-legacy-stream in the place of the script that comes with Xen,
where libxl looks for its converter (Xen ${releases}): xl restore,
xl migrate-receive and virsh restore then take saves and migrations of Xen
before 4.6 with nothing set. When this package is removed, the script comes
back.")

set(CPACK_RPM_FILE_NAME RPM-DEFAULT)
set(CPACK_RPM_PACKAGE_SUMMARY "${summary}")
set(CPACK_RPM_PACKAGE_LICENSE MIT)
set(CPACK_RPM_PACKAGE_GROUP System)
# Not CPACK_RPM_PACKAGE_SUGGESTS: CMake 3.25 drops that with the rpm of Debian 12.
set(CPACK_RPM_SPEC_MORE_DEFINE "Recommends: libxml2.so.2()(64bit), libjson-c.so.5()(64bit), libnettle.so.8()(64bit)")
set(CPACK_RPM_EXCLUDE_FROM_AUTO_FILELIST_ADDITION
    /usr/share/man /usr/share/man/man1 /usr/share/man/man5 /usr/share/bash-completion
    /usr/share/bash-completion/completions)

include(CPack)
