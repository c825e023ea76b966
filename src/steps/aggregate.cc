#include "steps/aggregate.h"

#include <algorithm>

#include <fmt/format.h>

#include "config/units.h"
#include "state/state_table.h"
#include "steps/group_results.h"
#include "steps/group_rows.h"
#include "steps/made_columns.h"
#include "steps/on_time_rows.h"
#include "steps/tumbling_windows.h"

namespace weir {
namespace {

constexpr std::int64_t narrowest_bucket = 1'000'000;

// Windows that are shorter share a bucket: one holds pages of its own.
std::int64_t bucket_width(std::int64_t length) {
  return length * std::max<std::int64_t>(1, (narrowest_bucket + length - 1) / length);
}

std::int64_t floor_to(std::int64_t time, std::int64_t width) {
  const std::int64_t rest = time % width;
  return time - (rest < 0 ? rest + width : rest);
}

}  // namespace

struct Aggregate::Impl {
  AggregateOptions options;
  AggregateShape shape;
  TumblingWindows windows;
  OnTimeRule on_time;
  std::shared_ptr<Session> compute;
  std::shared_ptr<const Schema> state_schema;
  std::shared_ptr<const Schema> output_schema;
  std::optional<GroupRows> rows;
  std::optional<Query> merging;  // rows of `state` to one for each group
  std::vector<Query> set_sizes;  // new members to rows of `state`
  std::optional<GroupResults> results;
  std::optional<StateTable> table;  // of groups
  std::vector<StateTable> members;  // of sets
  std::optional<Micros> first;      // window of the earliest group
  std::optional<Micros> first_committed;

  Impl(AggregateOptions with, AggregateShape shaped)
      : options(std::move(with)),
        shape(std::move(shaped)),
        windows(*options.window->tumbling, options.window->offset),
        state_schema(std::make_shared<const Schema>(shape.state)),
        output_schema(std::make_shared<const Schema>(shape.output)) {
    on_time = {options.name,    options.time,  shape.time, options.late, "is in a window that ended not after",
               windows.least(), windows.most()};
  }

