#pragma once
// Says what is wrong with a record and where: the code, the way from the root to the value, a message.
//
// Threads: plain values. A RecordPath lives on the stack of a reader, one step a level.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "data/reject.h"

namespace weir {

// One step from a record's root towards a value: a field by its name (after unescaping), or an element by its index.
struct RecordPath {
  const RecordPath* up = nullptr;
  std::string_view name = {};
  std::int64_t index = -1;  // of an element; -1: a field
};

// "items[3].price"; a name with other characters than letters, digits, '_', '-', '$' and '@' is quoted: `["a.b"].c`.
// Cut to 200 bytes. `indexes: false` gives "items[].price", the name of the place in all records.
std::string to_text(const RecordPath* path, bool indexes = true);

struct RecordProblem {
  Code code = Code::json_parse_error;
  std::string field;
  std::string message;
};

}  // namespace weir
