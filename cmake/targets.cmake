# weir_library(name SOURCES ... [DEPS ...]): the static library weir_<name> of src/<name>.
# DEPS are other folders by their name (base, data, ...) or libraries (weir::duckdb).
function(weir_deps out)
  set(deps "")
  foreach(dep ${ARGN})
    if(dep MATCHES "::")
      list(APPEND deps ${dep})
    else()
      list(APPEND deps weir_${dep})
    endif()
  endforeach()
  set(${out} "${deps}" PARENT_SCOPE)
endfunction()

function(weir_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPS" ${ARGN})
  weir_deps(deps ${arg_DEPS})
  add_library(weir_${name} STATIC ${arg_SOURCES})
  target_include_directories(weir_${name} PUBLIC "${CMAKE_SOURCE_DIR}/src")
  target_link_libraries(weir_${name} PUBLIC ${deps} PRIVATE weir_flags)
  set_property(GLOBAL APPEND PROPERTY WEIR_LIBRARIES weir_${name})
endfunction()

# How long a test may take, in seconds: beyond that it hangs. A sanitizer makes it several times slower.
set(WEIR_TEST_SECONDS 900)
if(WEIR_SANITIZE)
  set(WEIR_TEST_SECONDS 2700)
endif()

# weir_unit_test(name SOURCES ... [DEPS ...]): the Catch2 executable weir_<name>_test of tests/unit/<name>, run by ctest from
# the top of the tree. It links weir_<name>; DEPS adds to that. Catch2's main is compiled once for all.
function(weir_unit_test name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPS" ${ARGN})
  weir_deps(deps ${arg_DEPS})
  if(TARGET weir_${name})
    list(PREPEND deps weir_${name})
  endif()
  add_executable(weir_${name}_test ${arg_SOURCES} $<TARGET_OBJECTS:weir_test_main>)
  target_include_directories(weir_${name}_test PRIVATE "${CMAKE_SOURCE_DIR}/src" "${CMAKE_SOURCE_DIR}/tests/unit")
  target_link_libraries(weir_${name}_test PRIVATE ${deps} weir_flags)
  set_target_properties(weir_${name}_test PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
  set_property(GLOBAL APPEND PROPERTY WEIR_TESTS weir_${name}_test)
  add_test(NAME unit.${name} COMMAND weir_${name}_test WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}")
  set_tests_properties(unit.${name} PROPERTIES TIMEOUT ${WEIR_TEST_SECONDS} LABELS unit)
endfunction()

# weir::version: <generated/version.h> with WEIR_VERSION and WEIR_COMMIT, written anew when the commit changes.
add_custom_target(weir_version_header
  COMMAND ${CMAKE_COMMAND} -DSOURCE=${CMAKE_SOURCE_DIR} -DVERSION=${PROJECT_VERSION}
          -DTO=${CMAKE_BINARY_DIR}/generated/generated/version.h -P ${CMAKE_SOURCE_DIR}/cmake/version.cmake
  BYPRODUCTS generated/generated/version.h
  VERBATIM)
add_library(weir_version INTERFACE)
add_library(weir::version ALIAS weir_version)
target_include_directories(weir_version INTERFACE "${CMAKE_BINARY_DIR}/generated")
add_dependencies(weir_version weir_version_header)

# weir::pipelines: <generated/pipelines.h> with the committed examples that `weir demo` writes out.
function(weir_pipelines)
  set(files pipelines/payments.yaml pipelines/contracts/payment.v1.yaml)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${files})
  file(READ "${CMAKE_SOURCE_DIR}/pipelines/payments.yaml" payments)
  file(READ "${CMAKE_SOURCE_DIR}/pipelines/contracts/payment.v1.yaml" contract)
  file(CONFIGURE OUTPUT "${CMAKE_BINARY_DIR}/generated/generated/pipelines.h" @ONLY CONTENT [=[
// The examples of pipelines/. Made by cmake/targets.cmake.
#pragma once
#include <string_view>
inline constexpr std::string_view payments_yaml = R"yaml(@payments@)yaml";
inline constexpr std::string_view payment_contract_yaml = R"yaml(@contract@)yaml";
]=])
endfunction()
weir_pipelines()
add_library(weir_pipelines INTERFACE)
add_library(weir::pipelines ALIAS weir_pipelines)
target_include_directories(weir_pipelines INTERFACE "${CMAKE_BINARY_DIR}/generated")
