#include "pipeline/runner.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "base/crash_point.h"
#include "base/log.h"

namespace weir {
namespace {

std::vector<Rejected> refused_before(const Plan& plan, const std::string& sink) {
  std::vector<Rejected> out;
  for (const SinkRejection& row : plan.rejections)
    if (row.sink == sink) out.push_back({row.src, Code::sink_rejected, row.field, row.message, sink, {}, {}});
  return out;
}

// A sink that stores nothing yet is not sent half of a record: where one of the rows that it became (flatten) is refused,
// the others are, too.
void add_others(const Batch& rows, std::vector<Rejected>& refused) {
  std::map<std::uint64_t, std::pair<Rejected, std::int64_t>> missing;
  for (const Rejected& row : refused) --missing.try_emplace(row.src, row, 0).first->second.second;
  for (const std::uint64_t src : rows.src())
    if (const auto found = missing.find(src); found != missing.end()) ++found->second.second;
  for (auto& [src, entry] : missing) {
    entry.first.message = "another row of this record is refused: " + entry.first.message;
    for (; entry.second > 0; --entry.second) refused.push_back(entry.first);
  }
}

Batch without(const Batch& rows, const std::vector<Rejected>& refused) {
  if (refused.empty()) return rows;
  std::set<std::uint64_t> gone;
  for (const Rejected& row : refused) gone.insert(row.src);
  std::vector<std::uint64_t> kept;
  const std::vector<std::uint64_t> src = rows.src();
  for (std::uint64_t i = 0; i < src.size(); ++i)
    if (!gone.contains(src[i])) kept.push_back(i);
  return take_rows(rows, kept);
}

}  // namespace

Runner::Runner(PipelineSpec spec, PipelineText text, Components components, Clock& clock, RunnerOptions options)
    : spec_(std::move(spec)),
      text_(std::move(text)),
      components_(std::move(components)),
      clock_(clock),
      options_(options),
      trigger_(spec_.trigger, clock),
      timer_(clock) {}

Runner::~Runner() = default;

Status Runner::run(std::stop_token stop) {
  stop_ = stop;
  timer_.enter(Phase::recover);
  TRY(recover());
  const Status ended = loop();
  fetcher_.reset();
  // Giving up because a stop was asked for is no failure: what was not committed is done at the next start.
  if (!ended && stop_.stop_requested() && ended.error().fault == Fault::external) return {};
  return ended;
}

Status Runner::loop() {
  if (trigger_.ends()) {
    until_.emplace();
    for (SourceNode& node : graph_.sources)
      until_->push_back(TRY(persist(RetrySpec{}, [&] { return node.source->end(); })));
  }
  fetcher_ = std::make_unique<Fetcher>(graph_.sources, clock_, stop_);
  for (std::uint64_t batches = 0; options_.batches_max == 0 || batches < options_.batches_max;) {
    timer_.enter(Phase::wait);
    if (!trigger_.wait(stop_)) return {};
    TRY(renew_claims());
    timer_.enter(Phase::fetch);
    auto set = TRY(fetch());
    if (!set) return {};
    times_.see(*set, clock_.running());
    const bool ends = at_end(*set);
    // The first batch is planned even without rows: where `start: latest` began must be durable. So is one that closes
    // what the watermark has passed when no data comes.
    if (set->rows() > 0 || !planned_before_ || state_due()) {
      const Plan next = TRY(plan(*set));
      TRY(process(next, *set, false));
      ++batches;
    }
    if (ends && !state_due()) return {};
  }
  return {};
}

// A sink that gets no rows for days would be forgotten by Kafka. One that cannot be reached now is asked again later.
Status Runner::renew_claims() {
  constexpr Clock::Duration every = std::chrono::hours(1);
  if (clock_.running() - claimed_at_ < every) return {};
  claimed_at_ = clock_.running();
  std::vector<SinkNode*> nodes;
  for (SinkNode& node : graph_.sinks) nodes.push_back(&node);
  if (graph_.dead_letter) nodes.push_back(&*graph_.dead_letter);
  for (SinkNode* node : nodes) {
    const Status claimed = node->sink->claim();
    if (claimed) continue;
    if (claimed.error().fault != Fault::external) return claimed;
    log::warn("a sink could not renew its claim", {{"sink", node->name}, {"error", claimed.error().text()}});
  }
  return {};
}

bool Runner::state_due() const {
  const auto upcoming = times_.upcoming(clock_.running());
  std::map<std::string, std::optional<Micros>> edges;
  for (std::size_t i = 0; i < graph_.sources.size(); ++i) edges[graph_.sources[i].name] = upcoming[i];
  for (const StepNode& node : graph_.steps) {
    const std::optional<Micros> time = edges.at(node.from);
    if (node.stateful != nullptr && time && node.stateful->due(*time)) return true;
    edges[node.name] = node.stateful == nullptr ? time : node.stateful->watermark_out(time);
  }
  return false;
}

Result<std::optional<FetchedSet>> Runner::fetch() {
  CRASH_POINT("fetch.before");
  auto got = persist(RetrySpec{}, [this] {
    fetcher_->begin(limits());
    return fetcher_->take();
  });
  if (!got) {
    if (stop_.stop_requested()) return std::nullopt;
    return fail(std::move(got).error());
  }
  // More is waiting: fetch it while this batch runs.
  if (options_.fetch_ahead && got->full && !stop_.stop_requested()) fetcher_->begin(limits());
  CRASH_POINT("fetch.after");
  return std::move(*got);
}

std::vector<FetchLimits> Runner::limits() const {
  std::vector<FetchLimits> out;
  for (std::size_t i = 0; i < graph_.sources.size(); ++i) {
    FetchLimits one = graph_.sources[i].limits;
    one.wait_max = trigger_.patience();
    if (until_) one.until = (*until_)[i];
    if (trigger_.single_batch()) {
      one.records_max = UINT64_MAX;
      one.bytes_max = Bytes(UINT64_MAX);
    }
    out.push_back(std::move(one));
  }
  return out;
}

bool Runner::at_end(const FetchedSet& set) const {
  return until_ &&
         std::all_of(set.sources.begin(), set.sources.end(), [](const Fetched& f) { return f.reached_until; });
}

Result<Plan> Runner::plan(const FetchedSet& set) {
  timer_.enter(Phase::plan);
  Plan plan;
  plan.number = checkpoint_->next_number();
  plan.spec_hash = text_.hash;
  plan.clock = clock_.now();
  for (std::size_t i = 0; i < graph_.sources.size(); ++i)
    plan.sources.push_back({graph_.sources[i].name, set.sources[i].ranges});
  times_.decide(plan, clock_.running());
  TRY(persist(RetrySpec{}, [&] { return checkpoint_->write_plan(plan, text_.text); }));
  return plan;
}

Status Runner::process(const Plan& plan, FetchedSet& set, bool replayed) {
  timer_.enter(Phase::run);
  BatchResult result = TRY(run_batch(graph_, set, plan));
  const BatchId id{checkpoint_->writer(), checkpoint_->epoch(), plan.number, plan.hash()};
  timer_.enter(Phase::write);
  TRY(write_sinks(id, plan, result, set.sources));
  const std::string imbalance = result.books.imbalance();
  CHECK(imbalance.empty(), imbalance);
  timer_.enter(Phase::commit);
  TRY(commit(id, result));
  timer_.enter(Phase::report);
  report(plan, set, result, replayed);
  return {};
}

Status Runner::write_sinks(const BatchId& id, const Plan& plan, BatchResult& result,
                           const std::vector<Fetched>& fetched) {
  CRASH_POINT("write.before_first");
  for (std::size_t i = 0; i < graph_.sinks.size(); ++i) {
    TRY(write_one(graph_.sinks[i], id, plan, result.sink_rows[i], result));
    CRASH_POINT("write.between_sinks");
  }
  result.progress.dead_letters = count_dead_letters(result.rejected);
  TRY(write_dead_letters(id, plan, result, fetched));
  CRASH_POINT("write.after_last");
  return {};
}

Status Runner::write_dead_letters(const BatchId& id, const Plan& plan, BatchResult& result,
                                  const std::vector<Fetched>& fetched) {
  if (graph_.dead_letter) {
    const Batch rows = dead_letter_rows(graph_, fetched, result, plan);
    CHECK(rows.rows() == result.rejected.size(), "every rejected row is a dead letter");
    const Written written = TRY(send(*graph_.dead_letter, id, rows));
    if (!written.rejected.empty())
      return fail(Fault::config, "the dead-letter sink refuses rows: " + written.rejected.front().message,
                  "dead_letter");
    result.progress.sinks.push_back({"dead_letter", rows.rows(), written.bytes, written.files, written.repeated});
    return {};
  }
  if (result.rejected.empty()) return {};
  const Rejected& first = result.rejected.front();
  return fail(
      Fault::config,
      fmt::format(
          "{} rows were rejected and the pipeline has no dead_letter to keep them; add one (the first: {} {}: {})",
          result.rejected.size(), to_string(first.code), first.field, first.message),
      first.step);
}

// Rows that the plan knows as refused go to the dead letters without asking; newly refused ones are added to it.
Status Runner::write_one(SinkNode& node, const BatchId& id, const Plan& plan, const Batch& rows, BatchResult& result) {
  std::vector<Rejected> refused = refused_before(plan, node.name);
  Written written;
  do {
    written = TRY(send(node, id, without(rows, refused)));
    CHECK(written.stored || !written.rejected.empty(), "a sink that stores nothing says which rows it refuses");
    if (written.rejected.empty()) break;
    if (!written.stored) add_others(rows, written.rejected);
    std::vector<SinkRejection> amendments;
    for (Rejected& row : written.rejected) {
      row.step = node.name;
      amendments.push_back({node.name, row.src, row.field, row.message});
    }
    TRY(persist(RetrySpec{}, [&] { return checkpoint_->amend_plan(id.number, amendments); }));
    std::move(written.rejected.begin(), written.rejected.end(), std::back_inserter(refused));
  } while (!written.stored);
  const std::uint64_t stored = rows.rows() - refused.size();
  result.books.sink(node.name, node.from, rows.rows(), stored);
  result.books.rejected(refused);
  std::move(refused.begin(), refused.end(), std::back_inserter(result.rejected));
  result.progress.sinks.push_back({node.name, stored, written.bytes, written.files, written.repeated});
  return {};
}

Result<Written> Runner::send(SinkNode& node, const BatchId& id, const Batch& rows) {
  if (rows.empty()) return Written{};
  const auto write = [&]() -> Result<Written> {
    TRY(fault_point("sink.write"));
    Written done = TRY(node.sink->write(id, rows));
    TRY(fault_point("sink.written"));
    return done;
  };
  Written written = TRY(persist(node.retry, write));
  // What a sink does not remember must not be asked of it later, when it may be one that does.
  if (written.stored && node.sink->guarantee() == Guarantee::exactly_once) sink_batches_[node.name] = id.number;
  return written;
}

Status Runner::commit(const BatchId& id, const BatchResult& result) {
  Commit commit;
  commit.number = id.number;
  commit.plan_hash = id.plan_hash;
  commit.epoch = id.epoch;
  commit.time = clock_.now();
  const BatchProgress& progress = result.progress;
  commit.books.rows_in = progress.rows_in();
  commit.books.rows_out = progress.rows_out();
  for (const DeadLetterCount& count : progress.dead_letters)
    commit.books.left.push_back({std::string(to_string(count.code)), count.rows});
  for (const Dropped& drop : progress.dropped)
    commit.books.left.push_back({std::string(to_string(drop.reason)), drop.rows});
  for (const SinkProgress& sink : progress.sinks) {
    const auto last = sink_batches_.find(sink.sink);
    const BatchNumber batch = last == sink_batches_.end() ? BatchNumber() : last->second;
    commit.sinks.push_back({sink.sink, sink.rows, sink.files, sink.bytes, batch});
  }
  commit.times = times_.for_commit(result.highest);
  StateChanges changes;
  for (StepNode& node : graph_.steps)
    if (node.stateful != nullptr) TRY(node.stateful->pack(changes));
  TRY(persist(RetrySpec{}, [&] { return checkpoint_->commit(commit, changes); }));
  for (StepNode& node : graph_.steps)
    if (node.stateful != nullptr) node.stateful->merge();
  times_.observe(result.highest);
  planned_before_ = true;
  return {};
}

void Runner::report(const Plan& plan, const FetchedSet& set, BatchResult& result, bool replayed) {
  BatchProgress& progress = result.progress;
  progress.number = plan.number;
  progress.time = plan.clock;
  progress.replayed = replayed;
  for (std::size_t i = 0; i < progress.sources.size() && i < set.lag.size(); ++i) progress.sources[i].lag = set.lag[i];
  for (SourceProgress& source : progress.sources)
    if (const SourcePlan* const planned = plan.source(source.source)) source.watermark = planned->watermark;
  for (const StepNode& node : graph_.steps)
    if (node.stateful != nullptr) progress.state.push_back({node.name, node.stateful->size()});
  std::vector<Position> committed;
  for (const SourcePlan& source : plan.sources) committed.push_back(end_of(source.ranges));
  if (fetcher_) fetcher_->report(std::move(committed));
  CRASH_POINT("report.after_offsets");
  progress.durations = timer_.take();
  progress.durations[static_cast<std::size_t>(Phase::decode)] = set.decoding;
  if (options_.listener != nullptr) options_.listener->committed(progress);
}

}  // namespace weir
