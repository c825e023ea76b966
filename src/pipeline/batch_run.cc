#include "pipeline/batch_run.h"

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <map>

#include "base/crash_point.h"
#include "formats/dead_letter.h"
#include "pipeline/event_time.h"
#include "sql/batch_clock.h"

namespace weir {
namespace {

// What flows on an edge in this batch, and how far event time has come there.
struct Edge {
  Batch rows;
  StepTime time;
};
using Edges = std::map<std::string, Edge>;

void move_into(std::vector<Rejected>& to, std::vector<Rejected>& from) {
  std::move(from.begin(), from.end(), std::back_inserter(to));
}

void take_sources(Graph& graph, FetchedSet& set, const Plan& plan, BatchResult& result, Edges& edges) {
  for (std::size_t i = 0; i < graph.sources.size(); ++i) {
    SourceNode& node = graph.sources[i];
    const Fetched& one = set.sources[i];
    Decoded& decoded = set.decoded[i];
    SourceProgress progress{node.name, one.rows(), one.records.bytes.value, one.ranges, {}};
    Batch rows = std::move(decoded.rows);
    if (one.columns) rows = *one.columns;
    result.books.rejected(decoded.rejected);
    move_into(result.rejected, decoded.rejected);
    result.highest.emplace_back();
    if (node.watermark) {
      EventTimes times = take_event_times(node, rows, one, plan.clock);
      rows = std::move(times.rows);
      result.books.rejected(times.rejected);
      move_into(result.rejected, times.rejected);
      result.highest.back() = std::move(times.highest);
    }
    result.books.source(node.name, progress.rows, rows.rows());
    result.progress.sources.push_back(std::move(progress));
    const SourcePlan* const planned = plan.source(node.name);
    Edge edge{std::move(rows), {}};
    if (planned != nullptr) edge.time = {planned->late, planned->watermark};
    edges[node.name] = std::move(edge);
  }
}

Status run_steps(Graph& graph, BatchResult& result, Edges& edges) {
  for (StepNode& node : graph.steps) {
    TRY(fault_point("step.run"));
    const Edge& from = edges.at(node.from);
    StepTime time = from.time;
    StepOutput output;
    if (node.stateful != nullptr) {
      output = TRY(node.stateful->advance(from.rows, time));
      time = {node.stateful->watermark_out(time.late), node.stateful->watermark_out(time.watermark)};
      result.made.push_back(output.rows);
    } else {
      output = TRY(node.step->process(from.rows));
    }
    result.books.step(node.from, output);
    move_into(result.rejected, output.rejected);
    BatchProgress& progress = result.progress;
    progress.steps.insert(progress.steps.end(), output.books.begin(), output.books.end());
    progress.dropped.insert(progress.dropped.end(), output.dropped.begin(), output.dropped.end());
    progress.expectations.insert(progress.expectations.end(), output.expectations.begin(), output.expectations.end());
    edges[node.name] = {std::move(output.rows), time};
  }
  return {};
}

}  // namespace

Result<BatchResult> run_batch(Graph& graph, FetchedSet& set, const Plan& plan) {
  BatchResult result;
  Edges edges;
  CRASH_POINT("decode.before");
  take_sources(graph, set, plan, result, edges);
  CRASH_POINT("decode.after");
  CRASH_POINT("run.before");
  const BatchClock clock(plan.clock);
  TRY(run_steps(graph, result, edges));
  for (const SinkNode& sink : graph.sinks) result.sink_rows.push_back(edges.at(sink.from).rows);
  CRASH_POINT("run.after");
  return result;
}

Batch dead_letter_rows(const Graph& graph, const std::vector<Fetched>& fetched, const BatchResult& result,
                       const Plan& plan) {
  std::vector<Rejected> rejected = result.rejected;
  std::stable_sort(rejected.begin(), rejected.end(),
                   [](const Rejected& a, const Rejected& b) { return a.src < b.src; });
  DeadLetterContext dead;
  dead.spec_hash = std::strtoull(plan.spec_hash.c_str(), nullptr, 16);
  dead.batch = plan.number;
  dead.time = plan.clock;
  dead.owner = graph.owner;
  std::vector<DeadLetterInput> inputs;
  for (std::size_t i = 0; i < fetched.size(); ++i) {
    DeadLetterInput input;
    input.contract = graph.sources[i].contract;
    if (fetched[i].columns) {
      input.columns = &*fetched[i].columns;
    } else {
      input.records = &fetched[i].records;
    }
    inputs.push_back(std::move(input));
  }
  return make_dead_letters(rejected, inputs, dead, result.made);
}

}  // namespace weir
