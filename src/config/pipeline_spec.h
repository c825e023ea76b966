#pragma once
// One pipeline as its YAML file says, checked, with defaults filled in and paths resolved against the file's
// folder.
//
// Threads: plain values.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/types.h"
#include "config/about.h"
#include "config/connection_spec.h"
#include "config/sink_spec.h"
#include "config/source_spec.h"
#include "config/step_spec.h"

namespace weir {

struct TriggerSpec {
  static constexpr bool forms = true;
  enum class Kind { as_fast_as_possible, every, once, available_now };
  Kind kind = Kind::as_fast_as_possible;
  std::chrono::microseconds interval{0};  // every
};

template <class V>
void describe(V& v, TriggerSpec& s) {
  using Kind = TriggerSpec::Kind;
  v.word("as_fast_as_possible", s.kind, Kind::as_fast_as_possible, "the next batch begins when the last is done");
  v.word("once", s.kind, Kind::once, "one batch, then the pipeline ends");
  v.word("available_now", s.kind, Kind::available_now, "all there is at the start, then the pipeline ends");
  v.keyed("every", s.interval, s.kind, Kind::every, {.doc = "a batch each interval", .min = 0.001, .example = "5s"});
  v.keyed("fixed", s.interval, s.kind, Kind::every, {.doc = "the same as every", .min = 0.001, .in_file = false});
  v.later_word("continuous");
  v.later_key("continuous");
  v.later_key("adaptive");
}

struct CheckpointSpec {
  std::string path;  // resolved
};

template <class V>
void describe(V& v, CheckpointSpec& s) {
  v.field("path", s.path,
          {.doc = "Folder of the checkpoint, of this pipeline alone.",
           .required = true,
           .text = Text::path,
           .example = "/var/lib/weir/payments"});
  v.later("backup");
}

struct ResourcesSpec {
  Bytes memory{std::uint64_t{1} << 30};
  std::uint32_t threads = 2;
  std::uint32_t open_files = 4096;
};

template <class V>
void describe(V& v, ResourcesSpec& s) {
  v.field("memory", s.memory, {.doc = "Budget of the whole pipeline.", .min = 64 << 20});
  v.field("threads", s.threads, {.doc = "Most threads that compute.", .min = 1, .max = 256, .later = true});
  v.field("open_files", s.open_files, {.doc = "Most files open at a time.", .min = 64, .max = 1 << 20, .later = true});
}

struct StopIfSpec {
  double ratio = 1.0;
  std::chrono::microseconds over{0};
};

template <class V>
void describe(V& v, StopIfSpec& s) {
  v.field("ratio", s.ratio,
          {.doc = "Share of dead letters among the rows read, from which the pipeline stops.",
           .required = true,
           .min = 0,
           .max = 1,
           .example = "0.2"});
  v.field("over", s.over, {.doc = "Time over which the share is taken.", .required = true, .min = 1, .example = "5m"});
}

// A contract under a name of its own, for several sources or pipelines.
struct SharedContractSpec {
  static constexpr bool keyed_by_name = true;
  static constexpr bool whole = true;
  std::string name;
  std::string file;  // resolved; empty where it is written in place
  ContractSpec contract;
};

template <class V>
void describe(V& v, SharedContractSpec& s) {
  v.itself_file_or_inline(s.name, s.file, s.contract, {.doc = "The contract's file, or the contract itself."});
}

struct PipelineSpec {
  std::string file;  // where it was read
  std::uint32_t version = 1;
  std::string name;
  std::string owner;
  std::string runbook;
  std::vector<std::string> include;  // files, as written
  std::vector<ConnectionSpec> connections;
  std::vector<SharedContractSpec> contracts;
  std::vector<SourceSpec> sources;
  std::vector<StepSpec> steps;
  std::vector<SinkSpec> sinks;
  std::optional<SinkSpec> dead_letter;  // name "dead_letter"
  std::optional<StopIfSpec> stop_if;    // of the dead letters
  TriggerSpec trigger;
  CheckpointSpec checkpoint;
  ResourcesSpec resources;
};

template <class V>
void describe(V& v, PipelineSpec& s) {
  v.field("version", s.version, {.doc = "Of this file format.", .required = true, .min = 1, .max = 1});
  v.field("name", s.name,
          {.doc = "What the pipeline is called: a label of its metrics and the default of its Kafka group.",
           .required = true,
           .text = Text::label});
  v.field("owner", s.owner,
          {.doc = "Who answers for it; a label of its metrics.", .example = "payments-data@example.com"});
  v.field("runbook", s.runbook, {.doc = "Where a person on call reads what to do.", .text = Text::url});
  v.field("include", s.include,
          {.doc = "Files that bring `connections` and `contracts` which many pipelines share.", .in_file = false});
  v.field("connections", s.connections, {.doc = "Brokers and credentials by name."});
  v.field("contracts", s.contracts, {.doc = "Contracts by name, for `format.contract`.", .in_file = false});
  v.field("sources", s.sources, {.doc = "Where records come from, by name.", .required = true});
  v.field("steps", s.steps, {.doc = "What is done to rows, in this order."});
  v.field("sinks", s.sinks, {.doc = "Where rows go, by name.", .required = true});
  v.section("dead_letter", s.dead_letter,
            {.doc = "Where records go that are refused, with a code and their raw bytes. The keys of a sink "
                    "without `from`."},
            [&s](auto& inner, SinkSpec& sink) {
              describe_target(inner, sink);
              inner.field(
                  "stop_if", s.stop_if,
                  {.doc = "Stops the pipeline when too much is refused.", .default_text = "never", .later = true});
            });
  v.field("trigger", s.trigger, {.doc = "When a batch begins."});
  v.field("checkpoint", s.checkpoint, {.doc = "Where offsets, state and plans are kept."});
  v.field("resources", s.resources, {.doc = "Limits of the process."});
  v.later("tests");
  v.later("shard");
  v.later("log");
}

}  // namespace weir
