#pragma once
// Sinks with a planted mistake, to prove that a scenario run with faults would show it. A runner whose faults no planted bug
// can turn red tests nothing.
//
// Threads: as Sink. Ownership: owns the real sink.

#include <memory>
#include <utility>

#include "connectors/sink.h"
#include "scenarios/runner/script_source.h"

namespace weir::scenario {

enum class SinkBug {
  none,
  repeat_doubles,  // a repeated batch is written again, under another number
  fault_loses,     // after an injected fault the next write says yes and does nothing
  forgets_landed,  // landed() forgets after an injected fault
};

struct Bugs {
  SourceBug source = SourceBug::none;
  SinkBug sink = SinkBug::none;
};

class BuggySink final : public Sink {
 public:
  BuggySink(std::unique_ptr<Sink> real, SinkBug bug) : real_(std::move(real)), bug_(bug) {}

  Guarantee guarantee() const override { return real_->guarantee(); }
  Status verify(const Schema& schema) override { return real_->verify(schema); }
  Status open(const std::string& writer, Epoch epoch) override {
    writes_ = 0;
    return real_->open(writer, epoch);
  }
  Result<std::optional<BatchId>> landed() override {
    if (bug_ == SinkBug::forgets_landed) return std::nullopt;
    return real_->landed();
  }
  Result<Written> write(const BatchId& id, const Batch& rows) override {
    BatchId wrong = id;
    if (bug_ == SinkBug::repeat_doubles)
      wrong.number = BatchNumber(id.number.value * 1000 + id.epoch.value * 10 + writes_++);
    if (bug_ == SinkBug::fault_loses && std::exchange(failed_, false)) return Written{rows.rows()};
    Result<Written> done = real_->write(wrong, rows);
    failed_ = !done;
    return done;
  }

 private:
  std::unique_ptr<Sink> real_;
  SinkBug bug_;
  std::uint64_t writes_ = 0;
  bool failed_ = false;
};

}  // namespace weir::scenario