  bool updates() const { return options.mode == EmitMode::update; }
  Status prepare(const std::shared_ptr<Session>& careful);
  Status open(Checkpoint& checkpoint);
  Result<StepOutput> advance(const Batch& rows, const StepTime& time);
  Result<Batch> take(GroupRows::Groups groups);
  Result<Batch> close(Micros watermark);
};

Status Aggregate::Impl::prepare(const std::shared_ptr<Session>& careful) {
  rows.emplace(TRY(GroupRows::make(shape, windows, compute, careful)));
  const SqlInput state{"input", shape.state};
  merging.emplace(TRY(compute->prepare(shape.groups.merge_sql(), {state})));
  for (std::size_t i = 0; i < shape.groups.sets.size(); ++i) {
    Schema member = shape.groups.keys;
    member.add({"member", shape.groups.sets[i].type, true});
    set_sizes.push_back(TRY(compute->prepare(shape.set_sizes_sql(i), {{"input", member}})));
  }
  results.emplace(TRY(GroupResults::make(shape, windows, options.name, updates(), compute)));
  return {};
}

Status Aggregate::Impl::open(Checkpoint& checkpoint) {
  const std::size_t tables = 1 + shape.groups.sets.size();
  StateTableOptions with;
  with.id = options.name;
  with.schema = shape.state;
  with.keys = shape.groups.keys.size();
  with.bucket_width = Micros(bucket_width(windows.length()));
  with.meanings = shape.meanings;
  with.memory_max = Bytes(options.memory.value / tables);
  table.emplace(TRY(StateTable::open(checkpoint, with)));
  members.clear();
  for (std::size_t i = 0; i < shape.groups.sets.size(); ++i) {
    with.id = options.name + ".members" + std::to_string(i);
    with.schema = shape.groups.keys;
    with.schema.add({"member", shape.groups.sets[i].type, true});
    with.keys = with.schema.size();
    members.push_back(TRY(StateTable::open(checkpoint, with)));
  }
  first = first_committed = TRY(table->first_time());
  return {};
}

Result<StepOutput> Aggregate::Impl::advance(const Batch& batch, const StepTime& time) {
  StepOutput out;
  std::optional<Micros> first_open;
  if (time.late) first_open = windows.first_open(*time.late);
  const OnTimeRows taken = on_time_rows(batch, on_time, first_open, time.late, out);
  StepBooks books{options.name, batch.rows()};
  out.rows = Batch(output_schema, {});
  if (!taken.rows.empty()) {
    GroupRows::Groups groups = TRY(rows->group(taken.rows, taken.times, out));
    books.held = groups.rows;
    const Batch changed = TRY(take(std::move(groups)));
    if (updates()) out.rows = TRY(results->rows(changed));
  }
  if (time.watermark) {
    const Batch closed = TRY(close(*time.watermark));
    if (!updates()) out.rows = TRY(results->rows(closed));
  }
  books.given = books.released = out.rows.rows();
  out.books.push_back(std::move(books));
  return out;
}

// Merges the groups of a batch with the state; gives them as they are now.
Result<Batch> Aggregate::Impl::take(GroupRows::Groups groups) {
  if (groups.partial.empty()) return groups.partial;
  Batch parts = concatenate(TRY(table->find(groups.partial)), groups.partial);
  for (std::size_t i = 0; i < members.size(); ++i) {
    std::vector<std::uint8_t> fresh;
    TRY(members[i].insert(groups.members[i], fresh));
    std::vector<std::uint64_t> gained;
    for (std::uint64_t row = 0; row < fresh.size(); ++row)
      if (fresh[row] != 0) gained.push_back(row);
    if (gained.empty()) continue;
    const Batch sizes = TRY(set_sizes[i].run(take_rows(groups.members[i], gained)));
    parts = concatenate(parts, renamed(sizes, state_schema));
  }
  Batch merged = groups.partial;
  if (!members.empty() || parts.rows() > merged.rows()) {
    auto made = merging->run(parts);
    if (!made && made.error().fault == Fault::data)
      return fail(Fault::config, "what is kept of a group is beyond its bounds: " + made.error().message,
                  "steps." + options.name);
    merged = renamed(TRY(std::move(made)), state_schema);
  }
  TRY(table->put(merged));
  for (const auto& chunk : merged.chunks()) {
    const auto* const starts = column_values<std::int64_t>(*chunk, 0);
    const Micros least(*std::min_element(starts, starts + chunk->rows()));
    first = first ? std::min(*first, least) : least;
  }
  return merged;
}

// Takes the windows out of state that the watermark closes; `append` needs their groups.
Result<Batch> Aggregate::Impl::close(Micros watermark) {
  Batch closed(state_schema, {});
  const Micros open = windows.first_open(watermark);
  if (!first || *first >= open) return closed;
  if (!updates()) closed = TRY(table->range(Micros(INT64_MIN), open));
  // A bucket of one window goes as a whole, though an offset may let it begin before the window.
  const std::int64_t width = bucket_width(windows.length());
  const Micros horizon(width == windows.length() ? floor_to(open.value, width) : open.value);
  TRY(table->expire(horizon));
  for (StateTable& set : members) TRY(set.expire(horizon));
  first = TRY(table->first_time());
  return closed;
}

Aggregate::Aggregate(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Aggregate::~Aggregate() = default;

Result<std::unique_ptr<Aggregate>> Aggregate::make(AggregateOptions options, const Schema& input,
                                                   std::shared_ptr<Session> compute,
                                                   const std::shared_ptr<Session>& careful) {
  AggregateShape shape = TRY(shape_aggregate(options, input, *compute));
  auto impl = std::make_unique<Impl>(std::move(options), std::move(shape));
  impl->compute = std::move(compute);
  if (Status prepared = impl->prepare(careful); !prepared) {
    Error error = std::move(prepared).error();
    error.place = "steps." + impl->options.name + ".aggregate";
    return fail(std::move(error));
  }
  return std::unique_ptr<Aggregate>(new Aggregate(std::move(impl)));
}

Result<Schema> Aggregate::check(const AggregateOptions& options, const Schema& input, Session& compute) {
  return TRY(shape_aggregate(options, input, compute)).output;
}

const Schema& Aggregate::schema() const { return impl_->shape.output; }
Status Aggregate::open(Checkpoint& checkpoint) { return impl_->open(checkpoint); }
Result<StepOutput> Aggregate::advance(const Batch& rows, const StepTime& time) { return impl_->advance(rows, time); }

bool Aggregate::due(Micros watermark) const {
  return impl_->first && *impl_->first < impl_->windows.first_open(watermark);
}

std::optional<Micros> Aggregate::watermark_out(std::optional<Micros> in) const {
  if (!in) return std::nullopt;
  return Micros(in->value == INT64_MIN ? INT64_MIN : in->value - 1);
}

Status Aggregate::pack(StateChanges& changes) {
  TRY(impl_->table->pack(changes));
  for (StateTable& set : impl_->members) TRY(set.pack(changes));
  return {};
}

void Aggregate::merge() {
  impl_->table->merge();
  for (StateTable& set : impl_->members) set.merge();
  impl_->first_committed = impl_->first;
}

void Aggregate::discard() {
  impl_->table->discard();
  for (StateTable& set : impl_->members) set.discard();
  impl_->first = impl_->first_committed;
}

std::string Aggregate::explain() const {
  const AggregateOptions& options = impl_->options;
  return fmt::format(
      "window: {} of event time {}, {}\nSQL of a batch: {}\nof its groups:  {}\nstate:  {}, in memory up to {}, then "
      "on disk\n",
      format_duration(std::chrono::microseconds(impl_->windows.length())), options.time,
      impl_->updates() ? "what changed comes out of each batch" : "each comes out when it is closed",
      impl_->shape.groups.partial_sql(), impl_->shape.results.final_sql(), to_string(impl_->shape.state),
      format_bytes(options.memory));
}

StatefulStep::Size Aggregate::size() const {
  Size size;
  const auto add = [&](const TableSize& table) {
    size.rows += table.rows;
    size.bytes = Bytes(size.bytes.value + table.bytes.value);
    size.memory = Bytes(size.memory.value + table.memory.value);
  };
  add(impl_->table->size());
  for (const StateTable& set : impl_->members) add(set.size());
  return size;
}

}  // namespace weir
