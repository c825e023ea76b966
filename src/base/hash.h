#pragma once
// Hashes bytes with XXH3 (https://xxhash.com; the format is stable across versions and machines). Not for secrets.

#include <cstdint>
#include <string>
#include <string_view>

namespace weir {

struct Hash128 {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  bool operator==(const Hash128&) const = default;
};

std::uint64_t hash64(std::string_view bytes);
std::uint64_t hash64(std::string_view bytes, std::uint64_t seed);
Hash128 hash128(std::string_view bytes, std::uint64_t seed = 0);

// 16 lower-case hexadecimal digits.
std::string to_hex(std::uint64_t value);

}  // namespace weir
