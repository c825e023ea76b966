// Every scenario three ways: straight; stopped and restored after every batch; with faults from a printed seed.
#include <cstdlib>
#include <filesystem>
#include <random>

#include <catch2/catch.hpp>

#include "base/crash_point.h"
#include "scenarios/runner/player.h"

namespace weir::scenario {
namespace {

std::vector<Scenario> all_scenarios() {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator("tests/scenarios"))
    if (entry.path().extension() == ".yaml") files.push_back(entry.path().string());
  std::sort(files.begin(), files.end());
  std::vector<Scenario> out;
  for (const std::string& file : files) out.push_back(read_scenario(file));
  return out;
}

const std::vector<Scenario>& scenarios() {
  static const std::vector<Scenario> all = all_scenarios();
  return all;
}

std::uint64_t seed() {
  if (const char* given = std::getenv("WEIR_SEED")) return std::strtoull(given, nullptr, 10);
  return std::random_device()();
}

// The kinds of fault: every crash point and every fault point that a scenario passes.
std::vector<FaultAt> fault_kinds() {
  std::vector<FaultAt> kinds;
  for (const std::string_view name : crash_points())
    if (name.substr(0, 6) != "kafka_") kinds.push_back({FaultAt::Kind::crash, std::string(name), 1});
  for (const std::string_view name : fault_points()) kinds.push_back({FaultAt::Kind::fault, std::string(name), 1});
  return kinds;
}

TEST_CASE("scenarios played straight") {
  REQUIRE(scenarios().size() >= 20);
  for (const Scenario& scenario : scenarios()) {
    INFO(scenario.file);
    CHECK(difference(scenario, play(scenario, {})) == "");
  }
}

TEST_CASE("scenarios restored after every batch") {
  for (const Scenario& scenario : scenarios()) {
    INFO(scenario.file);
    Play how;
    how.restore_each_batch = true;
    CHECK(difference(scenario, play(scenario, how)) == "");
  }
}

TEST_CASE("scenarios with faults from a seed") {
  const std::uint64_t start = seed();
  std::mt19937_64 random(start);
  const auto kinds = fault_kinds();
  for (const Scenario& scenario : scenarios()) {
    for (int round = 0; round < 3; ++round) {
      Play how;
      std::string told = scenario.file + ", WEIR_SEED=" + std::to_string(start) + ":";
      for (int i = 0; i < 4; ++i) {
        FaultAt fault = kinds[random() % kinds.size()];
        fault.hit = static_cast<int>(1 + random() % 3);
        told += " " + fault.name + ":" + std::to_string(fault.hit);
        how.faults.push_back(fault);
      }
      INFO(told);
      CHECK(difference(scenario, play(scenario, how)) == "");
    }
  }
}

TEST_CASE("one scenario survives every kind of fault") {
  const Scenario scenario = read_scenario("tests/scenarios/stateless/batches.yaml");
  for (const FaultAt& kind : fault_kinds()) {
    for (const int hit : {1, 2}) {
      Play how;
      how.faults = {{kind.kind, kind.name, hit}};
      INFO(kind.name << ":" << hit);
      CHECK(difference(scenario, play(scenario, how)) == "");
    }
  }
}

// For each kind of fault a planted bug: without the fault nothing shows, with it the run turns red.
TEST_CASE("planted bugs turn the faults red") {
  struct Planted {
    FaultAt fault;
    Bugs bugs;
  };
  const auto crash = FaultAt::Kind::crash;
  const auto fault = FaultAt::Kind::fault;
  const std::vector<Planted> planted = {
      {{crash, "plan.after_write", 2}, {SourceBug::read_shifts_begin, SinkBug::none}},
      {{crash, "fetch.before", 2}, {SourceBug::open_restarts, SinkBug::none}},
      {{crash, "fetch.after", 2}, {SourceBug::open_restarts, SinkBug::none}},
      {{crash, "plan.before_write", 2}, {SourceBug::open_restarts, SinkBug::none}},
      {{crash, "decode.before", 2}, {SourceBug::read_shifts_begin, SinkBug::none}},
      {{crash, "run.after", 2}, {SourceBug::read_shifts_begin, SinkBug::none}},
      {{crash, "write.between_sinks", 2}, {SourceBug::none, SinkBug::repeat_doubles}},
      {{crash, "write.after_last", 2}, {SourceBug::none, SinkBug::repeat_doubles}},
      {{crash, "file_sink.after_link", 2}, {SourceBug::none, SinkBug::repeat_doubles}},
      {{crash, "commit.before", 2}, {SourceBug::none, SinkBug::repeat_doubles}},
      {{crash, "commit.after", 2}, {SourceBug::open_restarts, SinkBug::none}},
      {{fault, "source.fetch", 2}, {SourceBug::fetch_loses_after_fault, SinkBug::none}},
      {{fault, "sink.written", 2}, {SourceBug::none, SinkBug::repeat_doubles}},
      {{fault, "file_sink.copy", 2}, {SourceBug::none, SinkBug::fault_loses}},
      {{crash, "report.after_offsets", 2}, {SourceBug::none, SinkBug::forgets_landed}},
  };
  const Scenario scenario = read_scenario("tests/scenarios/stateless/batches.yaml");
  for (const Planted& one : planted) {
    INFO(one.fault.name);
    Play how;
    how.bugs = one.bugs;
    CHECK(difference(scenario, play(scenario, how)) == "");
    how.faults = {one.fault};
    CHECK(difference(scenario, play(scenario, how)) != "");
  }
}

}  // namespace
}  // namespace weir::scenario
