#pragma once
// Reads and writes base64 (RFC 4648, the standard alphabet). Written with padding; read with or without it, and nothing
// else: no blanks, no line ends, no stray bits in the last digit, so that bytes have one text.
//
// Threads: plain functions.

#include <optional>
#include <string>
#include <string_view>

namespace weir {

std::optional<std::string> decode_base64(std::string_view text);
void append_base64(std::string_view bytes, std::string& out);

}  // namespace weir
