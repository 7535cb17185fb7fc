# The component "xen": links where each Xen's libxl looks for its converter. CPack makes the Debian package
# convert-legacy-stream-xen of it; cmake --install leaves it out.
set(CLS_XEN_RELEASES 4.14 4.17 4.20 CACHE STRING "Releases of Xen, as in /usr/lib/xen-RELEASE/bin, for which the package is made")
mark_as_advanced(CLS_XEN_RELEASES)

set(links "")
foreach(release ${CLS_XEN_RELEASES})
    install(CODE "
        set(dir \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/lib/xen-${release}/bin\")
        file(MAKE_DIRECTORY \"\${dir}\")
        file(CREATE_LINK ../../../bin/convert-legacy-stream \"\${dir}/convert-legacy-stream\" SYMBOLIC)"
        COMPONENT xen EXCLUDE_FROM_ALL)
    string(APPEND links " /usr/lib/xen-${release}/bin/convert-legacy-stream")
endforeach()
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE ${PROJECT_SOURCE_DIR}/docs/CHANGELOG.md
        DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/convert-legacy-stream-xen COMPONENT xen EXCLUDE_FROM_ALL)

string(STRIP "${links}" CLS_XEN_LINKS)
foreach(script preinst postrm)
    configure_file(${CMAKE_CURRENT_LIST_DIR}/debian-xen/${script} ${CMAKE_CURRENT_BINARY_DIR}/debian-xen/${script} @ONLY)
    file(CHMOD ${CMAKE_CURRENT_BINARY_DIR}/debian-xen/${script}
         PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
endforeach()
