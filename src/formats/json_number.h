#pragma once
// Reads a JSON number (RFC 8259) by its digits, and gives it as int64, double or scaled integer. int64 and decimals never
// pass through a double; doubles are rounded to the nearest, ties to even.
//
// Threads: plain functions. Nothing here fails loudly: "does not fit" is nullopt or infinity.

#include <cstdint>
#include <optional>
#include <string_view>

namespace weir {

// value = (-1)^negative * digits * 10^exponent. With more than 19 significant digits (`cut`) `digits` means nothing.
struct JsonNumber {
  const char* begin = nullptr;
  const char* end = nullptr;
  std::uint64_t digits = 0;
  std::int32_t exponent = 0;
  std::int32_t significant = 0;  // digits without leading zeros
  bool negative = false;
  bool whole = true;  // written without point and exponent
  bool cut = false;
  std::string_view text() const { return {begin, static_cast<std::size_t>(end - begin)}; }
};

// The number at `begin`, as far as it goes; false where none stands there. What follows is the caller's to judge.
bool scan_number(const char* begin, const char* end, JsonNumber& out);

// Of a number written whole; nullopt: beyond int64.
std::optional<std::int64_t> to_int64(const JsonNumber& number);

// Infinity where it is beyond a double's range; what is too small becomes 0.
double to_double(const JsonNumber& number);

struct Scaled {
  __int128 value;  // floor(number * 10^scale)
  bool exact;      // nothing was cut off
};

// nullopt: more than 38 digits.
std::optional<Scaled> to_scaled(const JsonNumber& number, std::uint8_t scale);

// 10^n, n from 0 to 38.
__int128 power_of_ten(int n);

}  // namespace weir
