#include "steps/session_aggregate.h"

#include <algorithm>

#include <fmt/format.h>

#include "config/units.h"
#include "state/interval_table.h"
#include "steps/group_results.h"
#include "steps/on_time_rows.h"
#include "steps/session_merge.h"
#include "steps/session_plan.h"
#include "steps/session_rows.h"

namespace weir {
namespace {

// DuckDB's finite timestamps: a session lies within them as a whole.
constexpr std::int64_t finite_least = -9'223'372'022'400'000'000;
constexpr std::int64_t finite_most = INT64_MAX - 1;

constexpr std::chrono::microseconds narrowest_bucket = std::chrono::seconds(1);
constexpr std::chrono::microseconds widest_bucket = std::chrono::hours(1);

}  // namespace

struct SessionAggregate::Impl {
  AggregateOptions options;
  AggregateShape shape;
  std::chrono::microseconds gap;
  SessionPlan plan;
  OnTimeRule on_time;
  std::shared_ptr<const Schema> state_schema;
  std::shared_ptr<const Schema> output_schema;
  std::optional<SessionRows> rows;
  std::optional<Query> merging;
  std::optional<GroupResults> results;
  std::optional<IntervalTable> table;

  Impl(AggregateOptions with, AggregateShape shaped)
      : options(std::move(with)),
        shape(std::move(shaped)),
        gap(*options.window->session),
        plan(shape, gap),
        state_schema(std::make_shared<const Schema>(plan.state())),
        output_schema(std::make_shared<const Schema>(shape.output)) {
    on_time = {options.name,
               options.time,
               shape.time,
               options.late,
               "is in a session of its own that ended not after",
               Micros(finite_least + gap.count()),
               Micros(finite_most - gap.count())};
  }

  bool updates() const { return options.mode == EmitMode::update; }
  std::string place(const std::string& key) const { return "steps." + options.name + ".aggregate." + key; }
  // The earliest time that a row may have: time + gap > watermark.
  Micros first_on_time(Micros watermark) const {
    const std::int64_t least = INT64_MIN + gap.count();
    return Micros(std::max(watermark.value, least) - gap.count() + 1);
  }

