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
  // WEIR_SCENARIO=windows/ plays those whose path has it: for who writes one.
  const char* const only = std::getenv("WEIR_SCENARIO");
  for (const auto& entry : std::filesystem::recursive_directory_iterator("tests/scenarios"))
    if (entry.path().extension() == ".yaml" &&
        (only == nullptr || entry.path().string().find(only) != std::string::npos))
      files.push_back(entry.path().string());
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

// The same rows by another kind of sink: the one that passes this point.
const Scenario& scenario_for(const FaultAt& kind) {
  static const Scenario files = read_scenario("tests/scenarios/stateless/batches.yaml");
  static const Scenario tables = read_scenario("tests/scenarios/sinks/delta_batches.yaml");
  return kind.name.starts_with("delta_") ? tables : files;
}

TEST_CASE("scenarios played straight", "[straight]") {
  REQUIRE((std::getenv("WEIR_SCENARIO") != nullptr || scenarios().size() >= 20));
  for (const Scenario& scenario : scenarios()) {
    INFO(scenario.file);
    CHECK(difference(scenario, play(scenario, {})) == "");
  }
}

TEST_CASE("scenarios restored after every batch", "[restored]") {
  for (const Scenario& scenario : scenarios()) {
    INFO(scenario.file);
    Play how;
    how.restore_each_batch = true;
    CHECK(difference(scenario, play(scenario, how)) == "");
  }
}

TEST_CASE("scenarios with faults from a seed", "[seeded]") {
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

TEST_CASE("one scenario without state and one with survive every kind of fault", "[kinds]") {
  for (const char* const file :
       {"tests/scenarios/stateless/batches.yaml", "tests/scenarios/windows/after_dedup.yaml"}) {
    const Scenario scenario = read_scenario(file);
    for (const FaultAt& kind : fault_kinds()) {
      for (const int hit : {1, 2}) {
        Play how;
        how.faults = {{kind.kind, kind.name, hit}};
        INFO(file << " " << kind.name << ":" << hit);
        CHECK(difference(scenario, play(scenario, how)) == "");
      }
    }
  }
}

// Each shows nothing as long as nothing goes wrong.
const std::vector<Bugs>& planted_bugs() {
  static const std::vector<Bugs> bugs = {{SourceBug::read_shifts_begin, SinkBug::none},
                                         {SourceBug::open_restarts, SinkBug::none},
                                         {SourceBug::fetch_loses_after_fault, SinkBug::none},
                                         {SourceBug::none, SinkBug::repeat_doubles},
                                         {SourceBug::none, SinkBug::fault_loses},
                                         {SourceBug::none, SinkBug::forgets_landed}};
  return bugs;
}

// Whether a planted bug makes the run with this kind of fault end with other rows. A fault that strikes before anything was
// promised is no more than a restart, and so are the bugs that it shows.
bool turns_red(const Scenario& scenario, const FaultAt& kind) {
  for (const Bugs& bugs : planted_bugs()) {
    for (const int hit : {1, 2}) {
      Play how;
      how.bugs = bugs;
      how.faults = {{kind.kind, kind.name, hit}};
      if (!difference(scenario, play(scenario, how)).empty()) return true;
    }
  }
  return false;
}

TEST_CASE("planted bugs show nothing without a fault", "[planted]") {
  for (const char* name : {"file_sink", "delta_sink"})
    for (const Bugs& bugs : planted_bugs()) {
      const Scenario& scenario = scenario_for({FaultAt::Kind::fault, name, 1});
      Play how;
      how.bugs = bugs;
      CHECK(difference(scenario, play(scenario, how)) == "");
    }
}

// Faults that end inside the sink: a lost answer is looked up there, a checkpoint of a table's log may fail. The runner sees nothing
// of them, so no bug of others can show; tests/unit/delta has them.
bool ends_in_the_sink(const FaultAt& kind) {
  return kind.name == "delta_sink.linked" || kind.name == "delta_sink.checkpoint";
}

TEST_CASE("for each kind of fault a planted bug turns the run red", "[planted]") {
  for (const FaultAt& kind : fault_kinds()) {
    if (ends_in_the_sink(kind)) continue;
    INFO(kind.name);
    CHECK(turns_red(scenario_for(kind), kind));
  }
}

}  // namespace
}  // namespace weir::scenario
