#include "config/units.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>

namespace weir {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t factor;
};

constexpr std::array<Unit, 6> durations{
    {{"d", 86'400'000'000}, {"h", 3'600'000'000}, {"m", 60'000'000}, {"s", 1'000'000}, {"ms", 1'000}, {"us", 1}}};

constexpr std::array<Unit, 9> sizes{{{"TiB", std::int64_t{1} << 40},
                                     {"TB", 1'000'000'000'000},
                                     {"GiB", std::int64_t{1} << 30},
                                     {"GB", 1'000'000'000},
                                     {"MiB", std::int64_t{1} << 20},
                                     {"MB", 1'000'000},
                                     {"KiB", std::int64_t{1} << 10},
                                     {"KB", 1'000},
                                     {"B", 1}}};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

template <std::size_t N>
const Unit* find_unit(const std::array<Unit, N>& units, std::string_view name) {
  for (const Unit& unit : units)
    if (unit.name == name) return &unit;
  return nullptr;
}

// Takes "12.5" and "ms" off the front of `text`.
struct Part {
  std::string_view digits;
  std::string_view fraction;
  std::string_view unit;
};

std::optional<Part> take_part(std::string_view& text) {
  Part part;
  std::size_t i = 0;
  while (i < text.size() && is_digit(text[i])) ++i;
  part.digits = text.substr(0, i);
  if (part.digits.empty()) return std::nullopt;
  if (i < text.size() && text[i] == '.') {
    const std::size_t from = ++i;
    while (i < text.size() && is_digit(text[i])) ++i;
    part.fraction = text.substr(from, i - from);
    if (part.fraction.empty()) return std::nullopt;
  }
  const std::size_t from = i;
  while (i < text.size() && !is_digit(text[i])) ++i;
  part.unit = text.substr(from, i - from);
  text.remove_prefix(i);
  return part;
}

// digits.fraction * factor, exactly; nothing where it is no whole number of the smallest unit or too large.
std::optional<std::int64_t> multiply(const Part& part, std::int64_t factor) {
  std::int64_t whole = 0;
  const auto [end, error] = std::from_chars(part.digits.data(), part.digits.data() + part.digits.size(), whole);
  std::int64_t value = 0;
  if (error != std::errc{} || __builtin_mul_overflow(whole, factor, &value)) return std::nullopt;
  std::string_view fraction = part.fraction;
  while (fraction.ends_with('0')) fraction.remove_suffix(1);
  if (fraction.size() > 15) return std::nullopt;
  __extension__ __int128 numerator = 0;
  __extension__ __int128 denominator = 1;
  for (char c : fraction) {
    numerator = numerator * 10 + (c - '0');
    denominator *= 10;
  }
  if (numerator * factor % denominator != 0) return std::nullopt;
  if (__builtin_add_overflow(value, static_cast<std::int64_t>(numerator * factor / denominator), &value))
    return std::nullopt;
  return value;
}

// N digits of `text` at `at` as a number, -1 where they are none.
int number_at(std::string_view text, std::size_t at, std::size_t length) {
  if (at + length > text.size()) return -1;
  int value = 0;
  for (std::size_t i = at; i < at + length; ++i) {
    if (!is_digit(text[i])) return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

// "Z", "+01:00" or "-05:30" in minutes.
std::optional<int> zone_minutes(std::string_view zone) {
  if (zone == "Z" || zone == "z") return 0;
  if (zone.size() != 6 || (zone[0] != '+' && zone[0] != '-') || zone[3] != ':') return std::nullopt;
  const int hours = number_at(zone, 1, 2);
  const int minutes = number_at(zone, 4, 2);
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return std::nullopt;
  return (zone[0] == '-' ? -1 : 1) * (hours * 60 + minutes);
}

}  // namespace

Parsed<std::chrono::microseconds> parse_duration(std::string_view text) {
  const auto wrong = [](std::string message) { return tl::unexpected<std::string>(std::move(message)); };
  const std::string how = "write a number with its unit (us, ms, s, m, h, d), as 250ms, 10m or 1h30m";
  std::string_view rest = text;
  const bool negative = rest.starts_with('-');
  if (negative) rest.remove_prefix(1);
  std::int64_t total = 0;
  std::int64_t last_factor = std::numeric_limits<std::int64_t>::max();
  if (rest.empty()) return wrong("no duration; " + how);
  while (!rest.empty()) {
    const auto part = take_part(rest);
    if (!part) return wrong("no duration; " + how);
    if (part->unit.empty())
      return wrong("no duration: its unit is missing; write " + std::string(text) + "s, " + std::string(text) +
                   "ms or " + std::string(text) + "m");
    const Unit* unit = find_unit(durations, part->unit);
    if (unit == nullptr || unit->factor >= last_factor) return wrong("no duration; " + how);
    last_factor = unit->factor;
    const auto value = multiply(*part, unit->factor);
    if (!value || __builtin_add_overflow(total, *value, &total))
      return wrong("no duration of whole microseconds below 292,000 years; " + how);
  }
  return std::chrono::microseconds(negative ? -total : total);
}

std::string format_duration(std::chrono::microseconds duration) {
  const std::int64_t value = duration.count();
  if (value == 0) return "0s";
  for (const Unit& unit : durations)
    if (value % unit.factor == 0) return std::to_string(value / unit.factor) + std::string(unit.name);
  return std::to_string(value) + "us";
}

Parsed<Bytes> parse_bytes(std::string_view text) {
  const auto wrong = [](std::string message) { return tl::unexpected<std::string>(std::move(message)); };
  const std::string how = "write a number with its unit (B, KB, MB, GB, TB, KiB, MiB, GiB, TiB), as 64MB or 1GiB";
  std::string_view rest = text;
  const auto part = take_part(rest);
  if (!part || !rest.empty()) return wrong("no size; " + how);
  if (part->unit.empty())
    return wrong("no size: its unit is missing; write " + std::string(text) + "B, " + std::string(text) + "KB or " +
                 std::string(text) + "MB");
  const Unit* unit = find_unit(sizes, part->unit);
  if (unit == nullptr) return wrong("no size; " + how);
  const auto value = multiply(*part, unit->factor);
  if (!value) return wrong("no size of whole bytes below 8 EiB; " + how);
  return Bytes(static_cast<std::uint64_t>(*value));
}

std::string format_bytes(Bytes bytes) {
  if (bytes.value == 0) return "0B";
  for (const Unit& unit : sizes) {
    const auto factor = static_cast<std::uint64_t>(unit.factor);
    if (bytes.value % factor == 0 && bytes.value / factor < 10'000)
      return std::to_string(bytes.value / factor) + std::string(unit.name);
  }
  return std::to_string(bytes.value) + "B";
}

Parsed<Micros> parse_timestamp(std::string_view text) {
  using namespace std::chrono;
  const auto wrong = [] {
    return tl::unexpected<std::string>("no point in time; write RFC 3339 with its zone, as 2026-01-31T08:00:00Z");
  };
  const bool shaped = text.size() >= 20 && text[4] == '-' && text[7] == '-' && (text[10] == 'T' || text[10] == 't') &&
                      text[13] == ':' && text[16] == ':';
  if (!shaped) return wrong();
  const year_month_day date{year{number_at(text, 0, 4)}, month{static_cast<unsigned>(number_at(text, 5, 2))},
                            day{static_cast<unsigned>(number_at(text, 8, 2))}};
  const int hour = number_at(text, 11, 2);
  const int minute = number_at(text, 14, 2);
  const int second = number_at(text, 17, 2);
  if (int(date.year()) < 1 || !date.ok() || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 ||
      second > 59)
    return wrong();
  std::size_t at = 19;
  std::int64_t micros = 0;
  if (text[at] == '.') {
    std::int64_t place = 100'000;
    const std::size_t from = ++at;
    for (; at < text.size() && is_digit(text[at]); ++at, place /= 10) micros += place * (text[at] - '0');
    if (at == from || at - from > 6) return wrong();
  }
  const auto zone = zone_minutes(text.substr(at));
  if (!zone) return wrong();
  const auto day_part = hours{hour} + minutes{minute - *zone} + seconds{second} + microseconds{micros};
  return Micros(duration_cast<microseconds>(sys_days{date}.time_since_epoch() + day_part).count());
}

}  // namespace weir
