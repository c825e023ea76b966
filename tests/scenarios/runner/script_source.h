#pragma once
// A source for scenarios: a scripted, durable log of records that many runs read, as a Kafka topic would be. It stands in
// for no Kafka behaviour; tests/integration has the real broker.
//
// Threads: one caller at a time. Ownership: the log must outlive the source.

#include <map>
#include <string>
#include <vector>

#include "connectors/source.h"
#include "scenarios/runner/scenario.h"

namespace weir::scenario {

// Mistakes that a source could make, planted to prove that the runner would see them.
enum class SourceBug { none, read_shifts_begin, fetch_loses_after_fault, open_restarts };

class ScriptSource final : public Source {
 public:
  ScriptSource(const std::vector<InputRecord>& log, SourceBug bug);

  Status verify() override { return {}; }
  Status open(const std::optional<Position>& committed) override;
  Result<Fetched> fetch(const FetchLimits& limits) override;
  Result<Fetched> read(const SourceRanges& ranges) override;
  Result<Position> end() override;
  std::vector<PartitionLag> lag() override;
  void report(const Position&) override {}
  std::optional<Schema> schema() const override { return std::nullopt; }

 private:
  using Key = std::pair<std::string, std::int32_t>;
  struct Log {
    std::vector<const InputRecord*> records;
    std::size_t next = 0;
  };
  void append(Fetched& out, const Key& key, std::size_t begin, std::size_t end) const;

  std::map<Key, Log> logs_;
  SourceBug bug_;
};

}  // namespace weir::scenario
