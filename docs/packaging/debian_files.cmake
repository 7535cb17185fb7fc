# Debian's ways, in the folders that become the packages: man pages and changelogs compressed (without
# a date inside), the licence under the name copyright, a changelog of the package, and why lintian's one
# warning does not apply.
if(NOT CPACK_GENERATOR STREQUAL "DEB")
    return()
endif()

file(STRINGS ${CPACK_TEMPORARY_DIRECTORY}/Unspecified/usr/share/doc/${CPACK_PACKAGE_NAME}/CHANGELOG.md release
     REGEX "^## ${CPACK_PACKAGE_VERSION} - ")
string(REGEX REPLACE ".* - " "" day "${release}")
execute_process(COMMAND date -u -R -d ${day} OUTPUT_VARIABLE date OUTPUT_STRIP_TRAILING_WHITESPACE
                COMMAND_ERROR_IS_FATAL ANY)

foreach(component Unspecified xen)
    set(package ${CPACK_PACKAGE_NAME})
    if(component STREQUAL "xen")
        string(APPEND package -xen)
    endif()
    set(share ${CPACK_TEMPORARY_DIRECTORY}/${component}/usr/share)
    set(doc ${share}/doc/${package})
    file(WRITE ${share}/lintian/overrides/${package}
"# Not uploaded to Debian: there is no request to close.
${package}: initial-upload-closes-no-bugs *
")
    file(RENAME ${doc}/LICENSE ${doc}/copyright)
    file(RENAME ${doc}/CHANGELOG.md ${doc}/changelog)
    file(WRITE ${doc}/changelog.Debian
"${CPACK_PACKAGE_NAME} (${CPACK_PACKAGE_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE}) unstable; urgency=medium

  * Release ${CPACK_PACKAGE_VERSION}; changelog.gz lists what is new.

 -- ${CPACK_PACKAGE_CONTACT}  ${date}
")
    file(GLOB files ${doc}/changelog*)
    execute_process(COMMAND gzip -9n ${files} COMMAND_ERROR_IS_FATAL ANY)
endforeach()
file(GLOB files ${CPACK_TEMPORARY_DIRECTORY}/Unspecified/usr/share/man/man*/*)
execute_process(COMMAND gzip -9n ${files} COMMAND_ERROR_IS_FATAL ANY)
