# Fuzz targets: fuzz/NAME_fuzz.cc, with its corpus in fuzz/corpus/NAME and, of header files, the examples of the unit tests.
# As tests each runs for a quarter of a minute, its corpus first, and keeps what it finds in a scratch directory.
set(SEEDS_npy_header refused accepted)
set(SEEDS_npz_archive refused accepted)

target_compile_options(npyfs_core PRIVATE -fsanitize=fuzzer-no-link)
set_target_properties(npyfs_fs npyfs PROPERTIES EXCLUDE_FROM_ALL ON)
file(GLOB FUZZ_TARGETS CONFIGURE_DEPENDS fuzz/*_fuzz.cc)
foreach(source ${FUZZ_TARGETS})
  get_filename_component(target ${source} NAME_WE)
  string(REGEX REPLACE "_fuzz$" "" name ${target})
  add_executable(${target} ${source})
  target_compile_options(${target} PRIVATE -fsanitize=fuzzer)
  target_link_options(${target} PRIVATE -fsanitize=fuzzer)
  target_link_libraries(${target} PRIVATE npyfs_core)
  set(scratch ${CMAKE_CURRENT_BINARY_DIR}/${target}_corpus)
  set(seeds)
  foreach(directory fuzz/corpus/${name} ${SEEDS_${name}})
    list(APPEND seeds ${CMAKE_CURRENT_SOURCE_DIR}/${directory})
  endforeach()
  # libFuzzer writes what it finds into its first directory only.
  add_test(NAME ${target}_prepare COMMAND sh -c "rm -rf '${scratch}' && mkdir '${scratch}'")
  add_test(NAME ${target} COMMAND ${target} -max_total_time=15 -timeout=10 -artifact_prefix=${scratch}- ${scratch} ${seeds})
  set_tests_properties(${target}_prepare PROPERTIES LABELS fuzz FIXTURES_SETUP ${target}_scratch)
  set_tests_properties(${target} PROPERTIES LABELS fuzz FIXTURES_REQUIRED ${target}_scratch)
endforeach()

# An empty corpus would pass just as well.
add_test(NAME fuzz_corpus_is_there COMMAND sh -c "files=$(find '${CMAKE_CURRENT_SOURCE_DIR}/fuzz/corpus' -type f | wc -l)
  echo \"$files files\"; [ $files -ge 1000 ]")
set_tests_properties(fuzz_corpus_is_there PROPERTIES LABELS fuzz)
