#pragma once
// Runs a stateful step batch by batch on a checkpoint of its own, as the runner does, and stops and starts it.

#include <filesystem>
#include <functional>
#include <memory>

#include <catch2/catch.hpp>

#include "base/uuid.h"
#include "state/checkpoint.h"
#include "steps/stateful_step.h"

namespace weir::test {

struct Folder {
  std::filesystem::path path = std::filesystem::temp_directory_path() / ("weir steps " + mint_uuid());
  ~Folder() { std::filesystem::remove_all(path); }
};

class StatefulWorker {
 public:
  using Make = std::function<std::unique_ptr<StatefulStep>()>;
  explicit StatefulWorker(Make make) : make_(std::move(make)) { start(); }

  void restart() {
    stop();
    start();
  }
  // The step as another file has it, on the same checkpoint; what opening it says.
  Status reopen_as(Make make) {
    stop();
    open_checkpoint();
    make_ = std::move(make);
    step_ = make_();
    return step_->open(*checkpoint_);
  }
  void reset_state(const std::string& step) { REQUIRE(checkpoint_->drop_state(step)); }

  Result<StepOutput> attempt(const Batch& rows, const StepTime& time) { return step_->advance(rows, time); }
  StepOutput run(const Batch& rows, const StepTime& time) {
    auto out = step_->advance(rows, time);
    if (!out) FAIL(out.error().text());
    commit();
    return std::move(*out);
  }
  // As after a sink that failed: the changes were made and packed, and never happened.
  void run_and_discard(const Batch& rows, const StepTime& time) {
    REQUIRE(step_->advance(rows, time));
    StateChanges changes;
    REQUIRE(step_->pack(changes));
    step_->discard();
  }
  StatefulStep& step() { return *step_; }

 private:
  void commit() {
    Plan plan;
    plan.number = checkpoint_->next_number();
    plan.spec_hash = "s";
    REQUIRE(checkpoint_->write_plan(plan, "spec"));
    StateChanges changes;
    REQUIRE(step_->pack(changes));
    Commit done;
    done.number = plan.number;
    done.plan_hash = plan.hash();
    done.epoch = checkpoint_->epoch();
    REQUIRE(checkpoint_->commit(done, changes));
    step_->merge();
  }
  void stop() {
    step_.reset();
    checkpoint_.reset();
  }
  void open_checkpoint() {
    auto checkpoint = Checkpoint::open(folder_.path, {"test", Micros(0)});
    REQUIRE(checkpoint);
    checkpoint_ = std::move(*checkpoint);
  }
  void start() {
    open_checkpoint();
    step_ = make_();
    const Status opened = step_->open(*checkpoint_);
    if (!opened) FAIL(opened.error().text());
  }

  Folder folder_;
  Make make_;
  std::unique_ptr<Checkpoint> checkpoint_;
  std::unique_ptr<StatefulStep> step_;
};

}  // namespace weir::test
