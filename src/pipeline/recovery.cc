// The start-up half of Runner: what is found in the checkpoint and the sinks, and what follows from it.
//
//   found at start                   done
//   nothing                          batch 1 is planned anew
//   commit N                         go on with N + 1
//   plan N, no commit N              run N again from its plan; sinks that have it skip it
//   plan N of another spec           no sink has it: planned anew; else finished under its own spec
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "base/crash_point.h"
#include "base/log.h"
#include "config/load.h"
#include "pipeline/runner.h"

namespace weir {
namespace {

Position begin_of(const SourceRanges& ranges) {
  Position position;
  for (const PartitionRange& r : ranges) position.push_back({r.topic, r.partition, r.begin, r.topic_id});
  return position;
}

// Where each source goes on: the begin of an open plan, the end of the last committed one, or nowhere yet.
std::optional<Position> resume_at(const std::string& source, const std::optional<Plan>& open,
                                  const std::optional<Plan>& committed) {
  if (open)
    if (const SourcePlan* plan = open->source(source)) return begin_of(plan->ranges);
  if (committed)
    if (const SourcePlan* plan = committed->source(source)) return end_of(plan->ranges);
  return std::nullopt;
}

std::string hint(const Sink& sink) {
  const std::string text = sink.memory_hint();
  return text.empty() ? text : " (" + text + ")";
}

}  // namespace

Status Runner::recover() {
  graph_ = TRY(build_graph(spec_, components_, clock_));
  checkpoint_ = TRY(Checkpoint::open(spec_.checkpoint.path, {spec_.name, clock_.now()}));
  CRASH_POINT("recover.opened");
  TRY(verify());
  TRY(settle_other_spec());
  const std::optional<Plan> open = read_last_commit();
  CRASH_POINT("recover.plan_read");
  TRY(open_sinks(open));
  CRASH_POINT("recover.claimed");
  TRY(open_rest(open));
  if (open) TRY(replay(*open));
  CRASH_POINT("recover.done");
  return {};
}

// The plan to run again, if there is one. What the last commit says of the sinks is taken over.
std::optional<Plan> Runner::read_last_commit() {
  const std::optional<Commit>& commit = checkpoint_->last_commit();
  planned_before_ = commit.has_value();
  if (commit)
    for (const SinkLanded& sink : commit->sinks) sink_batches_[sink.sink] = sink.batch;
  return checkpoint_->open_plan();
}

Status Runner::open_rest(const std::optional<Plan>& open) {
  const std::optional<Commit>& commit = checkpoint_->last_commit();
  std::optional<Plan> committed;
  if (commit) committed = TRY(checkpoint_->plan(commit->number));
  times_ = SourceTimes(graph_.sources);
  if (committed) times_.restore(*committed, *commit);
  for (StepNode& node : graph_.steps)
    if (node.stateful != nullptr) TRY(open_state(node));
  for (SourceNode& node : graph_.sources) {
    const auto position = resume_at(node.name, open, committed);
    TRY(persist(RetrySpec{}, [&] { return node.source->open(position); }));
  }
  return {};
}

// State that does not fit the step is refused, or forgotten where the file says so.
Status Runner::open_state(StepNode& node) {
  const Status opened = node.stateful->open(*checkpoint_);
  if (opened || !node.may_reset || opened.error().fault != Fault::config) return opened;
  log::warn("state forgotten, as `state: reset` says", {{"step", node.name}, {"because", opened.error().message}});
  TRY(checkpoint_->drop_state(node.name));
  return node.stateful->open(*checkpoint_);
}

// An open plan that names another version of the file than ours. If no exactly-once sink holds its batch, nothing was promised
// outside and it is decided anew; else it is finished under its own version, as the checkpoint keeps it.
Status Runner::settle_other_spec() {
  const std::optional<Plan> open = checkpoint_->open_plan();
  if (!open || open->spec_hash == text_.hash) return {};
  const auto text = TRY(checkpoint_->spec(open->spec_hash));
  CHECK(text.has_value(), "a plan is written with its spec");
  auto loaded = load_pipeline_text(*text, "the version in the checkpoint", "/");
  if (!loaded) return fail(to_error(loaded.error()));
  for (ConnectionSpec& connection : loaded->spec.connections)
    for (const ConnectionSpec& current : spec_.connections)
      if (current.name == connection.name) connection = current;  // credentials may have been rotated since
  PipelineText own{open->spec_hash, *text};
  std::swap(spec_, loaded->spec);
  std::swap(text_, own);
  Graph current = std::exchange(graph_, {});
  const Status settled = settle(*open);
  graph_ = std::move(current);
  std::swap(spec_, loaded->spec);
  std::swap(text_, own);
  return settled;
}

Status Runner::settle(const Plan& open) {
  const std::string number = fmt::format("{}", open.number.value);
  graph_ = TRY(build_graph(spec_, components_, clock_));
  read_last_commit();
  TRY(open_sinks(open));
  if (!landed_open_plan_) {
    log::info("the open batch was begun under an earlier version of the file and no sink has it: planned anew",
              {{"batch", number}});
    return persist(RetrySpec{}, [&] { return checkpoint_->drop_open_plan(); });
  }
  log::info("finishing the open batch under the version of the file that began it", {{"batch", number}});
  TRY(verify());
  TRY(open_rest(open));
  return replay(open);
}

// Before any work, without retries: what is wrong now is said now.
Status Runner::verify() {
  for (SourceNode& node : graph_.sources) TRY(node.source->verify());
  for (SinkNode& node : graph_.sinks) TRY(node.sink->verify(node.schema));
  if (graph_.dead_letter) TRY(graph_.dead_letter->sink->verify(graph_.dead_letter->schema));
  return {};
}

Status Runner::open_sinks(const std::optional<Plan>& open) {
  const std::optional<Commit>& commit = checkpoint_->last_commit();
  std::vector<SinkNode*> nodes;
  for (SinkNode& node : graph_.sinks) nodes.push_back(&node);
  if (graph_.dead_letter) nodes.push_back(&*graph_.dead_letter);
  for (SinkNode* node : nodes) {
    TRY(persist(node->retry, [&] { return node->sink->open(checkpoint_->writer(), checkpoint_->epoch()); }));
    if (node->sink->guarantee() == Guarantee::at_least_once) continue;
    const auto look_up = [&]() -> Result<std::optional<BatchId>> {
      TRY(fault_point("sink.landed"));
      return node->sink->landed();
    };
    const auto landed = TRY(persist(node->retry, look_up));
    const BatchNumber has = landed ? landed->number : BatchNumber();
    const BatchNumber wanted = sink_batches_.contains(node->name) ? sink_batches_[node->name] : BatchNumber();
    const BatchNumber last = commit ? commit->number : BatchNumber();
    const BatchNumber newest = open ? open->number : last;
    if (has < wanted)
      return fail(Fault::config,
                  fmt::format("the sink lost its memory: the checkpoint knows of batch {} there, the sink of {}; "
                              "restore the sink's data, or start a new checkpoint{}",
                              wanted.value, has.value, hint(*node->sink)),
                  node->name);
    if (has > newest)
      return fail(Fault::config,
                  fmt::format("the sink has batch {} of this writer, the checkpoint ends at {}: the checkpoint is "
                              "an older copy; restore the newest one",
                              has.value, newest.value),
                  node->name);
    if (open && landed && has == open->number && landed->plan_hash == open->hash()) landed_open_plan_ = true;
  }
  CRASH_POINT("recover.rolled_forward");
  for (SinkNode* node : nodes) TRY(persist(node->retry, [&] { return node->sink->claim(); }));
  claimed_at_ = clock_.running();
  return {};
}

Status Runner::replay(const Plan& plan) {
  log::info("running the open batch again from its plan", {{"batch", fmt::format("{}", plan.number.value)}});
  FetchedSet set;
  for (SourceNode& node : graph_.sources) {
    const SourcePlan* const source = plan.source(node.name);
    SourceRanges ranges;
    if (source != nullptr) ranges = source->ranges;
    const auto read = [&]() -> Result<Fetched> {
      TRY(fault_point("source.read"));
      return node.source->read(ranges);
    };
    set.sources.push_back(TRY(persist(RetrySpec{}, read)));
    set.lag.push_back(node.source->lag());
  }
  TRY(decode(graph_.sources, clock_, set));
  times_.adopt(plan);
  return process(plan, set, true);
}

}  // namespace weir
