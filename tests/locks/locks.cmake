# Compiles violations.cc with the compile options of the project, once without a violation and once with each. A test of
# a violation passes only where clang says exactly that, and says it as an error: a warning would not stop a build.
get_directory_property(OPTIONS COMPILE_OPTIONS)
set(COMPILE ${CMAKE_CXX_COMPILER} -std=c++${CMAKE_CXX_STANDARD} ${OPTIONS} -I ${PROJECT_SOURCE_DIR} -fsyntax-only)

# violation(MACRO SENTENCE): the file with MACRO defined must fail with this sentence.
function(violation macro sentence)
  add_test(NAME locks.${macro} COMMAND ${COMPILE} -D${macro} ${CMAKE_CURRENT_LIST_DIR}/violations.cc)
  set_tests_properties(locks.${macro} PROPERTIES LABELS locks PASS_REGULAR_EXPRESSION "error: ${sentence}")
endfunction()

add_test(NAME locks.no_violation COMMAND ${COMPILE} ${CMAKE_CURRENT_LIST_DIR}/violations.cc)
set_tests_properties(locks.no_violation PROPERTIES LABELS locks)
violation(READS_WITHOUT_LOCK "reading variable 'count_' requires holding mutex 'mutex_'")
violation(CALLS_WITHOUT_LOCK "calling function 'add_one' requires holding mutex 'mutex_' exclusively")
violation(WRITES_WITH_READER_LOCK "writing variable 'shared_count_' requires holding mutex 'shared_mutex_' exclusively")
violation(LOCKS_IN_WRONG_ORDER "mutex 'mutex_' must be acquired before 'shared_mutex_'")
