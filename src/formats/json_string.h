#pragma once
// Reads what stands between the quotes of a JSON string: escapes become characters. A lone surrogate (\ud800) is no character
// and cannot be stored as UTF-8, so it is an error, as is any escape that RFC 8259 does not name.
//
// Threads: plain functions.

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace weir {

// Whether a backslash is in the string: eight bytes at a time.
inline bool has_escape(std::string_view raw) {
  constexpr std::uint64_t ones = 0x0101010101010101;
  const char* p = raw.data();
  std::size_t left = raw.size();
  for (; left >= 8; p += 8, left -= 8) {
    std::uint64_t word;
    std::memcpy(&word, p, 8);
    word ^= ones * '\\';
    if (((word - ones) & ~word & (ones << 7)) != 0) return true;
  }
  for (; left > 0; ++p, --left)
    if (*p == '\\') return true;
  return false;
}

// Appends the characters of `raw` to `out`; false with the place of the escape that is wrong.
bool unescape(std::string_view raw, std::string& out, std::size_t& bad);

}  // namespace weir
