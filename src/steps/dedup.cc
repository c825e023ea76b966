#include "steps/dedup.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/hash.h"
#include "config/units.h"
#include "steps/on_time_rows.h"

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
  const std::string place = "steps." + options_.name + ".dedup";
  Schema key;
  for (const std::size_t column : key_) key.add(schema_.columns()[column]);
  // Keys beyond a shorter time are just not asked for; those beyond a longer one may have been forgotten, which whoever
  // asks for a time of its own must hear.
  options.meanings = {
      {"event time", options_.time, {}, false, place},
      {"key", to_string(key), {}, false, place + ".key"},
      {"within", format_duration(options_.within), options_.within.count(), options_.follows_delay, place + ".within"}};
  keys_.emplace(TRY(KeySet::open(checkpoint, options)));
  secret_ = checkpoint.secret();
  return {};
}

Result<StepOutput> Dedup::advance(const Batch& rows, const StepTime& time) {
  StepOutput out;
  std::optional<Micros> not_late;
  if (time.late) not_late = Micros(time.late->value + (time.late->value < INT64_MAX ? 1 : 0));
  const auto [on_time, times] = on_time_rows(rows, {options_.name, options_.time, time_, options_.late, "is not after"},
                                             not_late, time.late, out);
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

std::string Dedup::explain() const {
  return fmt::format(
      "dedup:  the first row of each ({}) within {} of event time {}\nstate:  a 128-bit hash of each key, in memory "
      "up to {}, then on disk\n",
      fmt::join(options_.key, ", "), format_duration(options_.within), options_.time, format_bytes(options_.memory));
}

StatefulStep::Size Dedup::size() const {
  const TableSize size = keys_->size();
  return {size.rows, size.bytes, size.memory};
}

}  // namespace weir
