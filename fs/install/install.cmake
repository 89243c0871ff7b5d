# What `cmake --install` puts where, and the Debian package that `cpack -G DEB` makes of it.
include(GNUInstallDirs)

set(HERE ${CMAKE_CURRENT_LIST_DIR})
set(MAN_DIR ${PROJECT_SOURCE_DIR}/fs/man)
set(DOC_DIR ${CMAKE_INSTALL_DATAROOTDIR}/doc/npyfs)

# gzipped(OUT IN): compresses as Debian wants it, the same bytes every time.
function(gzipped out in)
  add_custom_command(OUTPUT ${out} COMMAND gzip -9nc ${in} > ${out} DEPENDS ${in} VERBATIM)
endfunction()
# man_page(SECTION TITLE): makes npyfs.SECTION of its Markdown. Its first line is the title on a forge. No word is
# split, lines are not spread; tables get no frames, and their second column the rest of the line.
find_program(LOWDOWN lowdown)
if(NOT LOWDOWN)
  message(FATAL_ERROR "lowdown is not installed; it makes the man pages. Debian and Ubuntu: apt-get install lowdown")
endif()
function(man_page section title)
  set(source ${MAN_DIR}/npyfs.${section}.md)
  set(page ${PROJECT_BINARY_DIR}/npyfs.${section})
  add_custom_command(OUTPUT ${page} DEPENDS ${source} VERBATIM COMMAND
    sed 1d ${source} |
    ${LOWDOWN} -s -T man -m title=npyfs -m section=${section} -m "source=npyfs ${PROJECT_VERSION}" -m "volume=${title}"
      -m shiftheadinglevelby=-1 --out-no-smarty --parse-no-super --nroff-nolinks |
    sed -e "/^\\.TH/a .ad l" -e "/^\\.TH/i .nr HY 0" -e "s/ expand allbox;$/;/" -e "s/^l l\\.$/l lx./" > ${page})
  gzipped(${page}.gz ${page})
endfunction()
# Who answers for the package: whoever builds it, where the variables that Debian's tools take say who that is. The authors
# that LICENSE names have no address of their own: RFC 6761 has .invalid for that.
set(CPACK_PACKAGE_CONTACT "The npyfs authors <maintainers@npyfs.invalid>")
if(DEFINED ENV{DEBFULLNAME} AND DEFINED ENV{DEBEMAIL})
  set(CPACK_PACKAGE_CONTACT "$ENV{DEBFULLNAME} <$ENV{DEBEMAIL}>")
endif()
configure_file(${HERE}/debian-changelog.in ${PROJECT_BINARY_DIR}/changelog @ONLY)
set(MAN_PAGES ${PROJECT_BINARY_DIR}/npyfs.1.gz ${PROJECT_BINARY_DIR}/npyfs.7.gz)
set(CHANGELOGS ${PROJECT_BINARY_DIR}/changelog.gz ${PROJECT_BINARY_DIR}/CHANGELOG.md.gz)
man_page(1 "User Commands")
man_page(7 "Miscellaneous")
gzipped(${PROJECT_BINARY_DIR}/changelog.gz ${PROJECT_BINARY_DIR}/changelog)
gzipped(${PROJECT_BINARY_DIR}/CHANGELOG.md.gz ${PROJECT_SOURCE_DIR}/CHANGELOG.md)
add_custom_target(npyfs_documents ALL DEPENDS ${MAN_PAGES} ${CHANGELOGS})

install(TARGETS npyfs RUNTIME)
install(FILES ${PROJECT_BINARY_DIR}/npyfs.1.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${PROJECT_BINARY_DIR}/npyfs.7.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man7)
install(FILES ${HERE}/npyfs.bash DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/bash-completion/completions RENAME npyfs)
install(FILES ${HERE}/npyfs@.service DESTINATION lib/systemd/system)
install(FILES ${PROJECT_SOURCE_DIR}/README.md ${CHANGELOGS} DESTINATION ${DOC_DIR})
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${DOC_DIR} RENAME copyright)
install(FILES ${HERE}/example.conf DESTINATION ${DOC_DIR}/examples RENAME data.conf)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/tests/recipes DESTINATION ${DOC_DIR}/examples PATTERN __pycache__ EXCLUDE)
# zsh looks for what a distribution installs and for what people install in different places.
install(CODE [[
  if(CMAKE_INSTALL_PREFIX MATCHES "/usr/?$" AND EXISTS /etc/debian_version)
    set(zsh_dir ${CMAKE_INSTALL_PREFIX}/share/zsh/vendor-completions)
  else()
    set(zsh_dir ${CMAKE_INSTALL_PREFIX}/share/zsh/site-functions)
  endif()
]])
install(CODE "file(INSTALL DESTINATION \${zsh_dir} TYPE FILE FILES ${HERE}/npyfs.zsh RENAME _npyfs)")

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_DEBIAN_DEBUGINFO_PACKAGE ON)  # strips the program: what is stripped off is npyfs-dbgsym
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION utils)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS fuse3)  # fusermount3, mount.fuse3
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION "npyfs mounts a directory of .npy files, and every slice of every array in it
is a complete .npy file with the bytes that numpy.save writes for that slice.
So a program that only knows how to load a file gets its share of an array,
such as data.npy/chunks/3_of_16.npy, and nothing is copied beforehand.")
include(CPack)
