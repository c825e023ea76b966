#pragma once
// Reads the type text of a contract into a Type: "string", "decimal(12,2)", "list<string>", "struct<a: int32, b: list<date>>".
// Names are lower case; blanks are free. A struct's names are letters, digits and '_', or quoted as "any text".
//
// Errors: Fault::config with the column in the text (from 1) and, for an unknown name, the nearest known one.
// Threads: plain function.

#include <string_view>

#include "base/result.h"
#include "data/type.h"

namespace weir {

Result<Type> parse_type(std::string_view text);

}  // namespace weir
