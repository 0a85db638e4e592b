# Tests, fuzz targets and benchmarks. Sources are found by their names; nothing is listed twice.

# What builds the executable alone does without GoogleTest.
if(TARGET GTest::gmock_main AND NOT WEIR_FUZZ)
  set(WEIR_TESTS ON)
else()
  set(WEIR_TESTS OFF)
endif()

set(weir_python /usr/bin/python3)
# Programs that tools/deps unpacked: prometheus and promtool, etcd.
set(weir_test_path "PATH=path_list_prepend:${WEIR_DEPS_DIR}/prometheus"
                   "PATH=path_list_prepend:${WEIR_DEPS_DIR}/etcd")
set(weir_sanitizer_environment
    "ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1"
    "UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1"
    "TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1:suppressions=${CMAKE_SOURCE_DIR}/tests/tsan.supp")

# The support library is linked by name only: each test brings the modules that its part needs, so
# a test of a low module does not wait for the high ones.
file(GLOB support_sources CONFIGURE_DEPENDS tests/support/*.cc)
list(APPEND support_sources tests/core/proxy/fixture.cc)  # under test::FilterBench
if(support_sources AND WEIR_TESTS)
  add_library(weir_test_support STATIC EXCLUDE_FROM_ALL ${support_sources})
  weir_own(weir_test_support)
  # Linked object by object: a test brings the modules of those that it names.
  set_target_properties(weir_test_support PROPERTIES UNITY_BUILD OFF)
  target_link_libraries(weir_test_support PUBLIC GTest::gmock)
  # For token_signer.cc; the tests that use it link the library.
  target_include_directories(weir_test_support SYSTEM PRIVATE
                             $<TARGET_PROPERTY:weir::boringssl,INTERFACE_INCLUDE_DIRECTORIES>)
else()
  add_library(weir_test_support INTERFACE)
  target_link_libraries(weir_test_support INTERFACE GTest::gmock)
endif()

# weir_worth_running(<variable> <source>...): ThreadSanitizer finds nothing in programs of one thread,
# so that its build leaves out those whose sources start none.
function(weir_worth_running variable)
  set(${variable} OFF PARENT_SCOPE)
  foreach(source ${ARGN})
    set(threads)
    if(WEIR_SANITIZE STREQUAL "thread")
      file(STRINGS ${source} threads LIMIT_COUNT 1
           REGEX "std::j?thread|std::async|WorkQueue|WriterThread|LogWriter")
    endif()
    if(threads OR NOT WEIR_SANITIZE STREQUAL "thread")
      set(${variable} ON PARENT_SCOPE)
    endif()
  endforeach()
endfunction()

# weir_gtest(<name> <folder> <library>...): one executable of all *_test.cc below the folder and of
# the other sources there, which hold their tables.
function(weir_gtest name folder)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${folder}/*.cc)
  weir_worth_running(worth_running ${sources})
  if(NOT "${sources}" MATCHES "_test\\.cc" OR NOT WEIR_TESTS OR NOT worth_running)
    return()
  endif()
  add_executable(${name} ${sources})
  # Several sources at once: most of a test's compilation is the headers of GoogleTest.
  set_target_properties(${name} PROPERTIES UNITY_BUILD ${WEIR_BATCH_TESTS})
  # The tests' own code need not be fast: without optimisation it compiles in half the time.
  target_compile_options(${name} PRIVATE -O0 -U_FORTIFY_SOURCE)
  list(FILTER sources INCLUDE REGEX "_cases\\.cc$")  # tables, which all have the same name
  set_source_files_properties(${sources} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  weir_own(${name})
  target_link_libraries(${name} PRIVATE weir_test_support ${ARGN} GTest::gmock_main)
  add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES TIMEOUT 300 ENVIRONMENT "${weir_sanitizer_environment}"
                       ENVIRONMENT_MODIFICATION "${weir_test_path}")
endfunction()

# weir_test_suites(<folder>... DEPENDS <module>...): folders that mirror no module.
function(weir_test_suites)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "" "DEPENDS")
  weir_targets(libraries ${arg_DEPENDS})
  foreach(folder ${arg_UNPARSED_ARGUMENTS})
    get_filename_component(name ${folder} NAME)
    weir_gtest(${name}_test ${folder} ${libraries})
  endforeach()
endfunction()

# weir_python_tests(<folder>...): each *_test.py below is one test, written with unittest.
function(weir_python_tests)
  if(NOT WEIR_TESTS)
    return()
  endif()
  foreach(folder ${ARGN})
    file(GLOB_RECURSE files RELATIVE ${CMAKE_SOURCE_DIR} CONFIGURE_DEPENDS ${folder}/*_test.py)
    foreach(file ${files})
      string(REGEX REPLACE "^tests/|\\.py$" "" name ${file})
      string(REPLACE "/" "." name ${name})
      add_test(NAME ${name} COMMAND ${weir_python} -m unittest -v ${file}
               WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
      set_tests_properties(${name} PROPERTIES TIMEOUT 600
        FAIL_REGULAR_EXPRESSION "Ran 0 tests"
        ENVIRONMENT_MODIFICATION "${weir_test_path}"
        ENVIRONMENT "WEIR_BINARY=${CMAKE_BINARY_DIR}/weir;PYTHONPATH=${CMAKE_SOURCE_DIR}/tests/support;PYTHONDONTWRITEBYTECODE=1;${weir_sanitizer_environment}")
    endforeach()
  endforeach()
endfunction()

# weir_fuzz_targets(<folder> DEPENDS <module>...): x_fuzz.cc becomes x_fuzz, whose inputs are in
# <folder>/corpus/x. Without libFuzzer it replays them as a test.
function(weir_fuzz_targets folder)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "DEPENDS")
  weir_targets(libraries ${arg_DEPENDS})
  file(GLOB sources CONFIGURE_DEPENDS ${folder}/*_fuzz.cc)
  weir_worth_running(worth_running ${sources})
  if(NOT worth_running)
    return()
  endif()
  # What they share with tests; it knows no GoogleTest.
  add_library(weir_fuzz_support STATIC EXCLUDE_FROM_ALL tests/support/codec_relay.cc
              tests/support/raw_message.cc)
  weir_own(weir_fuzz_support)
  foreach(source ${sources})
    get_filename_component(name ${source} NAME_WE)
    string(REGEX REPLACE "_fuzz$" "" corpus ${name})
    set(corpus ${CMAKE_SOURCE_DIR}/${folder}/corpus/${corpus})
    add_executable(${name} ${source})
    weir_own(${name})
    target_link_libraries(${name} PRIVATE weir_fuzz_support ${libraries})
    if(WEIR_FUZZ)
      target_link_options(${name} PRIVATE -fsanitize=fuzzer)
      add_test(NAME ${name} COMMAND ${name} -runs=0 ${corpus})
    else()
      target_sources(${name} PRIVATE ${folder}/replay_main.cc)
      add_test(NAME ${name} COMMAND ${name} ${corpus})
    endif()
    set_tests_properties(${name} PROPERTIES TIMEOUT 300
                         ENVIRONMENT "${weir_sanitizer_environment}")
  endforeach()
endfunction()

# weir_benchmarks(<folder> DEPENDS <module>...): each *_bench.cc, built by the target `benchmarks`.
function(weir_benchmarks folder)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "DEPENDS")
  weir_targets(libraries ${arg_DEPENDS})
  file(GLOB sources CONFIGURE_DEPENDS ${folder}/*_bench.cc)
  add_custom_target(benchmarks)
  if(NOT benchmark_FOUND)
    return()
  endif()
  foreach(source ${sources})
    get_filename_component(name ${source} NAME_WE)
    add_executable(${name} EXCLUDE_FROM_ALL ${source})
    weir_own(${name})
    target_link_libraries(${name} PRIVATE ${libraries} benchmark::benchmark_main)
    add_dependencies(benchmarks ${name})
  endforeach()
endfunction()
