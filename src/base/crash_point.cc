#include "base/crash_point.h"

#include <algorithm>

#ifdef WEIR_CRASH_POINTS
#include <array>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <string>

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "base/check.h"
#endif

namespace weir {

std::string_view to_string(Phase phase) {
  switch (phase) {
    case Phase::recover: return "recover";
    case Phase::wait: return "wait";
    case Phase::fetch: return "fetch";
    case Phase::plan: return "plan";
    case Phase::decode: return "decode";
    case Phase::run: return "run";
    case Phase::write: return "write";
    case Phase::commit: return "commit";
    case Phase::report: return "report";
  }
  return "unknown";
}

const std::vector<std::string_view>& crash_points() {
  static const std::vector<std::string_view> names = {
      "recover.opened",
      "recover.plan_read",
      "recover.rolled_forward",
      "recover.claimed",
      "recover.done",
      "fetch.before",
      "fetch.after",
      "plan.before_write",
      "plan.after_write",
      "decode.before",
      "decode.after",
      "run.before",
      "run.after",
      "write.before_first",
      "write.between_sinks",
      "write.after_last",
      "file_sink.before_data",
      "file_sink.after_data",
      "file_sink.after_sync",
      "file_sink.before_link",
      "file_sink.after_link",
      "file_sink.mid_rename",
      "file_sink.after_rename",
      "delta_sink.before_data",
      "delta_sink.after_data",
      "delta_sink.after_sync",
      "delta_sink.before_link",
      "delta_sink.after_link",
      "delta_sink.mid_checkpoint",
      "delta_sink.after_checkpoint",
      "kafka_sink.before_send",
      "kafka_sink.begun",
      "kafka_sink.mid_send",
      "kafka_sink.after_flush",
      "kafka_sink.offsets_sent",
      "kafka_sink.after_commit",
      "commit.before",
      "commit.after",
      "report.after_offsets",
  };
  return names;
}

const std::vector<std::string_view>& fault_points() {
  static const std::vector<std::string_view> names = {
      "source.fetch",      "source.read",          "plan.write",      "step.run",          "sink.write",
      "sink.written",      "sink.landed",          "commit.write",    "file_sink.copy",    "file_sink.link",
      "file_sink.linked",  "delta_sink.copy",      "delta_sink.link", "delta_sink.linked", "delta_sink.checkpoint",
      "kafka_sink.commit", "kafka_sink.committed",
  };
  return names;
}

#ifdef WEIR_CRASH_POINTS
namespace {

struct Armed {
  int hit = 0;
  int times = 1;
  int passed = 0;
};

void check_listed(const std::vector<std::string_view>& known, std::string_view name) {
  if (std::find(known.begin(), known.end(), name) == known.end()) check_failed(__FILE__, __LINE__, "listed name", name);
}

struct Arms {
  std::mutex mutex;
  std::map<std::string, Armed, std::less<>> crashes;  // in-process; guarded by mutex
  std::map<std::string, Armed, std::less<>> faults;   // guarded by mutex
  std::string kill_name;
  int kill_hit = 1;
  int kill_passed = 0;  // guarded by mutex
  int phase_fd = -1;
};

Arms& arms() {
  static Arms* const instance = [] {
    auto* made = new Arms;
    if (const char* spec = std::getenv("WEIR_CRASH")) {
      const std::string text = spec;
      const auto colon = text.find(':');
      made->kill_name = text.substr(0, colon);
      if (colon != std::string::npos) made->kill_hit = std::atoi(text.c_str() + colon + 1);
      check_listed(crash_points(), made->kill_name);
    }
    if (const char* spec = std::getenv("WEIR_FAULT")) {
      const std::string text = spec;
      const auto colon = text.find(':');
      const std::string name = text.substr(0, colon);
      check_listed(fault_points(), name);
      made->faults[name] = Armed{colon == std::string::npos ? 1 : std::atoi(text.c_str() + colon + 1), 1, 0};
    }
    if (const char* path = std::getenv("WEIR_PHASE_FILE"))
      made->phase_fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    return made;
  }();
  return *instance;
}

}  // namespace

void crash_point(std::string_view name) {
  check_listed(crash_points(), name);
  Arms& a = arms();
  const std::lock_guard lock(a.mutex);
  if (name == a.kill_name && ++a.kill_passed == a.kill_hit) kill(getpid(), SIGKILL);
  const auto found = a.crashes.find(name);
  if (found != a.crashes.end() && ++found->second.passed == found->second.hit) throw TestCrash{name};
}

Status fault_point(std::string_view name) {
  check_listed(fault_points(), name);
  Arms& a = arms();
  const std::lock_guard lock(a.mutex);
  const auto found = a.faults.find(name);
  if (found == a.faults.end()) return {};
  Armed& armed = found->second;
  const int pass = ++armed.passed;
  if (pass < armed.hit || pass >= armed.hit + armed.times) return {};
  return fail(Fault::external, "injected fault", std::string(name));
}

void note_phase(Phase phase) {
  const int fd = arms().phase_fd;
  if (fd < 0) return;
  std::array<char, 16> line{};
  line.fill(' ');
  const std::string_view text = to_string(phase);
  std::memcpy(line.data(), text.data(), text.size());
  line.back() = '\n';
  [[maybe_unused]] const ssize_t written = pwrite(fd, line.data(), line.size(), 0);
}

void arm_fault(std::string_view name, int hit, int times) {
  check_listed(fault_points(), name);
  const std::lock_guard lock(arms().mutex);
  arms().faults[std::string(name)] = Armed{hit, times, 0};
}

void arm_crash(std::string_view name, int hit) {
  check_listed(crash_points(), name);
  const std::lock_guard lock(arms().mutex);
  arms().crashes[std::string(name)] = Armed{hit, 1, 0};
}

void disarm_all() {
  const std::lock_guard lock(arms().mutex);
  arms().crashes.clear();
  arms().faults.clear();
}
#endif

}  // namespace weir
