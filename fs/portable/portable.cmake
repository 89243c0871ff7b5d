# npyfs_portable: the objects of npyfs, linked into one static binary that needs no library of the system it runs on.
# scripts/portable builds it. There is no such target where an archive of a library is missing, or where fmt is another
# version than that of Debian 12, whose missing archive fmt.cc replaces.
include(CheckLinkerFlag)
find_library(FUSE3_ARCHIVE libfuse3.a)
find_library(C_ARCHIVE libc.a)
find_library(MINIZIP_ARCHIVE libminizip.a)
find_library(Z_ARCHIVE libz.a)
if(NPYFS_SANITIZE OR NPYFS_COVERAGE OR NPYFS_FUZZ OR NOT FUSE3_ARCHIVE OR NOT C_ARCHIVE
   OR NOT MINIZIP_ARCHIVE OR NOT Z_ARCHIVE OR NOT fmt_VERSION VERSION_LESS 10)
  return()
endif()

add_executable(npyfs_portable $<TARGET_OBJECTS:npyfs> ${CMAKE_CURRENT_LIST_DIR}/fmt.cc ${CMAKE_CURRENT_LIST_DIR}/fusermount.cc)
set_source_files_properties(${CMAKE_CURRENT_LIST_DIR}/fmt.cc PROPERTIES COMPILE_OPTIONS -w)  # it is not ours to mend
target_include_directories(npyfs_portable PRIVATE $<TARGET_PROPERTY:fmt::fmt,INTERFACE_INCLUDE_DIRECTORIES>)
# Not by the targets' own list of libraries, which are shared ones.
add_dependencies(npyfs_portable npyfs_fs npyfs_core)
target_link_libraries(npyfs_portable PRIVATE $<TARGET_FILE:npyfs_fs> $<TARGET_FILE:npyfs_core> ${FUSE3_ARCHIVE}
  ${MINIZIP_ARCHIVE} ${Z_ARCHIVE})
set_target_properties(npyfs_portable PROPERTIES LINK_DEPENDS "$<TARGET_FILE:npyfs_fs>;$<TARGET_FILE:npyfs_core>")
target_link_options(npyfs_portable PRIVATE -static-pie -Wl,--wrap=execvp,--wrap=posix_spawnp)
# Of dlopen() in libfuse's high-level interface, which npyfs does not call.
check_linker_flag(CXX -Wl,--no-warnings HAS_NO_WARNINGS)
if(HAS_NO_WARNINGS)
  target_link_options(npyfs_portable PRIVATE -Wl,--no-warnings)
endif()
