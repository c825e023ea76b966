#pragma once
// Writes the pieces of JSON text. Threads: plain functions.

#include <string>
#include <string_view>

namespace weir {

// `"text"`, with the escapes that RFC 8259 requires and no others. Bytes that are not UTF-8 become U+FFFD.
void append_json_string(std::string_view text, std::string& out);

}  // namespace weir
