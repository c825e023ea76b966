# Run at each build by weir_version_header: writes TO when the version or the commit is another.
execute_process(COMMAND git -C "${SOURCE}" -c safe.directory=* describe --always --dirty --abbrev=12 --exclude=*
  OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(NOT commit)
  set(commit "unknown")
endif()
file(CONFIGURE OUTPUT "${TO}" @ONLY CONTENT [=[
// Says which Weir this is. Made by cmake/version.cmake.
#pragma once
#define WEIR_VERSION "@VERSION@"
#define WEIR_COMMIT "@commit@"
]=])
