# The libraries Weir stands on, as targets weir::<name>. DuckDB, librdkafka and RocksDB are linked statically, the rest
# are Debian's shared libraries.
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(CURL REQUIRED)
find_package(ZLIB REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(simdjson REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(tl-expected REQUIRED)
find_package(prometheus-cpp REQUIRED COMPONENTS core)
find_package(CLI11 REQUIRED)

execute_process(
  COMMAND "${CMAKE_SOURCE_DIR}/third_party/fetch.sh"
  OUTPUT_VARIABLE fetched
  RESULT_VARIABLE failed
  OUTPUT_STRIP_TRAILING_WHITESPACE)
if(failed)
  message(FATAL_ERROR "third_party/fetch.sh failed: see above")
endif()
foreach(name DUCKDB RDKAFKA)
  if(NOT fetched MATCHES "${name}_DIR=([^\n]+)")
    message(FATAL_ERROR "third_party/fetch.sh did not say where ${name} is")
  endif()
  set(${name}_DIR "${CMAKE_MATCH_1}")
endforeach()
if(WEIR_HARDEN)  # what is shipped tells nothing of where it was built; the other builds keep paths that a debugger finds
  add_compile_options("-ffile-prefix-map=${DUCKDB_DIR}=duckdb" "-ffile-prefix-map=${RDKAFKA_DIR}=rdkafka")
endif()
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
  third_party/fetch.sh third_party/build_rdkafka.sh third_party/pins.sh third_party/go.mod third_party/go.sum)

# weir_third_party(name [INCLUDE dirs...] [LINK items...])
function(weir_third_party name)
  cmake_parse_arguments(arg "" "" "INCLUDE;LINK" ${ARGN})
  add_library(weir_third_party_${name} INTERFACE)
  add_library(weir::${name} ALIAS weir_third_party_${name})
  target_include_directories(weir_third_party_${name} SYSTEM INTERFACE ${arg_INCLUDE})
  target_link_libraries(weir_third_party_${name} INTERFACE ${arg_LINK})
endfunction()

# Its archives need each other in a circle.
file(GLOB duckdb_archives "${DUCKDB_DIR}/*.a")
list(JOIN duckdb_archives "," duckdb_group)
weir_third_party(duckdb INCLUDE "${DUCKDB_DIR}"
  LINK "$<LINK_GROUP:RESCAN,${duckdb_group}>" Threads::Threads ${CMAKE_DL_LIBS} m)

weir_third_party(rdkafka INCLUDE "${RDKAFKA_DIR}/include"
  LINK "${RDKAFKA_DIR}/lib/librdkafka.a" OpenSSL::SSL OpenSSL::Crypto CURL::libcurl ZLIB::ZLIB zstd lz4
       Threads::Threads ${CMAKE_DL_LIBS} m)

find_library(ROCKSDB_ARCHIVE librocksdb.a REQUIRED)
weir_third_party(rocksdb LINK "${ROCKSDB_ARCHIVE}" snappy lz4 zstd bz2 ZLIB::ZLIB Threads::Threads ${CMAKE_DL_LIBS})

weir_third_party(yaml LINK yaml-cpp)
weir_third_party(simdjson LINK simdjson::simdjson)
find_library(RE2_LIBRARY re2 REQUIRED)
weir_third_party(re2 LINK "${RE2_LIBRARY}")
weir_third_party(spdlog LINK spdlog::spdlog_header_only)
weir_third_party(fmt LINK fmt::fmt)
weir_third_party(expected LINK tl::expected)
weir_third_party(json LINK nlohmann_json::nlohmann_json)
weir_third_party(prometheus LINK prometheus-cpp::core)
weir_third_party(curl LINK CURL::libcurl)
weir_third_party(openssl LINK OpenSSL::SSL OpenSSL::Crypto)
weir_third_party(cli11 LINK CLI11::CLI11)
find_library(XXHASH_LIBRARY xxhash REQUIRED)
weir_third_party(xxhash LINK "${XXHASH_LIBRARY}")
