#include "pipeline/graph.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/check.h"
#include "formats/contract.h"
#include "formats/dead_letter.h"
#include "pipeline/memory_share.h"
#include "pipeline/stateful_steps.h"
#include "pipeline/used_fields.h"
#include "steps/flatten.h"
#include "steps/stateless_chain.h"

namespace weir {
namespace {

enum class Fields { used, all };

Result<SourceNode> build_source(const SourceSpec& spec, const PipelineSpec& pipeline, const Components& components,
                                Clock& clock, Fields fields) {
  SourceNode node;
  node.name = spec.name;
  node.source = TRY(components.source(spec, pipeline, clock));
  if (spec.type == "kafka") {
    // Beside its bytes a record costs its place in the batch, and its columns.
    constexpr std::uint64_t bytes_a_record = 256;
    const std::uint64_t share = memory_share(pipeline, 8).value;
    node.limits.records_max = std::min(spec.kafka.max_records, share / bytes_a_record);
    node.limits.bytes_max = std::min(spec.kafka.max_bytes, Bytes(share));
  }
  node.watermark = spec.watermark;
  if (const auto columns = node.source->schema()) {
    node.schema = *columns;
  } else {
    Contract contract = TRY(Contract::compile(spec.kafka.format.contract));
    node.contract = contract.label();
    DecoderOptions options{spec.name, spec.kafka.metadata, {}};
    if (fields == Fields::used) options.wanted = used_fields(pipeline, spec);
    node.decoder = make_json_decoder(std::move(contract), std::move(options));
    node.schema = node.decoder->schema();
  }
  TRY(check_watermark(spec, node.schema));
  return node;
}

// Stateless entries that follow each other, with nobody else reading in between, become one step.
std::vector<std::vector<StepSpec>> chains_of(const PipelineSpec& spec) {
  std::map<std::string, int> readers;
  for (const StepSpec& step : spec.steps) ++readers[step.from];
  for (const SinkSpec& sink : spec.sinks) ++readers[sink.from];
  std::vector<std::vector<StepSpec>> chains;
  for (const StepSpec& step : spec.steps) {
    const bool joins = !chains.empty() && step.is_in_chain() && chains.back().back().is_in_chain() &&
                       chains.back().back().name == step.from && readers[step.from] == 1;
    if (!joins) chains.emplace_back();
    chains.back().push_back(step);
  }
  return chains;
}

Result<SinkNode> build_sink(const SinkSpec& spec, const Schema& schema, const PipelineSpec& pipeline,
                            const Components& components) {
  SinkNode node;
  node.name = spec.name;
  node.from = spec.from;
  node.retry = spec.retry;
  TRY(check_takes_updates(spec, schema));
  TRY(check_takes_removals(spec, pipeline));
  node.schema = schema.visible();
  node.sink = TRY(components.sink(spec, pipeline));
  return node;
}

Result<Graph> build(const PipelineSpec& spec, const Components& components, Clock& clock, Fields fields);

}  // namespace

const Schema& Graph::schema_of(const std::string& name) const {
  for (const SourceNode& node : sources)
    if (node.name == name) return node.schema;
  for (const StepNode& node : steps)
    if (node.name == name) return node.step->schema();
  CHECK(false, "the loader resolved every `from`");
}

bool Graph::has_state() const {
  return std::any_of(steps.begin(), steps.end(), [](const StepNode& node) { return node.stateful != nullptr; });
}

// An error is said over all fields, so that a name that is misspelt is held against them.
Result<Graph> build_graph(const PipelineSpec& spec, const Components& components, Clock& clock) {
  auto graph = build(spec, components, clock, Fields::used);
  if (graph || graph.error().fault != Fault::config) return graph;
  return build(spec, components, clock, Fields::all);
}

namespace {

Result<Graph> build(const PipelineSpec& spec, const Components& components, Clock& clock, Fields fields) {
  Graph graph;
  SessionLimits limits;
  limits.memory = memory_share(spec, 4);
  graph.owner = spec.owner;
  StepSessions sessions;
  sessions.compute = TRY(Session::open(SessionKind::compute, limits));
  sessions.careful = TRY(Session::open(SessionKind::careful, limits));
  for (const SourceSpec& source : spec.sources)
    graph.sources.push_back(TRY(build_source(source, spec, components, clock, fields)));
  for (const std::vector<StepSpec>& chain : chains_of(spec)) {
    StepNode node{chain.front().from, chain.back().name, nullptr, nullptr, false};
    const Schema& input = graph.schema_of(node.from);
    if (chain.front().is_stateful()) {
      auto step = TRY(make_stateful_step(chain.front(), spec, input, sessions));
      node.stateful = step.get();
      node.may_reset = chain.front().state == OnOtherState::reset;
      node.step = std::move(step);
    } else if (const auto* flatten = std::get_if<FlattenSpec>(&chain.front().body)) {
      node.step = TRY(Flatten::make(node.name, *flatten, input, sessions.compute));
    } else {
      node.step = TRY(StatelessChain::compile(chain, input, sessions.compute, sessions.careful));
    }
    graph.steps.push_back(std::move(node));
  }
  for (const SinkSpec& sink : spec.sinks)
    graph.sinks.push_back(TRY(build_sink(sink, graph.schema_of(sink.from), spec, components)));
  if (spec.dead_letter) {
    SinkSpec dead_letter = *spec.dead_letter;
    dead_letter.name = "dead_letter";  // by which its sink, the books and the checkpoint know it
    graph.dead_letter = TRY(build_sink(dead_letter, dead_letter_schema(), spec, components));
  }
  return graph;
}

}  // namespace
}  // namespace weir
