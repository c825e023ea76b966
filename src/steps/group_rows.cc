#include "steps/group_rows.h"

#include "base/check.h"
#include "steps/made_columns.h"

namespace weir {
namespace {

bool is_of_rows(const Error& error) { return error.fault == Fault::data || error.fault == Fault::config; }

// The window's start as the first column, then the columns of `rows` at these positions.
Batch with_starts(const Batch& rows, const Schema& schema, std::vector<std::size_t> from,
                  const std::function<Micros(const Chunk&, std::size_t in_chunk, std::uint64_t row)>& start) {
  from.insert(from.begin(), made_column);
  const auto fill = [&](const Chunk& chunk, Chunk& made, std::uint64_t row) {
    auto* const starts = column_values<std::int64_t>(made, 0);
    for (std::size_t i = 0; i < chunk.rows(); ++i) starts[i] = start(chunk, i, row + i).value;
  };
  return with_made_columns(rows, std::make_shared<const Schema>(schema), from, fill);
}

Schema with_row_window(const Schema& input) {
  Schema out({{std::string(row_window), Type{TypeKind::timestamp}, true}});
  for (const Column& column : input.columns()) out.add(column);
  return out;
}

std::vector<std::size_t> all_of(const Schema& schema) {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < schema.size(); ++i) out.push_back(i);
  return out;
}

}  // namespace

Result<GroupRows::Queries> GroupRows::prepare(const AggregateShape& shape, Session& session, const std::string& from,
                                              const Schema& input) {
  Queries out{TRY(session.prepare(shape.groups.partial_sql(from), {{"input", input}})), {}};
  for (std::size_t i = 0; i < shape.groups.sets.size(); ++i)
    out.members.push_back(TRY(session.prepare(shape.groups.set_sql(i, from), {{"input", input}})));
  return out;
}

Result<GroupRows> GroupRows::make(const AggregateShape& shape, const TumblingWindows& windows,
                                  const std::shared_ptr<Session>& compute, const std::shared_ptr<Session>& careful) {
  auto chain = TRY(StatelessChain::compile({shape.of_rows}, shape.input, compute, careful));
  Queries fast = TRY(prepare(shape, *compute, shape.rows_sql(), with_row_window(shape.input)));
  Queries slow = TRY(prepare(shape, *compute, "input", shape.groups.input()));
  return GroupRows(shape, windows, std::move(fast), std::move(slow), std::move(chain));
}

Result<GroupRows::Groups> GroupRows::run(Queries& queries, const Batch& input) const {
  Groups out;
  out.rows = input.rows();
  out.partial = renamed(TRY(queries.partial.run(input)), std::make_shared<const Schema>(shape_->state));
  for (Query& members : queries.members) out.members.push_back(TRY(members.run(input)));
  return out;
}

Result<GroupRows::Groups> GroupRows::group(const Batch& rows, const std::vector<Micros>& times, StepOutput& out) {
  CHECK(rows.rows() == times.size());
  // Rows that follow each other are mostly of one window.
  Micros start = times.empty() ? Micros(0) : windows_.start_of(times.front());
  const auto start_of = [&](const Chunk&, std::size_t, std::uint64_t row) {
    // Unsigned: two times may be further apart than an int64 counts.
    const auto in = static_cast<std::uint64_t>(times[row].value) - static_cast<std::uint64_t>(start.value);
    if (in >= static_cast<std::uint64_t>(windows_.length())) start = windows_.start_of(times[row]);
    return start;
  };
  const Batch input = with_starts(rows, with_row_window(rows.schema()), all_of(rows.schema()), start_of);
  auto groups = run(fast_, input);
  if (groups || !is_of_rows(groups.error())) return groups;
  return group_carefully(rows, out);
}

Result<GroupRows::Groups> GroupRows::group_carefully(const Batch& rows, StepOutput& out) {
  StepOutput computed = TRY(of_rows_->process(rows));
  for (Rejected& reject : computed.rejected) {
    reject.field = shape_->column_for(reject.field);
    out.rejected.push_back(std::move(reject));
  }
  const Schema& made = of_rows_->schema();
  const std::size_t time = made.find(row_time).value();
  const auto start_of = [&](const Chunk& chunk, std::size_t i, std::uint64_t) {
    return windows_.start_of(Micros(column_values<std::int64_t>(chunk, time)[i]));
  };
  const Schema schema = shape_->groups.input();
  std::vector<std::size_t> from;
  for (std::size_t i = 1; i < schema.size(); ++i) from.push_back(made.find(schema.columns()[i].name).value());
  auto groups = run(careful_, with_starts(computed.rows, schema, std::move(from), start_of));
  if (groups || groups.error().fault != Fault::data) return groups;
  return fail(Fault::config, "what is kept of a group is beyond its bounds: " + groups.error().message);
}

}  // namespace weir
