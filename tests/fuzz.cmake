# Fuzz targets: fuzz/NAME_fuzz.cc, seeded with the files of the directories in SEEDS_NAME_fuzz. As tests each runs for half
# a minute on a scratch copy of its seeds.
set(SEEDS_npy_header_fuzz refused accepted)
set(SEEDS_path_grammar_fuzz fuzz/paths)

target_compile_options(npyfs_core PRIVATE -fsanitize=fuzzer-no-link)
file(GLOB FUZZ_TARGETS CONFIGURE_DEPENDS fuzz/*_fuzz.cc)
foreach(source ${FUZZ_TARGETS})
  get_filename_component(target ${source} NAME_WE)
  add_executable(${target} ${source})
  target_compile_options(${target} PRIVATE -fsanitize=fuzzer)
  target_link_options(${target} PRIVATE -fsanitize=fuzzer)
  target_link_libraries(${target} PRIVATE npyfs_core)
  set(scratch ${CMAKE_CURRENT_BINARY_DIR}/${target}_corpus)
  set(seeds)
  foreach(directory ${SEEDS_${target}})
    list(APPEND seeds ${CMAKE_CURRENT_SOURCE_DIR}/${directory})
  endforeach()
  # libFuzzer writes what it finds into its first directory only.
  add_test(NAME ${target}_prepare COMMAND sh -c "rm -rf '${scratch}' && mkdir '${scratch}'")
  add_test(NAME ${target} COMMAND ${target} -max_total_time=30 -timeout=10 -artifact_prefix=${scratch}- ${scratch} ${seeds})
  set_tests_properties(${target}_prepare PROPERTIES LABELS fuzz FIXTURES_SETUP ${target}_scratch)
  set_tests_properties(${target} PROPERTIES LABELS fuzz FIXTURES_REQUIRED ${target}_scratch)
endforeach()
