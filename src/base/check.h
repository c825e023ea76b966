#pragma once
// Ends the process on a broken promise of our own code. CHECK stays on in release: a daemon that goes on after it
// could lose or double rows in silence.

#include <string_view>

namespace weir {

// Writes file, line, condition and message to stderr and aborts.
[[noreturn]] void check_failed(const char* file, int line, const char* condition, std::string_view message);

}  // namespace weir

// CHECK(condition) or CHECK(condition, "fixed text").
#define CHECK(condition, ...)                                                                \
  do {                                                                                       \
    if (!(condition)) [[unlikely]]                                                           \
      ::weir::check_failed(__FILE__, __LINE__, #condition, ::std::string_view{__VA_ARGS__}); \
  } while (false)
