#include "steps/session_merge.h"

#include <algorithm>
#include <numeric>
#include <string_view>

#include "data/row_codec.h"
#include "steps/made_columns.h"

namespace weir {

Result<SessionMerge> merge_sessions(const Batch& known, const Batch& fresh, std::size_t keys) {
  SessionMerge out;
  const Batch all = concatenate(known, fresh);
  const std::vector<Column>& columns = all.schema().columns();
  const RowCodec codec =
      TRY(RowCodec::make({columns.begin() + 1, columns.begin() + static_cast<std::ptrdiff_t>(keys)}, RowForm::key));
  const PackedRows by = codec.encode(all, 1);
  std::vector<std::int64_t> starts, ends;
  for (const auto& chunk : all.chunks()) {
    const auto* const start = column_values<std::int64_t>(*chunk, 0);
    const auto* const end = column_values<std::int64_t>(*chunk, keys);
    starts.insert(starts.end(), start, start + chunk->rows());
    ends.insert(ends.end(), end, end + chunk->rows());
  }

  std::vector<std::size_t> order(all.rows());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const int keyed = by[a].compare(by[b]);
    if (keyed != 0) return keyed < 0;
    return starts[a] != starts[b] ? starts[a] < starts[b] : a < b;
  });
  std::vector<std::int64_t> target(all.rows());
  std::int64_t end = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const std::size_t row = order[i];
    const bool joins = i > 0 && by[row] == by[order[i - 1]] && starts[row] < end;
    target[row] = joins ? target[order[i - 1]] : starts[row];
    end = joins ? std::max(end, ends[row]) : ends[row];
  }
  for (std::size_t row = 0; row < known.rows(); ++row)
    if (target[row] != starts[row]) out.absorbed.push_back(row);

  std::vector<std::size_t> from(columns.size());
  std::iota(from.begin(), from.end(), std::size_t{0});
  from[0] = made_column;
  out.rows = with_made_columns(all, all.shared_schema(), from, [&](const Chunk& chunk, Chunk& made, std::uint64_t row) {
    std::copy_n(target.begin() + static_cast<std::ptrdiff_t>(row), chunk.rows(), column_values<std::int64_t>(made, 0));
  });
  return out;
}

}  // namespace weir
