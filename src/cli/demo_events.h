#pragma once
// Makes the demo's payment events: event i of a seed is always the same, and says what must become of it. About one in
// fifty is damaged, each in one way only, so that each way has its code; one in thirty was sent before, and one in two
// hundred comes hours late where late ones are asked for.
//
// Threads: plain values.

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/types.h"
#include "data/reject.h"

namespace weir {

struct DemoEvent {
  std::string key;
  std::optional<std::string> value;  // nullopt: a null value
  std::optional<Code> code;          // the dead letter that it must become
  bool filtered = false;             // or the step `real` drops it
  bool duplicate = false;            // or the step `once`
};

// Event times run from `start` on, `spacing` apart. A duplicate comes less than `again_max` after its first.
struct DemoEvents {
  std::uint64_t seed = 1;
  Micros start;
  std::int64_t spacing_micros = 100;
  std::int64_t again_max_micros = 0;

  // `late`: whether an event may be one that comes too late; else it is as any other.
  DemoEvent at(std::uint64_t i, bool late) const;
};

// What became of events, or must.
struct DemoCounts {
  std::uint64_t sent = 0;
  std::uint64_t filtered = 0;
  std::uint64_t duplicates = 0;
  std::map<Code, std::uint64_t> dead_letters;

  void add(const DemoEvent& event);
  std::uint64_t dead() const;
  std::uint64_t good() const { return sent - filtered - duplicates - dead(); }
  bool operator==(const DemoCounts&) const = default;
};

}  // namespace weir
