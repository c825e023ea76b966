#include "cli/progress_totals.h"

#include <numeric>

namespace weir {
namespace {

template <class Map>
std::uint64_t sum(const Map& counts) {
  return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0},
                         [](std::uint64_t all, const auto& entry) { return all + entry.second; });
}

}  // namespace

void ProgressTotals::add(const BatchProgress& batch) {
  ++batches;
  rows_in += batch.rows_in();
  rows_out += batch.rows_out();
  for (const Dropped& drop : batch.dropped) dropped[{drop.step, drop.reason}] += drop.rows;
  for (const DeadLetterCount& count : batch.dead_letters) dead_letters[count.code] += count.rows;
  for (const ExpectationCount& count : batch.expectations) warned[count.rule] += count.failed;
  for (const SinkProgress& sink : batch.sinks) written[sink.sink] += sink.rows;
  lag = batch.lag_records();
  watermark = batch.watermark();
}

std::uint64_t ProgressTotals::rows_dropped() const { return sum(dropped); }
std::uint64_t ProgressTotals::rows_dead() const { return sum(dead_letters); }

void Pace::note(Clock::Duration now, std::uint64_t rows) {
  points_.emplace_back(now, rows);
  while (points_.size() > 2 && now - points_[1].first > window) points_.pop_front();
}

std::uint64_t Pace::per_second(Clock::Duration now) const {
  if (points_.empty()) return 0;
  const auto spent = (now - points_.front().first).count();
  if (spent <= 0) return 0;
  return (points_.back().second - points_.front().second) * 1'000'000 / static_cast<std::uint64_t>(spent);
}

std::string grouped(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3;) digits.insert(at -= 3, ",");
  return digits;
}

}  // namespace weir
