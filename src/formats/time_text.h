#pragma once
// Reads and writes dates and RFC 3339 timestamps by hand: this is on the hottest path.
//
// Read: `2026-01-31T12:34:56[.fraction](Z|+hh:mm|-hh:mm)`, 't', 'z' and a blank for 'T' as RFC 3339 allows; a zone is required.
// Years 0000 to 9999. What is finer than a microsecond is cut off. 23:59:60 UTC, a leap second, is the first moment of the
// next day. Written: UTC with 'Z' and as many digits after the second as are needed.
//
// Threads: plain functions.

#include <cstdint>
#include <string_view>

namespace weir {

enum class TimeText {
  ok,
  malformed,   // not of the form above
  impossible,  // of the form, but no such date or time: 2026-02-30, 25:00:00
};

TimeText parse_rfc3339(std::string_view text, std::int64_t& micros);
TimeText parse_date(std::string_view text, std::int32_t& days);

// 0000-01-01T00:00:00Z and 9999-12-31T23:59:59.999999Z.
inline constexpr std::int64_t micros_lowest = -62'167'219'200'000'000;
inline constexpr std::int64_t micros_highest = 253'402'300'799'999'999;

inline constexpr std::size_t time_text_max = 40;
// Write to `out`, which has room for time_text_max bytes; return the end. Any int64 and int32 is fine: years outside
// 0000 to 9999 get a sign and more digits, DuckDB's infinities are `infinity` and `-infinity`.
char* write_timestamp(std::int64_t micros, char* out, bool zone);
char* write_date(std::int32_t days, char* out);
char* write_time(std::int64_t micros, char* out);

}  // namespace weir