  Status prepare(std::shared_ptr<Session> compute, const std::shared_ptr<Session>& careful);
  Status open(Checkpoint& checkpoint);
  Result<StepOutput> advance(const Batch& rows, const StepTime& time);
  struct Changed {
    Batch now;   // sessions as they are
    Batch gone;  // as they were given before, under a start that is none any more
  };
  Result<Changed> take(const Batch& fresh);
  Result<Batch> updated(const Changed& changed);
  Result<Batch> close(Micros watermark);
};

Status SessionAggregate::Impl::prepare(std::shared_ptr<Session> compute, const std::shared_ptr<Session>& careful) {
  rows.emplace(TRY(SessionRows::make(shape, plan, compute, careful)));
  merging.emplace(TRY(compute->prepare(plan.merge_sql(), {{"input", plan.state()}})));
  const auto complete = [this](const Batch& sessions, const std::shared_ptr<const Schema>& schema) {
    return plan.for_results(sessions, schema);
  };
  results.emplace(TRY(GroupResults::make(shape, complete, options.name, updates(), true, std::move(compute))));
  return {};
}

Status SessionAggregate::Impl::open(Checkpoint& checkpoint) {
  StateTableOptions with;
  with.id = options.name;
  with.schema = plan.state();
  with.keys = plan.keys();
  with.bucket_width = Micros(std::clamp(gap, narrowest_bucket, widest_bucket).count());
  with.meanings = shape.meanings;
  with.memory_max = options.memory;
  table.emplace(TRY(IntervalTable::open(checkpoint, with)));
  return {};
}

Result<StepOutput> SessionAggregate::Impl::advance(const Batch& batch, const StepTime& time) {
  StepOutput out;
  std::optional<Micros> first;
  if (time.late) first = first_on_time(*time.late);
  const OnTimeRows taken = on_time_rows(batch, on_time, first, time.late, out);
  StepBooks books{options.name, batch.rows()};
  out.rows = Batch(output_schema, {});
  if (!taken.rows.empty()) {
    const SessionRows::Grouped grouped = TRY(rows->group(taken.rows, out));
    books.held = grouped.rows;
    const Changed changed = TRY(take(grouped.sessions));
    if (updates()) out.rows = TRY(updated(changed));
  }
  if (time.watermark) {
    const Batch closed = TRY(close(*time.watermark));
    if (!updates()) out.rows = TRY(results->rows(closed));
  }
  books.given = books.released = out.rows.rows();
  out.books.push_back(std::move(books));
  return out;
}

// Merges the sessions of a batch with those in state.
Result<SessionAggregate::Impl::Changed> SessionAggregate::Impl::take(const Batch& fresh) {
  Changed changed;
  changed.now = fresh;
  if (fresh.empty()) return changed;
  const Batch known = TRY(table->overlapping(fresh));
  if (!known.empty()) {
    const SessionMerge merge = TRY(merge_sessions(known, fresh, plan.keys()));
    changed.gone = take_rows(known, merge.absorbed);
    auto made = merging->run(merge.rows);
    if (!made && made.error().fault == Fault::data)
      return fail(Fault::config, "what is kept of a session is beyond the range of its type: " + made.error().message,
                  "steps." + options.name);
    changed.now = Batch(state_schema, TRY(std::move(made)).chunks());
    TRY(table->erase(changed.gone));
  }
  Status put = table->put(changed.now);
  if (put) return changed;
  Error error = std::move(put).error();
  if (error.place.empty()) error.place = place("window.session");
  return fail(std::move(error));
}

// Removals first: whoever keeps rows by fewer columns than window_start and `by` is left with what holds now.
Result<Batch> SessionAggregate::Impl::updated(const Changed& changed) {
  const Batch gone = TRY(results->rows(changed.gone, Operation::remove));
  const Batch now = TRY(results->rows(changed.now, Operation::upsert, gone.rows()));
  return concatenate(gone, now);
}

// Takes the sessions out of state that the watermark closes.
Result<Batch> SessionAggregate::Impl::close(Micros watermark) {
  const auto first = table->first_end();
  if (!first || *first > watermark) return Batch(state_schema, {});
  Batch closed = TRY(table->ended(watermark));
  TRY(table->erase(closed));
  return closed;
}

SessionAggregate::SessionAggregate(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SessionAggregate::~SessionAggregate() = default;

Result<std::unique_ptr<SessionAggregate>> SessionAggregate::make(AggregateOptions options, const Schema& input,
                                                                 std::shared_ptr<Session> compute,
                                                                 const std::shared_ptr<Session>& careful) {
  AggregateShape shape = TRY(shape_aggregate(options, input, *compute));
  auto impl = std::make_unique<Impl>(std::move(options), std::move(shape));
  if (Status prepared = impl->prepare(std::move(compute), careful); !prepared) {
    Error error = std::move(prepared).error();
    error.place = "steps." + impl->options.name + ".aggregate";
    return fail(std::move(error));
  }
  return std::unique_ptr<SessionAggregate>(new SessionAggregate(std::move(impl)));
}

const Schema& SessionAggregate::schema() const { return impl_->shape.output; }
Status SessionAggregate::open(Checkpoint& checkpoint) { return impl_->open(checkpoint); }
Result<StepOutput> SessionAggregate::advance(const Batch& rows, const StepTime& time) {
  return impl_->advance(rows, time);
}

bool SessionAggregate::due(Micros watermark) const {
  const auto first = impl_->table->first_end();
  return first && *first <= watermark;
}

std::optional<Micros> SessionAggregate::watermark_out(std::optional<Micros> in) const {
  if (!in) return std::nullopt;
  return Micros(in->value == INT64_MIN ? INT64_MIN : in->value - 1);
}

Status SessionAggregate::pack(StateChanges& changes) { return impl_->table->pack(changes); }
void SessionAggregate::merge() { impl_->table->merge(); }
void SessionAggregate::discard() { impl_->table->discard(); }

std::string SessionAggregate::explain() const {
  const AggregateOptions& options = impl_->options;
  return fmt::format(
      "window: sessions of event time {}, rows with less than {} between them; {}\nSQL of a batch: {}\nof its "
      "sessions:  {}\nstate:  {}, in memory up to {}, then on disk; where sessions lie stays in memory\n",
      options.time, format_duration(impl_->gap),
      impl_->updates() ? "what changed comes out of each batch, and what is no more as a removal"
                       : "each comes out when it is closed",
      impl_->plan.sessions_of_rows(), impl_->shape.results.final_sql(), to_string(impl_->plan.state()),
      format_bytes(options.memory));
}

StatefulStep::Size SessionAggregate::size() const {
  const TableSize size = impl_->table->size();
  return {size.rows, size.bytes, size.memory};
}

}  // namespace weir
