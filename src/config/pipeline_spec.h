#pragma once
// One pipeline as its YAML file says, checked, with defaults filled in and paths resolved against the file's folder.
//
// Threads: plain values.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/types.h"
#include "config/connection_spec.h"
#include "config/sink_spec.h"
#include "config/source_spec.h"
#include "config/step_spec.h"

namespace weir {

struct TriggerSpec {
  enum class Kind { as_fast_as_possible, every, once, available_now };
  Kind kind = Kind::as_fast_as_possible;
  std::chrono::microseconds interval{0};  // every
};

struct CheckpointSpec {
  std::string path;  // resolved
};

struct ResourcesSpec {
  Bytes memory{std::uint64_t{1} << 30};
  std::uint32_t threads = 2;
  std::uint32_t open_files = 4096;
};

struct StopIfSpec {
  double ratio = 1.0;
  std::chrono::microseconds over{0};
};

struct PipelineSpec {
  std::string file;  // where it was read
  std::uint32_t version = 1;
  std::string name;
  std::string owner;
  std::string runbook;
  std::vector<ConnectionSpec> connections;
  std::vector<SourceSpec> sources;
  std::vector<StepSpec> steps;
  std::vector<SinkSpec> sinks;
  std::optional<SinkSpec> dead_letter;  // name "dead_letter"
  std::optional<StopIfSpec> stop_if;    // of the dead letters
  TriggerSpec trigger;
  CheckpointSpec checkpoint;
  ResourcesSpec resources;
};

}  // namespace weir
