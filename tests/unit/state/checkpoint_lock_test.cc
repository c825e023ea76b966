#include <chrono>
#include <cstdlib>
#include <fstream>
#include <thread>

#include <signal.h>

#include "checkpoint_fixture.h"
#include "child_process.h"

namespace weir {
namespace {

TEST_CASE("child: hold the checkpoint until killed", "[.][child]") {
  const std::string path = std::getenv("CHECKPOINT");
  const auto checkpoint = must_open(path + "/c");
  std::ofstream(path + "/ready") << "yes";
  std::this_thread::sleep_for(std::chrono::minutes(5));
}

TEST_CASE("a second process is refused within a second and told who holds it; a killed one holds nothing") {
  const TestDirectory directory;
  const pid_t pid = start_child("child: hold the checkpoint until killed", {"CHECKPOINT=" + directory.path().string()});
  for (int i = 0; i < 1'000 && !std::filesystem::exists(directory.path() / "ready"); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  REQUIRE(std::filesystem::exists(directory.path() / "ready"));

  const auto begin = std::chrono::steady_clock::now();
  const auto opened = Checkpoint::open(directory.path() / "c", options_of());
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  REQUIRE_FALSE(opened);
  CHECK(took.count() < 1);
  CHECK(opened.error().fault == Fault::config);
  const std::string& message = opened.error().message;
  CHECK(message.find("in use by pid " + std::to_string(pid) + " on host ") != std::string::npos);
  CHECK(message.find("(pipeline payments) since 2026-01-01T00:00:00") != std::string::npos);
  CHECK(message.find("stop that one, or give this pipeline another checkpoint.path") != std::string::npos);

  // A lease file that somebody removed does not open the door: RocksDB has a lock of its own.
  std::filesystem::remove(directory.path() / "c" / "LEASE");
  const auto again = Checkpoint::open(directory.path() / "c", options_of());
  REQUIRE_FALSE(again);
  CHECK(again.error().fault == Fault::config);
  CHECK(again.error().message.find("in use") != std::string::npos);

  kill(pid, SIGKILL);
  wait_for(pid);
  CHECK(must_open(directory.path() / "c")->epoch() == Epoch(2));
}

TEST_CASE("the same process is refused a second opening too") {
  const TestDirectory directory;
  auto checkpoint = must_open(directory.path());
  const auto second = Checkpoint::open(directory.path(), options_of());
  REQUIRE_FALSE(second);
  CHECK(second.error().message.find("in use by pid " + std::to_string(getpid())) != std::string::npos);
  checkpoint.reset();
  CHECK(must_open(directory.path())->epoch() == Epoch(2));
}

TEST_CASE("child: commit until killed", "[.][child]") {
  const std::string path = std::getenv("CHECKPOINT");
  const auto checkpoint = must_open(path + "/c");
  const std::string family = *checkpoint->state_family("1");
  std::ofstream acknowledged(path + "/acknowledged", std::ios::app);
  if (checkpoint->open_plan()) REQUIRE(checkpoint->commit(commit_of(*checkpoint, *checkpoint->open_plan())));
  for (;;) {
    StateChanges changes;
    changes.put(family, "last", std::to_string(checkpoint->next_number().value));
    must_run_batch(*checkpoint, changes);
    acknowledged << checkpoint->last_commit()->number.value << std::endl;
  }
}

TEST_CASE("a kill at any moment loses nothing that was acknowledged") {
  const TestDirectory directory;
  for (int trial = 0; trial < 20; ++trial) {
    const pid_t pid = start_child("child: commit until killed", {"CHECKPOINT=" + directory.path().string()});
    std::this_thread::sleep_for(std::chrono::milliseconds(60 + 17 * trial));
    kill(pid, SIGKILL);
    wait_for(pid);
    std::uint64_t acknowledged = 0;
    std::ifstream file(directory.path() / "acknowledged");
    for (std::uint64_t n = 0; file >> n;) acknowledged = n;
    const auto checkpoint = must_open(directory.path() / "c");
    const std::uint64_t last = checkpoint->last_commit() ? checkpoint->last_commit()->number.value : 0;
    CHECK((last == acknowledged || last == acknowledged + 1));
  }
}

}  // namespace
}  // namespace weir
