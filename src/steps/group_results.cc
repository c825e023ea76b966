#include "steps/group_results.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include <fmt/format.h>

#include "base/clock.h"
#include "steps/made_columns.h"

namespace weir {

Result<GroupResults> GroupResults::make(const AggregateShape& shape, const TumblingWindows& windows,
                                        const std::string& step, bool upserts, std::shared_ptr<Session> compute) {
  const auto with_ends = [windows](const Batch& groups, const std::shared_ptr<const Schema>& schema) {
    std::vector<std::size_t> from{0, made_column};
    while (from.size() < schema->size()) from.push_back(from.size() - 1);
    return with_made_columns(groups, schema, from, [&](const Chunk& chunk, Chunk& made, std::uint64_t) {
      const auto* const starts = column_values<std::int64_t>(chunk, 0);
      auto* const ends = column_values<std::int64_t>(made, 1);
      for (std::size_t i = 0; i < chunk.rows(); ++i) ends[i] = windows.end_of(Micros(starts[i])).value;
    });
  };
  // Out of state groups come in order; those that a batch changed do not.
  return make(shape, with_ends, step, upserts, upserts, std::move(compute));
}

Result<GroupResults> GroupResults::make(const AggregateShape& shape, Complete complete, const std::string& step,
                                        bool upserts, bool sorted, std::shared_ptr<Session> compute) {
  Query query = TRY(compute->prepare(shape.output_sql(sorted), {{"input", shape.results.final_input()}}));
  return GroupResults(shape, std::move(complete), step, upserts, std::move(compute), std::move(query));
}

GroupResults::GroupResults(const AggregateShape& shape, Complete complete, const std::string& step, bool upserts,
                           std::shared_ptr<Session> compute, Query query)
    : shape_(&shape),
      complete_(std::move(complete)),
      place_("steps." + step + ".aggregate.select"),
      upserts_(upserts),
      compute_(std::move(compute)),
      input_(std::make_shared<const Schema>(shape.results.final_input())),
      output_(std::make_shared<const Schema>(shape.output)),
      query_(std::move(query)) {}

Result<Batch> GroupResults::rows(const Batch& groups, Operation operation, std::uint64_t first) {
  if (groups.empty()) return Batch(output_, {});
  const Batch ended = complete_(groups, input_);
  const auto results = query_.run(ended);
  if (!results) return fail(explain(ended, results.error()));
  TRY(check_decimals(*results));
  return with_hidden(*results, operation, first);
}

Batch GroupResults::with_hidden(const Batch& results, Operation operation, std::uint64_t first) const {
  const std::size_t visible = results.schema().size();
  std::vector<std::size_t> from(output_->size(), made_column);
  std::iota(from.begin(), from.begin() + static_cast<std::ptrdiff_t>(visible), std::size_t{0});
  return with_made_columns(results, output_, from, [&](const Chunk& chunk, Chunk& made, std::uint64_t row) {
    auto* const src = column_values<std::uint64_t>(made, visible);
    for (std::size_t i = 0; i < chunk.rows(); ++i) src[i] = made_src(first + row + i, shape_->maker);
    if (upserts_)
      std::fill_n(column_values<std::uint8_t>(made, visible + 1), chunk.rows(), static_cast<std::uint8_t>(operation));
  });
}

Error GroupResults::explain(const Batch& groups, const Error& error) {
  if (error.fault != Fault::data && error.fault != Fault::config) return error;
  for (const AggregateResult& result : shape_->results.results) {
    const auto failing = first_failing(groups, result);
    if (!failing) continue;
    const std::uint64_t row[] = {*failing};
    const Batch one = take_rows(groups, row);
    const Micros start(column_values<std::int64_t>(*one.chunks().front(), 0)[0]);
    return {Fault::config, Retry::no,
            fmt::format("cannot be computed for a group of the window that begins {}: {}, in: {}",
                        format_rfc3339(start), error.message, result.text),
            place_ + "." + result.name};
  }
  return {Fault::config, Retry::no, error.message, place_};
}

// Halves the groups; fails where the result can be computed for all of them.
Result<std::uint64_t> GroupResults::first_failing(const Batch& groups, const AggregateResult& result) {
  Query query = TRY(compute_->prepare("SELECT (" + result.sql + ") AS v FROM input", {{"input", *input_}}));
  if (query.run(groups)) return fail(Fault::internal, "it is not this one");
  std::uint64_t least = 0, most = groups.rows() - 1;
  while (least < most) {
    const std::uint64_t middle = least + (most - least) / 2;
    std::vector<std::uint64_t> half(middle - least + 1);
    std::iota(half.begin(), half.end(), least);
    if (query.run(take_rows(groups, half)))
      least = middle + 1;
    else
      most = middle;
  }
  return least;
}

// DuckDB's sums of decimals use all of 128 bits, which is more than 38 digits.
Status GroupResults::check_decimals(const Batch& results) const {
  constexpr int digits_of_int64 = 18;
  for (std::size_t c = 0; c < results.schema().size(); ++c) {
    const Column& column = results.schema().columns()[c];
    if (column.type.kind != TypeKind::decimal || column.type.width <= digits_of_int64) continue;
    __int128 limit = 1;
    for (int i = 0; i < column.type.width; ++i) limit *= 10;
    for (const auto& chunk : results.chunks()) {
      const auto* const values = column_values<duckdb_hugeint>(*chunk, c);
      const std::uint64_t* const validity = duckdb_vector_get_validity(chunk->column(c));
      for (std::size_t i = 0; i < chunk->rows(); ++i) {
        if (!is_valid(validity, i)) continue;
        const __int128 value = static_cast<__int128>(values[i].upper) << 64 | values[i].lower;
        if (value >= limit || value <= -limit)
          return fail(Fault::config,
                      fmt::format("a sum has more than the {} digits of its type, {}", column.type.width,
                                  to_string(column.type)),
                      place_ + "." + column.name);
      }
    }
  }
  return {};
}

}  // namespace weir
