#pragma once
// Holds a pipeline ready to run: sources with their decoders, steps, sinks, and which edge each reads. Built once from
// a PipelineSpec; building checks every expression and schema and touches nothing outside.
//
// Threads: one caller at a time. Ownership: the graph owns all its parts; `clock` must outlive it.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "config/pipeline_spec.h"
#include "connectors/sink.h"
#include "connectors/source.h"
#include "formats/decoder.h"
#include "sql/session.h"
#include "steps/stateful_step.h"
#include "steps/step.h"

namespace weir {

struct SourceNode {
  std::string name;
  std::unique_ptr<Source> source;
  std::unique_ptr<Decoder> decoder;  // null for a source that knows its columns
  std::string contract;              // "name.vN"; empty without one
  FetchLimits limits;
  Schema schema;
  std::optional<WatermarkSpec> watermark;
};

struct StepNode {
  std::string from;
  std::string name;  // of the last entry it stands for; the edge that later entries read
  std::unique_ptr<Step> step;
  StatefulStep* stateful = nullptr;  // the same, where it remembers
  bool may_reset = false;            // state that does not fit is forgotten
};

struct SinkNode {
  std::string name;
  std::string from;  // empty for the dead letters
  std::unique_ptr<Sink> sink;
  Schema schema;  // visible columns
  RetrySpec retry;
};

struct Graph {
  std::string owner;
  std::vector<SourceNode> sources;
  std::vector<StepNode> steps;
  std::vector<SinkNode> sinks;
  std::optional<SinkNode> dead_letter;

  const Schema& schema_of(const std::string& name) const;
  bool has_state() const;
};

// Makes sources and sinks; the scenario runner brings its own.
struct Components {
  std::function<Result<std::unique_ptr<Source>>(const SourceSpec&, const PipelineSpec&, Clock&)> source;
  std::function<Result<std::unique_ptr<Sink>>(const SinkSpec&, const PipelineSpec&)> sink;
};

// The real ones, by the `type` of the file: the one table of component names (components.cc).
Components standard_components();

Result<Graph> build_graph(const PipelineSpec& spec, const Components& components, Clock& clock);

}  // namespace weir
