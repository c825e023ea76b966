#pragma once
// Answers "certainly not there" for most keys that are not: a blocked Bloom filter, one cache line a key, 16 bits a key, wrong
// for about one absent key in a thousand. Keys are 128-bit hashes. Its bytes are stored in checkpoints.
//
// Threads: any number of readers. Ownership: owns its bits.

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"

namespace weir {

class KeyFilter {
 public:
  explicit KeyFilter(std::size_t keys) : lines_(keys / keys_per_line + 1) {}

  void add(const Hash128& key) {
    Line& line = lines_[line_of(key)];
    const Line mask = mask_of(key);
    for (std::size_t w = 0; w < line.size(); ++w) line[w] |= mask[w];
  }

  bool maybe(const Hash128& key) const {
    const Line& line = lines_[line_of(key)];
    const Line mask = mask_of(key);
    std::uint64_t missing = 0;
    for (std::size_t w = 0; w < line.size(); ++w) missing |= mask[w] & ~line[w];
    return missing == 0;
  }

  void prefetch(const Hash128& key) const { __builtin_prefetch(&lines_[line_of(key)]); }

  std::string_view bytes() const {
    return {reinterpret_cast<const char*>(lines_.data()), lines_.size() * sizeof(Line)};
  }
  static KeyFilter from_bytes(std::string_view bytes) {
    KeyFilter filter(0);
    filter.lines_.resize(bytes.size() / sizeof(Line));
    std::memcpy(filter.lines_.data(), bytes.data(), filter.lines_.size() * sizeof(Line));
    return filter;
  }
  static bool plausible(std::string_view bytes) { return !bytes.empty() && bytes.size() % sizeof(Line) == 0; }

 private:
  using Line = std::array<std::uint64_t, 8>;
  static constexpr std::size_t keys_per_line = 32;

  std::size_t line_of(const Hash128& key) const {
    return static_cast<std::size_t>(static_cast<unsigned __int128>(key.high) * lines_.size() >> 64);
  }
  // One bit in each of the eight words.
  static Line mask_of(const Hash128& key) {
    Line mask{};
    std::uint64_t bits = key.low * 0x9e3779b97f4a7c15ULL;
    for (std::size_t w = 0; w < mask.size(); ++w, bits >>= 6) mask[w] = std::uint64_t{1} << (bits & 63);
    return mask;
  }

  std::vector<Line> lines_;
};

}  // namespace weir
