#include "connectors/rate_source.h"

#include <algorithm>

#include <fmt/format.h>

namespace weir {
namespace {

constexpr std::uint64_t second = 1'000'000;
constexpr std::uint64_t row_bytes = 16;  // a timestamp and a value

std::shared_ptr<const Schema> make_schema() {
  return std::make_shared<const Schema>(std::vector<Column>{{"timestamp", Type{TypeKind::timestamp}, false},
                                                            {"value", Type{TypeKind::int64}, false},
                                                            {std::string(src_column), Type{TypeKind::uint64}, false}});
}

// Fills chunks of full size, one row after the other.
class RowWriter {
 public:
  explicit RowWriter(std::shared_ptr<const Schema> schema) : schema_(std::move(schema)) {}

  void add(std::int64_t timestamp, std::int64_t value, std::uint64_t src) {
    if (used_ == 0) open();
    timestamps_[used_] = timestamp;
    values_[used_] = value;
    srcs_[used_] = src;
    if (++used_ == duckdb_vector_size()) close();
  }
  Batch finish() && {
    if (used_ > 0) close();
    return Batch(std::move(schema_), std::move(chunks_));
  }

 private:
  void open() {
    chunk_.emplace(make_chunk(*schema_));
    timestamps_ = static_cast<std::int64_t*>(duckdb_vector_get_data(chunk_->column(0)));
    values_ = static_cast<std::int64_t*>(duckdb_vector_get_data(chunk_->column(1)));
    srcs_ = static_cast<std::uint64_t*>(duckdb_vector_get_data(chunk_->column(2)));
  }
  void close() {
    duckdb_data_chunk_set_size(chunk_->get(), used_);
    chunks_.push_back(std::make_shared<const Chunk>(std::move(*chunk_)));
    chunk_.reset();
    used_ = 0;
  }

  std::shared_ptr<const Schema> schema_;
  std::vector<std::shared_ptr<const Chunk>> chunks_;
  std::optional<Chunk> chunk_;
  std::int64_t* timestamps_ = nullptr;
  std::int64_t* values_ = nullptr;
  std::uint64_t* srcs_ = nullptr;
  std::size_t used_ = 0;
};

}  // namespace

RateSource::RateSource(std::string name, RateSourceSpec spec, std::uint64_t index, Clock& clock)
    : name_(std::move(name)), spec_(spec), index_(index), clock_(clock), schema_(make_schema()) {}

Status RateSource::verify() {
  if (spec_.rows_per_second < 1)
    return fail(Fault::config, fmt::format("source '{}': rows_per_second is 1 or more", name_));
  if (spec_.partitions < 1) return fail(Fault::config, fmt::format("source '{}': partitions is 1 or more", name_));
  return {};
}

Status RateSource::open(const std::optional<Position>& committed) {
  given_ = committed ? TRY(total_of(*committed)) : 0;
  opened_at_ = given_;
  opened_ = clock_.running();
  return {};
}

Result<Fetched> RateSource::fetch(const FetchLimits& limits) {
  const auto deadline = clock_.running() + limits.wait_max;
  const Total until = limits.until ? TRY(total_of(*limits.until)) : UINT64_MAX;
  while (std::min(due(), until) <= given_ && given_ < until) {
    const auto left = deadline - clock_.running();
    if (left.count() <= 0 || !clock_.sleep(std::min(left, until_next()), limits.stop)) break;
  }
  const Total most = std::min(limits.records_max, std::max<std::uint64_t>(limits.bytes_max.value / row_bytes, 1));
  const Total next = std::clamp(std::min(due(), until), given_, given_ + most);
  SourceRanges ranges;
  const Position begin = position_at(given_);
  const Position end = position_at(next);
  for (std::size_t p = 0; p < begin.size(); ++p) ranges.push_back({"", begin[p].partition, begin[p].next, end[p].next});
  Fetched fetched = TRY(give(ranges));
  fetched.reached_until = limits.until && given_ >= until;
  return fetched;
}

Result<Fetched> RateSource::read(const SourceRanges& ranges) {
  auto fetched = give(ranges);
  opened_at_ = given_;
  opened_ = clock_.running();
  return fetched;
}

Result<Fetched> RateSource::give(const SourceRanges& ranges) {
  given_ = TRY(total_of(end_of(ranges)));
  Fetched fetched;
  fetched.ranges = ranges;
  fetched.columns = rows_of(ranges);
  return fetched;
}

Result<Position> RateSource::end() { return position_at(spec_.rows ? *spec_.rows : given_ + spec_.rows_per_second); }

std::vector<PartitionLag> RateSource::lag() {
  std::vector<PartitionLag> out;
  const Position here = position_at(given_);
  const Position ahead = position_at(std::max(given_, due()));
  for (std::size_t p = 0; p < here.size(); ++p)
    out.push_back({"", here[p].partition, ahead[p].next.value - here[p].next.value, std::nullopt});
  return out;
}

// The partitions go in step, so the sum says it all; a position that is not in step is not ours.
Result<RateSource::Total> RateSource::total_of(const Position& position) const {
  Total total = 0;
  for (const PartitionPosition& p : position) total += static_cast<Total>(p.next.value);
  if (position != position_at(total))
    return fail(Fault::config,
                fmt::format("source '{}': its position was made with another number of partitions; set it back to {}, "
                            "or give the source a new name",
                            name_, position.size()));
  return total;
}

Position RateSource::position_at(Total total) const {
  Position position;
  const auto partitions = static_cast<Total>(spec_.partitions);
  for (Total p = 0; p < partitions; ++p)
    position.push_back({"", PartitionId(static_cast<std::int32_t>(p)),
                        Offset(static_cast<std::int64_t>(total / partitions + (p < total % partitions ? 1 : 0)))});
  return position;
}

RateSource::Total RateSource::due() const {
  const auto running = static_cast<Total>((clock_.running() - opened_).count());
  const Total rate = spec_.rows_per_second;
  const Total made = opened_at_ + running / second * rate + running % second * rate / second;
  return spec_.rows ? std::min(made, *spec_.rows) : made;
}

// At least ten milliseconds: a busy loop serves nobody.
Clock::Duration RateSource::until_next() const {
  const auto a_row = static_cast<std::int64_t>(second / spec_.rows_per_second);
  return Clock::Duration(std::max<std::int64_t>(a_row, 10'000));
}

Batch RateSource::rows_of(const SourceRanges& ranges) const {
  RowWriter writer(schema_);
  std::uint64_t ordinal = 0;
  for (const PartitionRange& range : ranges) {
    for (std::int64_t offset = range.begin.value; offset < range.end.value; ++offset) {
      const Total row =
          static_cast<Total>(offset) * static_cast<Total>(spec_.partitions) + static_cast<Total>(range.partition.value);
      const Total after =
          row / spec_.rows_per_second * second + row % spec_.rows_per_second * second / spec_.rows_per_second;
      writer.add(first_timestamp.value + static_cast<std::int64_t>(after), static_cast<std::int64_t>(row),
                 make_src(index_, ordinal++));
    }
  }
  return std::move(writer).finish();
}

}  // namespace weir
