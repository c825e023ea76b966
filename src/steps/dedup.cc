#include "steps/dedup.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/hash.h"

namespace weir {
namespace {

constexpr std::chrono::microseconds narrowest_bucket{1'000'000};
constexpr std::chrono::microseconds widest_bucket{3'600'000'000};

}  // namespace

Result<std::unique_ptr<Dedup>> Dedup::make(DedupOptions options, const Schema& input) {
  const auto time = input.find(options.time);
  if (!time || input.columns()[*time].type.kind != TypeKind::timestamp)
    return fail(
        Fault::config,
        fmt::format("needs the event time '{}' as a timestamp column; keep it in the steps before", options.time),
        "steps." + options.name + ".dedup");
  std::vector<std::size_t> key;
  std::vector<Column> columns;
  for (const std::string& name : options.key) {
    const auto found = input.find(name);
    if (!found)
      return fail(Fault::config,
                  fmt::format("there is no column '{}'; there are: {}", name, to_string(input.visible())),
                  "steps." + options.name + ".dedup.key");
    key.push_back(*found);
    columns.push_back(input.columns()[*found]);
  }
  auto codec = RowCodec::make(columns, RowForm::key);
  if (!codec) return fail(Fault::config, codec.error().message, "steps." + options.name + ".dedup.key");
  return std::unique_ptr<Dedup>(new Dedup(std::move(options), input, std::move(*codec), std::move(key), *time));
}

Status Dedup::open(Checkpoint& checkpoint) {
  KeySetOptions options;
  options.id = options_.name;
  options.bucket_width = Micros(std::clamp(options_.within / 8, narrowest_bucket, widest_bucket).count());
  options.memory_max = options_.memory;
  keys_.emplace(TRY(KeySet::open(checkpoint, options)));
  secret_ = checkpoint.secret();
  return {};
}

Batch Dedup::without_late(const Batch& rows, const StepTime& time, StepOutput& out, std::vector<Micros>& times) const {
  const std::vector<std::uint64_t> src = rows.src();
  std::vector<std::uint64_t> kept;
  std::uint64_t row = 0;
  std::uint64_t late_dropped = 0;
  for (const auto& chunk : rows.chunks()) {
    const auto* values = static_cast<const std::int64_t*>(duckdb_vector_get_data(chunk->column(time_)));
    const std::uint64_t* validity = duckdb_vector_get_validity(chunk->column(time_));
    for (std::size_t i = 0; i < chunk->rows(); ++i, ++row) {
      if (!is_valid(validity, i)) {
        out.rejected.push_back(
            {src[row], Code::null_not_allowed, options_.time, "the event time is null", options_.name, {}, {}});
      } else if (time.late && values[i] <= time.late->value) {
        if (options_.late == OnLate::drop) {
          ++late_dropped;
          continue;
        }
        out.rejected.push_back({src[row],
                                Code::late_record,
                                options_.time,
                                fmt::format("{} is not after the watermark, {}", format_rfc3339(Micros(values[i])),
                                            format_rfc3339(*time.late)),
                                options_.name,
                                {},
                                {}});
      } else {
        kept.push_back(row);
        times.emplace_back(values[i]);
      }
    }
  }
  if (late_dropped > 0) out.dropped.push_back({options_.name, DropReason::late, late_dropped});
  return kept.size() == rows.rows() ? rows : take_rows(rows, kept);
}

Result<StepOutput> Dedup::advance(const Batch& rows, const StepTime& time) {
  StepOutput out;
  std::vector<Micros> times;
  const Batch on_time = without_late(rows, time, out, times);
  const PackedRows packed = codec_.encode(select_columns(on_time, key_), 0);
  std::vector<Hash128> keys;
  keys.reserve(packed.size());
  for (std::size_t i = 0; i < packed.size(); ++i) keys.push_back(hash128(packed[i], secret_));
  std::vector<std::uint8_t> fresh(keys.size());
  TRY(keys_->insert(keys, times, std::nullopt, Micros(options_.within.count()), fresh));
  std::vector<std::uint64_t> first;
  for (std::uint64_t i = 0; i < fresh.size(); ++i)
    if (fresh[i] != 0) first.push_back(i);
  out.rows = first.size() == on_time.rows() ? on_time : take_rows(on_time, first);
  out.dropped.push_back({options_.name, DropReason::duplicate, on_time.rows() - out.rows.rows()});
  out.books.push_back({options_.name, rows.rows(), out.rows.rows()});
  if (time.watermark) keys_->expire(horizon(*time.watermark));
  return out;
}

StatefulStep::Size Dedup::size() const {
  const TableSize size = keys_->size();
  return {size.rows, size.bytes, size.memory};
}

}  // namespace weir
