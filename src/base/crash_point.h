#pragma once
// Named places where a test may kill the process, or make an operation fail. Compiled to nothing unless
// WEIR_CRASH_POINTS is defined (debug and sanitizer presets; never release).
//
//   CRASH_POINT("commit.before_sync");          kill -9 of ourselves when WEIR_CRASH=commit.before_sync[:hit]
//   TRY(fault_point("sink.write"));             an external Error when a test armed that name, or WEIR_FAULT=sink.write[:hit]
//
// Every name is listed in crash_point.cc; an unlisted one aborts. Threads: any. Outside tests both cost nothing.

#include <string_view>
#include <vector>

#include "base/result.h"

namespace weir {

// The part of the batch that runs now; test builds write it to the file named by WEIR_PHASE_FILE as one line,
// padded to 16 bytes, so that a killer knows where it hit.
enum class Phase { recover, wait, fetch, plan, decode, run, write, commit, report };
std::string_view to_string(Phase phase);

// All names of crash points, in the order a batch passes them.
const std::vector<std::string_view>& crash_points();
// All names of fault points.
const std::vector<std::string_view>& fault_points();

#ifdef WEIR_CRASH_POINTS
inline constexpr bool test_build = true;
void crash_point(std::string_view name);
Status fault_point(std::string_view name);
void note_phase(Phase phase);

// Arms a fault point for tests in this process: the `hit`-th pass (from 1) fails, `times` times in a row.
void arm_fault(std::string_view name, int hit, int times = 1);
// In-process crash for the scenario runner: instead of killing, the named point throws TestCrash at its hit-th pass.
struct TestCrash {
  std::string_view point;
};
void arm_crash(std::string_view name, int hit);
void disarm_all();
#else
inline constexpr bool test_build = false;
inline void crash_point(std::string_view) {}
inline Status fault_point(std::string_view) { return {}; }
inline void note_phase(Phase) {}
#endif

}  // namespace weir

#define CRASH_POINT(name) ::weir::crash_point(name)
