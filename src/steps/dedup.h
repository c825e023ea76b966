#pragma once
// Lets the first row of each key through and drops the others that lie within a time of it.
//
//   late        t <= wm(N-1): LATE_RECORD, or dropped and counted
//   duplicate   a row of this key was kept whose event time is no further away than `within`: dropped as DUPLICATE
//   forgotten   a kept row with t + within < wm(N)
//
// A row that is not late always finds the kept rows within reach of it, so the result is the same over any cut into
// batches. The first row is the first in order of arrival; in one batch, of source, topic, partition and offset.
//
// Threads: one caller at a time. Ownership: the checkpoint outlives the step. Errors: Fault::config for columns that are
// not there or cannot be a key.

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/stateful_spec.h"
#include "data/row_codec.h"
#include "state/key_set.h"
#include "steps/stateful_step.h"

namespace weir {

struct DedupOptions {
  std::string name;
  std::vector<std::string> key;
  std::string time;  // the column of event time
  std::chrono::microseconds within{0};
  bool follows_delay = false;  // `within` is the watermark's delay, which may change over existing state
  OnLate late = OnLate::dead_letter;
  Bytes memory{std::uint64_t{128} << 20};  // beyond it the oldest keys are on disk
};

class Dedup final : public StatefulStep {
 public:
  static Result<std::unique_ptr<Dedup>> make(DedupOptions options, const Schema& input);

  const Schema& schema() const override { return schema_; }
  Status open(Checkpoint& checkpoint) override;
  Result<StepOutput> advance(const Batch& rows, const StepTime& time) override;
  bool due(Micros watermark) const override { return keys_->due(horizon(watermark)); }
  std::optional<Micros> watermark_out(std::optional<Micros> in) const override { return in; }
  Status pack(StateChanges& changes) override { return keys_->pack(changes); }
  void merge() override { keys_->merge(); }
  void discard() override { keys_->discard(); }
  std::string explain() const override;
  Size size() const override;

 private:
  Dedup(DedupOptions options, Schema schema, RowCodec codec, std::vector<std::size_t> key, std::size_t time)
      : options_(std::move(options)),
        schema_(std::move(schema)),
        codec_(std::move(codec)),
        key_(std::move(key)),
        time_(time) {}

  // Kept rows before this cannot meet a row that is not late.
  Micros horizon(Micros watermark) const { return Micros(watermark.value - options_.within.count()); }

  DedupOptions options_;
  Schema schema_;
  RowCodec codec_;
  std::vector<std::size_t> key_;  // positions of the key's columns
  std::size_t time_;              // position of the event time
  std::uint64_t secret_ = 0;
  std::optional<KeySet> keys_;
};

}  // namespace weir
