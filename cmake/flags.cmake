# Compiler flags of Weir's own code: weir_flags. A preset chooses by the cache variables below.
option(WEIR_CRASH_POINTS "compile the named crash points in (test builds only)" OFF)
option(WEIR_HARDEN "the hardening flags of a release" OFF)
set(WEIR_SANITIZE "" CACHE STRING "value of -fsanitize=, for all code and links")

add_library(weir_flags INTERFACE)
target_compile_options(weir_flags INTERFACE
  -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wold-style-cast -Werror
  -Wno-missing-field-initializers)  # a designated initializer names what it sets; the rest have defaults
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  # g++ 12 warns of these in correct code, inside std::string and with sanitizers.
  target_compile_options(weir_flags INTERFACE -Wno-restrict -Wno-maybe-uninitialized)
  if(WEIR_SANITIZE)
    target_compile_options(weir_flags INTERFACE
      -Wno-stringop-overflow -Wno-array-bounds -Wno-null-dereference -Wno-nonnull -Wno-tsan)
  endif()
endif()
if(WEIR_CRASH_POINTS)
  target_compile_definitions(weir_flags INTERFACE WEIR_CRASH_POINTS=1)
endif()

# No path of this machine in the binary, and the same bytes from any work tree.
add_compile_options("-ffile-prefix-map=${CMAKE_SOURCE_DIR}/=" -ffile-prefix-map=../../=)
add_compile_options(-fno-omit-frame-pointer)

if(WEIR_SANITIZE)
  add_compile_options(-fsanitize=${WEIR_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${WEIR_SANITIZE})
endif()
if(WEIR_HARDEN)
  add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fstack-protector-strong)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64")
    add_compile_options(-fcf-protection)
  endif()
  add_link_options(-Wl,-z,relro,-z,now)
endif()

# What is linked in statically must not answer for others' shared libraries, and the other way round.
add_link_options(-Wl,--as-needed)
if(NOT WEIR_SANITIZE)  # clang's sanitizers are a static library whose malloc must answer for all
  add_link_options(-Wl,--exclude-libs,ALL)
endif()

find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()

# ccache: paths below the source are hashed as relative, so that all work trees share its hits.
find_program(CCACHE ccache)
if(CCACHE AND NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
    "CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}" CCACHE_NOHASHDIR=1 "CCACHE_SLOPPINESS=pch_defines,time_macros" ${CCACHE})
endif()
