#pragma once
// What a step's state was made with, as a person finds it in the file: a key, a window, an aggregate. Rows of one schema may
// still mean another thing (sum(a) and sum(b)), so it is stored beside them and compared when the table is opened.
//
// Threads: plain values.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace weir {

struct StateMeaning {
  std::string field;                       // "window"
  std::string value;                       // compared, and shown
  std::optional<std::int64_t> bound = {};  // where given: a lower one than the state was made with is fine, too
  bool free = false;                       // any other than the state was made with is fine
  std::string place = {};                  // of the error: "steps.totals.aggregate.window"
};
using StateMeanings = std::vector<StateMeaning>;

}  // namespace weir
