#include "formats/json_number.h"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace weir {
namespace {

constexpr std::int32_t exponent_limit = 100'000'000;  // far beyond any type; keeps the sums below in int32

bool is_digit(char c) { return c >= '0' && c <= '9'; }

constexpr std::array<__int128, 39> powers = [] {
  std::array<__int128, 39> all{};
  all[0] = 1;
  for (std::size_t i = 1; i < all.size(); ++i) all[i] = all[i - 1] * 10;
  return all;
}();

// Doubles that are exact powers of ten: with at most 53 bits of digits, one multiplication or division rounds once.
constexpr std::array<double, 23> exact_powers{1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                              1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

const char* scan_exponent(const char* p, const char* end, std::int32_t& exponent) {
  bool negative = false;
  if (p < end && (*p == '+' || *p == '-')) negative = *p++ == '-';
  if (p == end || !is_digit(*p)) return nullptr;
  std::int32_t value = 0;
  for (; p < end && is_digit(*p); ++p)
    if (value < exponent_limit) value = value * 10 + (*p - '0');
  exponent = negative ? -value : value;
  return p;
}

// More than 19 significant digits: once more over the text.
std::optional<Scaled> to_scaled_slowly(const JsonNumber& number, int scale) {
  const std::int64_t keep =
      std::int64_t{number.significant} + number.exponent + scale;  // digits before the scaled point
  if (keep > 38) return std::nullopt;
  __int128 value = 0;
  bool exact = true;
  std::int64_t seen = 0;
  for (const char* p = number.begin; p < number.end && *p != 'e' && *p != 'E'; ++p) {
    if (!is_digit(*p) || (seen == 0 && *p == '0')) continue;
    if (seen++ < keep) {
      value = value * 10 + (*p - '0');
    } else if (*p != '0') {
      exact = false;
    }
  }
  if (keep > seen) value *= powers[static_cast<std::size_t>(keep - seen)];
  if (number.negative) value = exact ? -value : -value - 1;
  return Scaled{value, exact};
}

}  // namespace

__int128 power_of_ten(int n) { return powers.at(static_cast<std::size_t>(n)); }

bool scan_number(const char* begin, const char* end, JsonNumber& out) {
  const char* p = begin;
  out.negative = *p == '-';
  if (out.negative) ++p;
  if (p == end || !is_digit(*p)) return false;
  std::uint64_t digits = 0;
  std::int32_t exponent = 0;
  const char* const integer = p;
  if (*p == '0') {
    ++p;
  } else {
    for (; p < end && is_digit(*p); ++p) digits = digits * 10 + static_cast<std::uint64_t>(*p - '0');
  }
  std::int64_t significant = digits == 0 && p - integer == 1 ? 0 : p - integer;
  out.whole = true;
  if (p < end && *p == '.') {
    out.whole = false;
    const char* const fraction = ++p;
    for (; p < end && is_digit(*p); ++p) digits = digits * 10 + static_cast<std::uint64_t>(*p - '0');
    if (p == fraction) return false;
    exponent = static_cast<std::int32_t>(-(p - fraction));
    if (significant > 0) {
      significant += p - fraction;
    } else {  // leading zeros do not count
      const char* first = fraction;
      while (first < p && *first == '0') ++first;
      significant = p - first;
    }
  }
  if (p < end && (*p == 'e' || *p == 'E')) {
    out.whole = false;
    std::int32_t written = 0;
    p = scan_exponent(p + 1, end, written);
    if (p == nullptr) return false;
    exponent += written;
  }
  out.begin = begin;
  out.end = p;
  out.digits = digits;
  out.exponent = exponent;
  out.significant = static_cast<std::int32_t>(significant);
  out.cut = significant > 19;  // `digits` may have run over
  return true;
}

std::optional<std::int64_t> to_int64(const JsonNumber& number) {
  constexpr auto top = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (number.cut || number.digits > top + (number.negative ? 1 : 0)) return std::nullopt;
  return static_cast<std::int64_t>(number.negative ? 0 - number.digits : number.digits);
}

double to_double(const JsonNumber& number) {
  constexpr std::uint64_t exact_max = std::uint64_t{1} << 53;
  if (!number.cut && number.digits <= exact_max && number.exponent >= -22 && number.exponent <= 22) {
    double value = static_cast<double>(number.digits);
    if (number.exponent < 0) {
      value /= exact_powers[static_cast<std::size_t>(-number.exponent)];
    } else {
      value *= exact_powers[static_cast<std::size_t>(number.exponent)];
    }
    return number.negative ? -value : value;
  }
  double value = 0;
  const auto [end, error] = std::from_chars(number.begin, number.end, value);
  if (error == std::errc()) return value;
  // Out of range: past the largest double, or nearer to 0 than the smallest.
  const bool large = number.exponent + number.significant > 0;
  const double magnitude = large ? std::numeric_limits<double>::infinity() : 0.0;
  return number.negative ? -magnitude : magnitude;
}

std::optional<Scaled> to_scaled(const JsonNumber& number, std::uint8_t scale) {
  if (number.cut) return to_scaled_slowly(number, scale);
  if (number.digits == 0) return Scaled{0, true};
  const int shift = number.exponent + scale;
  __int128 value = number.digits;
  bool exact = true;
  if (shift > 0) {
    if (shift > 37 || number.significant + shift > 38) return std::nullopt;
    value *= powers[static_cast<std::size_t>(shift)];
  } else if (shift < 0) {
    if (shift < -19) {
      value = 0;
      exact = false;
    } else {
      const __int128 divisor = powers[static_cast<std::size_t>(-shift)];
      exact = value % divisor == 0;
      value /= divisor;
    }
  }
  if (number.negative) value = exact ? -value : -value - 1;
  return Scaled{value, exact};
}

}  // namespace weir
