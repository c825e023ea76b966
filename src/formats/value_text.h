#pragma once
// Shows pieces of a record in messages: cut to 64 bytes at a whole character, control characters escaped, so that a message
// is one short printable line whatever the record holds.
//
// Threads: plain functions.

#include <string>
#include <string_view>

namespace weir {

inline constexpr std::size_t shown_bytes_max = 64;

// `"text"`, with "..." after a cut.
std::string quoted_for_message(std::string_view text);
// The same without quotes: numbers, and what is no JSON at all.
std::string shown_for_message(std::string_view text);

}  // namespace weir
