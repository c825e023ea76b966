#pragma once
// Compares and copies a few bytes without a call: names and values of records are mostly shorter than 16 bytes, and a
// call of memcmp or memcpy for each costs as much as the rest of the work on it.
//
// Threads: plain functions. Reads and writes no byte outside of what it is given.

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace weir {

namespace short_bytes {
template <class Word>
Word load(const char* from) {
  Word word;
  std::memcpy(&word, from, sizeof word);
  return word;
}
template <class Word>
bool differ(const char* a, const char* b, std::size_t at) {
  return load<Word>(a + at) != load<Word>(b + at);
}
}  // namespace short_bytes

inline bool equal_bytes(const char* a, const char* b, std::size_t size) {
  using namespace short_bytes;
  if (size > 16) return std::memcmp(a, b, size) == 0;
  // Two words from both ends, which overlap.
  if (size >= 8) return !differ<std::uint64_t>(a, b, 0) && !differ<std::uint64_t>(a, b, size - 8);
  if (size >= 4) return !differ<std::uint32_t>(a, b, 0) && !differ<std::uint32_t>(a, b, size - 4);
  for (std::size_t i = 0; i < size; ++i)
    if (a[i] != b[i]) return false;
  return true;
}

// At most 16 bytes.
inline void copy_short(char* to, const char* from, std::size_t size) {
  using namespace short_bytes;
  if (size >= 8) {
    const auto first = load<std::uint64_t>(from);
    const auto last = load<std::uint64_t>(from + size - 8);
    std::memcpy(to, &first, 8);
    std::memcpy(to + size - 8, &last, 8);
  } else if (size >= 4) {
    const auto first = load<std::uint32_t>(from);
    const auto last = load<std::uint32_t>(from + size - 4);
    std::memcpy(to, &first, 4);
    std::memcpy(to + size - 4, &last, 4);
  } else {
    for (std::size_t i = 0; i < size; ++i) to[i] = from[i];
  }
}

}  // namespace weir
