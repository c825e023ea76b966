#pragma once
// Small durable JSON texts: plans, manifests, --json output. Records of users never pass through here (formats/
// reads those). Include it from .cc files only: the library's header is large.
//
// Errors: parse_json gives Fault::data with the byte position. Threads: plain values.

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/result.h"

namespace weir {

using Json = nlohmann::ordered_json;

Result<Json> parse_json(std::string_view text);

// One line, keys in the order they were put in; bytes that are not UTF-8 become U+FFFD.
std::string dump_json(const Json& value);

}  // namespace weir
