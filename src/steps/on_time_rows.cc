#include "steps/on_time_rows.h"

#include <fmt/format.h>

#include "base/clock.h"

namespace weir {

OnTimeRows on_time_rows(const Batch& rows, const OnTimeRule& rule, std::optional<Micros> first,
                        std::optional<Micros> watermark, StepOutput& out) {
  OnTimeRows on_time;
  on_time.times.reserve(rows.rows());
  std::vector<std::uint64_t> kept;
  kept.reserve(rows.rows());
  std::vector<std::uint64_t> src;  // read when the first row is refused
  std::uint64_t late = 0;
  std::uint64_t row = 0;
  const auto refuse = [&](Code code, std::string message) {
    if (src.empty()) src = rows.src();
    out.rejected.push_back({src[row], code, rule.column, std::move(message), rule.step, {}, {}});
  };
  for (const auto& chunk : rows.chunks()) {
    const auto* const times = static_cast<const std::int64_t*>(duckdb_vector_get_data(chunk->column(rule.position)));
    const std::uint64_t* const validity = duckdb_vector_get_validity(chunk->column(rule.position));
    for (std::size_t i = 0; i < chunk->rows(); ++i, ++row) {
      const Micros time(times[i]);
      if (!is_valid(validity, i)) {
        refuse(Code::null_not_allowed, "the event time is null");
      } else if (time < rule.least || time > rule.most) {
        refuse(Code::value_out_of_range, "the event time is beyond the time that a window can have");
      } else if (!first || time >= *first) {
        kept.push_back(row);
        on_time.times.push_back(time);
      } else if (rule.late == OnLate::drop) {
        ++late;
      } else {
        refuse(Code::late_record, fmt::format("{} {} the watermark, {}", format_rfc3339(time), rule.late_because,
                                              watermark ? format_rfc3339(*watermark) : "unset"));
      }
    }
  }
  if (late > 0) out.dropped.push_back({rule.step, DropReason::late, late});
  on_time.rows = kept.size() == rows.rows() ? rows : take_rows(rows, kept);
  return on_time;
}

}  // namespace weir
