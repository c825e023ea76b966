#pragma once
// Makes the demo's payment events: event i of a seed is always the same, and says what must become of it. About one in
// fifty is damaged, each in one way only, so that each way has its code.
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
};

// Event times run from `start` on, `spacing` apart; one in ten is of the day before.
struct DemoEvents {
  std::uint64_t seed = 1;
  Micros start;
  std::int64_t spacing_micros = 100;

  DemoEvent at(std::uint64_t i) const;
};

// What became of events, or must.
struct DemoCounts {
  std::uint64_t sent = 0;
  std::uint64_t filtered = 0;
  std::map<Code, std::uint64_t> dead_letters;

  void add(const DemoEvent& event);
  std::uint64_t dead() const;
  std::uint64_t good() const { return sent - filtered - dead(); }
  bool operator==(const DemoCounts&) const = default;
};

}  // namespace weir
