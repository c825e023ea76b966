#pragma once
// A directory that goes away after the test, and batches to fill a checkpoint with. It is in memory where it can be: what
// is tested here is our own work and survives kills; power loss has a test of its own (tests/crash).

#include <filesystem>
#include <memory>
#include <string>

#include <catch2/catch.hpp>

#include "base/uuid.h"
#include "state/checkpoint.h"

namespace weir {

class TestDirectory {
 public:
  TestDirectory() {
    const std::filesystem::path memory = "/dev/shm";
    path_ = std::filesystem::is_directory(memory) ? memory : std::filesystem::temp_directory_path();
    path_ /= "weir state " + mint_uuid();
    std::filesystem::create_directories(path_);
  }
  ~TestDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline OpenOptions options_of(std::string pipeline = "payments") {
  return {std::move(pipeline), Micros(1'767'225'600'000'000)};
}

inline std::unique_ptr<Checkpoint> must_open(const fs::Path& path, OpenOptions options = options_of()) {
  auto opened = Checkpoint::open(path, options);
  if (!opened) FAIL(opened.error().text());
  return *std::move(opened);
}

inline Plan plan_of(const Checkpoint& checkpoint, std::string spec = "spec-1") {
  Plan plan;
  plan.number = checkpoint.next_number();
  plan.spec_hash = std::move(spec);
  plan.clock = Micros(static_cast<std::int64_t>(plan.number.value) * 1'000'000);
  const auto n = static_cast<std::int64_t>(plan.number.value);
  plan.sources = {{"in", {{"topic", PartitionId(0), Offset(10 * (n - 1)), Offset(10 * n), "id"}}}};
  return plan;
}

inline Commit commit_of(const Checkpoint& checkpoint, const Plan& plan) {
  Commit commit;
  commit.number = plan.number;
  commit.plan_hash = plan.hash();
  commit.epoch = checkpoint.epoch();
  commit.time = plan.clock;
  commit.books = {10, 9, 0, {{"FILTERED", 1}}};
  commit.sinks = {{"out", 9, 1, 100}};
  return commit;
}

inline void must_run_batch(Checkpoint& checkpoint, const StateChanges& changes = {}, std::string spec = "spec-1") {
  const Plan plan = plan_of(checkpoint, spec);
  const Status planned = checkpoint.write_plan(plan, "text of " + spec);
  if (!planned) FAIL(planned.error().text());
  const Status committed = checkpoint.commit(commit_of(checkpoint, plan), changes);
  if (!committed) FAIL(committed.error().text());
}

}  // namespace weir
