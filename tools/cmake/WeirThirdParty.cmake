# Every library that weir uses, as a target weir::<name>. What is missing is named by tools/deps.

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

# weir_imported(<name> <pkg-config module>...): the library as pkg-config describes it.
function(weir_imported name)
  pkg_check_modules(${name} REQUIRED QUIET IMPORTED_TARGET GLOBAL ${ARGN})
  add_library(weir::${name} ALIAS PkgConfig::${name})
endfunction()

weir_imported(cares libcares)
weir_imported(re2 re2)
weir_imported(xxhash libxxhash)
weir_imported(zlib zlib)
weir_imported(deflate libdeflate)
weir_imported(brotli libbrotlienc libbrotlidec)
weir_imported(zstd libzstd)
weir_imported(simdjson simdjson)
# New releases deprecate calls that are all that Debian 12's c-ares has; they remain.
target_compile_definitions(PkgConfig::cares INTERFACE CARES_NO_DEPRECATED)

# libuv is on the path of every byte: the static archive saves the indirect calls.
find_library(WEIR_LIBUV NAMES libuv_a.a libuv.a uv REQUIRED)
add_library(weir_libuv INTERFACE)
target_link_libraries(weir_libuv INTERFACE ${WEIR_LIBUV} Threads::Threads ${CMAKE_DL_LIBS})
add_library(weir::libuv ALIAS weir_libuv)

# nghttp2 is as close to every byte of HTTP/2.
find_library(WEIR_NGHTTP2 NAMES libnghttp2.a nghttp2 REQUIRED)
add_library(weir_nghttp2 INTERFACE)
target_link_libraries(weir_nghttp2 INTERFACE ${WEIR_NGHTTP2})
# Limits that newer releases, and security updates of older ones, have of their own.
include(CheckSymbolExists)
set(CMAKE_REQUIRED_LIBRARIES ${WEIR_NGHTTP2})
foreach(option stream_reset_rate_limit max_continuations glitch_rate_limit)
  string(TOUPPER WEIR_NGHTTP2_${option} found)
  check_symbol_exists(nghttp2_option_set_${option} nghttp2/nghttp2.h ${found})
  if(${found})
    target_compile_definitions(weir_nghttp2 INTERFACE ${found})
  endif()
endforeach()
unset(CMAKE_REQUIRED_LIBRARIES)
add_library(weir::nghttp2 ALIAS weir_nghttp2)

find_package(spdlog CONFIG REQUIRED)
add_library(weir::spdlog ALIAS spdlog::spdlog)

# The package's own CMake file asks for civetweb and curl, which must not enter the process.
find_library(WEIR_PROMETHEUS NAMES prometheus-cpp-core REQUIRED)
add_library(weir_prometheus INTERFACE)
target_link_libraries(weir_prometheus INTERFACE ${WEIR_PROMETHEUS})
add_library(weir::prometheus ALIAS weir_prometheus)

# The hashes of passwords; part of every Debian system.
find_library(WEIR_CRYPT NAMES crypt REQUIRED)
add_library(weir_crypt INTERFACE)
target_link_libraries(weir_crypt INTERFACE ${WEIR_CRYPT})
add_library(weir::crypt ALIAS weir_crypt)

# Header-only: tools/deps installs them where the compiler looks.
foreach(name tomlplusplus nlohmann cli11)
  add_library(weir_${name} INTERFACE)
  add_library(weir::${name} ALIAS weir_${name})
endforeach()

# llhttp from the sources that tools/deps unpacked, else Debian's own library.
set(llhttp_root ${WEIR_DEPS_DIR}/llhttp)
if(EXISTS ${llhttp_root}/src/llhttp.c)
  add_library(weir_llhttp STATIC ${llhttp_root}/src/api.c ${llhttp_root}/src/http.c
              ${llhttp_root}/src/llhttp.c)
  set_target_properties(weir_llhttp PROPERTIES UNITY_BUILD OFF)
  target_include_directories(weir_llhttp SYSTEM PUBLIC ${llhttp_root}/include)
  target_compile_options(weir_llhttp PRIVATE -w -O3)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    target_compile_options(weir_llhttp PRIVATE -msse4.2)
  endif()
else()
  pkg_check_modules(llhttp QUIET IMPORTED_TARGET libllhttp>=9.2)
  if(NOT llhttp_FOUND)
    message(FATAL_ERROR "llhttp >= 9.2 is missing: run tools/deps first")
  endif()
  add_library(weir_llhttp INTERFACE)
  target_link_libraries(weir_llhttp INTERFACE PkgConfig::llhttp)
endif()
add_library(weir::llhttp ALIAS weir_llhttp)

# BoringSSL as tools/deps built it. What links it links nothing of OpenSSL.
set(boringssl_root ${WEIR_DEPS_DIR}/boringssl)
if(NOT EXISTS ${boringssl_root}/lib/libssl.a)
  message(FATAL_ERROR "BoringSSL is missing: run tools/deps first")
endif()
add_library(weir_boringssl INTERFACE)
target_include_directories(weir_boringssl SYSTEM INTERFACE ${boringssl_root}/src/include)
target_link_libraries(weir_boringssl INTERFACE ${boringssl_root}/lib/libssl.a
                      ${boringssl_root}/lib/libcrypto.a Threads::Threads)
add_library(weir::boringssl ALIAS weir_boringssl)

# Only tests need it, and weir is built without them.
find_package(GTest CONFIG QUIET)
find_package(benchmark CONFIG QUIET)
