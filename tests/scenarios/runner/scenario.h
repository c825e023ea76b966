#pragma once
// Reads a scenario: a pipeline, its timed input and the rows that must come out. The format is in tests/scenarios/README.md.
//
// Threads: plain values.

#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "data/ranges.h"

namespace weir::scenario {

// One record of the input. `value` and `key` are empty optionals for null.
struct InputRecord {
  std::string topic;
  PartitionId partition;
  std::optional<std::string> key;
  std::optional<std::string> value;
  std::vector<std::pair<std::string, std::string>> headers;
  std::int64_t timestamp_us = 0;
};

struct Scenario {
  std::string file;
  std::string pipeline;                                   // YAML text
  std::map<std::string, std::vector<InputRecord>> input;  // by source, in order of arrival
  std::map<std::string, std::vector<Json>> want;          // by sink; "dead_letter" compares only the keys given
  std::map<std::string, std::uint64_t> dropped;           // by reason
  std::string error;                                      // the run ends with an error that contains this
};

Scenario read_scenario(const std::string& file);

}  // namespace weir::scenario
