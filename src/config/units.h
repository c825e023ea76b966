#pragma once
// Reads and writes values with their unit: durations ("250ms", "10m", "1h30m"), sizes ("64MB", "1GiB"),
// points in time (RFC 3339 with a zone). Each has one canonical text, which reads back as the same value.
//
// Errors: a message that says how to write it. Threads: pure functions.

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/types.h"

namespace weir {

template <class T>
using Parsed = tl::expected<T, std::string>;

// Units us, ms, s, m, h, d; several may follow each other, largest first. May begin with a minus.
Parsed<std::chrono::microseconds> parse_duration(std::string_view text);
std::string format_duration(std::chrono::microseconds duration);

// Units B, KB, MB, GB, TB (thousands), KiB, MiB, GiB, TiB (1024).
Parsed<Bytes> parse_bytes(std::string_view text);
std::string format_bytes(Bytes bytes);

// "2026-01-31T08:00:00Z", "2026-01-31T09:00:00.5+01:00". Years 1 to 9999.
Parsed<Micros> parse_timestamp(std::string_view text);

}  // namespace weir
