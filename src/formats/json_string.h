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

// Whether a backslash is in the string: eight bytes at a time, the last eight once more.
inline bool has_escape(std::string_view raw) {
  constexpr std::uint64_t ones = 0x0101010101010101;
  const auto in_word = [](const char* at) {
    std::uint64_t word;
    std::memcpy(&word, at, 8);
    word ^= ones * '\\';
    return ((word - ones) & ~word & (ones << 7)) != 0;
  };
  const char* p = raw.data();
  const char* const end = p + raw.size();
  if (raw.size() < 8) {
    for (; p < end; ++p)
      if (*p == '\\') return true;
    return false;
  }
  for (; p + 8 <= end; p += 8)
    if (in_word(p)) return true;
  return in_word(end - 8);
}

// Appends the characters of `raw` to `out`; false with the place of the escape that is wrong.
bool unescape(std::string_view raw, std::string& out, std::size_t& bad);

}  // namespace weir
