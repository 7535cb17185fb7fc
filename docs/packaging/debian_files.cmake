# Debian's ways, in the folder that becomes the package: man pages and changelogs compressed (without
# a date inside), the licence under the name copyright, and a changelog of the package.
if(NOT CPACK_GENERATOR STREQUAL "DEB")
    return()
endif()

set(doc ${CPACK_TEMPORARY_DIRECTORY}/usr/share/doc/${CPACK_PACKAGE_NAME})
file(RENAME ${doc}/LICENSE ${doc}/copyright)
file(RENAME ${doc}/CHANGELOG.md ${doc}/changelog)

file(STRINGS ${doc}/changelog release REGEX "^## ${CPACK_PACKAGE_VERSION} - ")
string(REGEX REPLACE ".* - " "" day "${release}")
execute_process(COMMAND date -u -R -d ${day} OUTPUT_VARIABLE date OUTPUT_STRIP_TRAILING_WHITESPACE
                COMMAND_ERROR_IS_FATAL ANY)
file(WRITE ${doc}/changelog.Debian
"${CPACK_PACKAGE_NAME} (${CPACK_PACKAGE_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE}) unstable; urgency=medium

  * Release ${CPACK_PACKAGE_VERSION}; changelog.gz tells what is new.

 -- ${CPACK_PACKAGE_CONTACT}  ${date}
")

file(GLOB files ${CPACK_TEMPORARY_DIRECTORY}/usr/share/man/man*/* ${doc}/changelog*)
execute_process(COMMAND gzip -9n ${files} COMMAND_ERROR_IS_FATAL ANY)
