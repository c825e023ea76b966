#pragma once
// Makes rows up, for trials and tests: row v (from 0) has `value` v and `timestamp` 2026-01-01T00:00:00Z + v /
// rows_per_second. Everything about a row follows from its number, so any run gives the same rows.
//
// Row v is record v / partitions of partition v mod partitions. As in every source, the rows of a batch are in order of
// partition, then offset. Rows come at rows_per_second of the Clock from open on; what was missed while nobody ran is not
// made up for. With `rows` the source ends there.
//
// Threads: one caller at a time. Ownership: the clock outlives the source. Errors: Fault::config for a position that
// another number of partitions made.

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "config/source_spec.h"
#include "connectors/source.h"

namespace weir {

class RateSource final : public Source {
 public:
  static constexpr Micros first_timestamp{1'767'225'600'000'000};

  // `index`: the source's place in the pipeline, for `_src`.
  RateSource(std::string name, RateSourceSpec spec, std::uint64_t index, Clock& clock);

  Status verify() override;
  Status open(const std::optional<Position>& committed) override;
  Result<Fetched> fetch(const FetchLimits& limits) override;
  Result<Fetched> read(const SourceRanges& ranges) override;
  // With `rows` its end; else one second of rows past what was given.
  Result<Position> end() override;
  std::vector<PartitionLag> lag() override;
  void report(const Position&) override {}
  std::optional<Schema> schema() const override { return *schema_; }

 private:
  // Rows of all partitions together, from the first one ever.
  using Total = std::uint64_t;

  Result<Total> total_of(const Position& position) const;
  Position position_at(Total total) const;
  Total due() const;  // by the clock, and by `rows`
  Clock::Duration until_next() const;
  Result<Fetched> give(const SourceRanges& ranges);
  Batch rows_of(const SourceRanges& ranges) const;

  std::string name_;
  RateSourceSpec spec_;
  std::uint64_t index_;
  Clock& clock_;
  std::shared_ptr<const Schema> schema_;
  Total opened_at_ = 0;
  Clock::Duration opened_{0};
  Total given_ = 0;
};

}  // namespace weir
