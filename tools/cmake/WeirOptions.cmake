# The switches of the build and the flags that hold for every target.

set(WEIR_SANITIZE "" CACHE STRING "Sanitizers: address,undefined or thread")
option(WEIR_FUZZ "Build the fuzz targets with libFuzzer (clang)" OFF)
option(WEIR_COVERAGE "Count executed lines for gcov" OFF)
option(WEIR_BATCH_TESTS "Compile several sources of a test at once" ON)
option(WEIR_LTO "Optimise the weir executable across modules" OFF)
set(WEIR_DEPS_DIR ${CMAKE_SOURCE_DIR}/build/deps CACHE PATH "Where tools/deps unpacks sources")

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 11)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
set(CMAKE_LINK_DEPENDS_NO_SHARED ON)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()
# -g1 keeps function names and lines for profiles and backtraces at a fraction of -g's size.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1 -DNDEBUG -D_FORTIFY_SOURCE=2")
set(CMAKE_C_FLAGS_RELEASE "${CMAKE_CXX_FLAGS_RELEASE}")
set(CMAKE_CXX_FLAGS_DEBUG "-Og -g -D_GLIBCXX_ASSERTIONS")
set(CMAKE_C_FLAGS_DEBUG "-Og -g")
add_link_options(-Wl,-z,relro,-z,now)

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

set(weir_warnings -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # Finds uninitialised members of a std::variant where there are none.
  list(APPEND weir_warnings -Wno-maybe-uninitialized)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  list(APPEND weir_warnings -Wthread-safety)
endif()

if(WEIR_SANITIZE)
  # Lines are all that a report shows; the rest of -g costs a third of the build's time.
  string(REPLACE "-g" "-g1" CMAKE_CXX_FLAGS_DEBUG "${CMAKE_CXX_FLAGS_DEBUG}")
  string(REPLACE "-g" "-g1" CMAKE_C_FLAGS_DEBUG "${CMAKE_C_FLAGS_DEBUG}")
  # The check of vptrs opens pipes: it takes good objects for bad where a test has used up the
  # file descriptors.
  add_compile_options(-fsanitize=${WEIR_SANITIZE} -fno-sanitize=vptr -fno-sanitize-recover=all
                      -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${WEIR_SANITIZE})
endif()
if(WEIR_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(WEIR_COVERAGE)
  add_compile_options(--coverage -fprofile-update=atomic)
  add_link_options(--coverage)
endif()
