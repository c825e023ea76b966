#include "state/interval_index.h"

#include <algorithm>

#include "base/check.h"
#include "base/hash.h"

namespace weir {
namespace {

// Nodes of the two trees with their headers, the key's string and its vector.
constexpr std::uint64_t bytes_a_key = 120;
constexpr std::uint64_t bytes_an_interval = 88;

bool starts_before(const Interval& interval, std::int64_t start) { return interval.start < start; }

}  // namespace

std::size_t IntervalIndex::Hash::operator()(std::string_view key) const { return hash64(key); }

std::vector<IntervalIndex::Found> IntervalIndex::overlapping(std::string_view key, Interval with) const {
  std::vector<Found> found;
  const auto at = by_key_.find(key);
  if (at == by_key_.end()) return found;
  const Intervals& all = at->second;
  // They do not overlap, so their ends are in the order of their starts.
  auto one = std::partition_point(all.begin(), all.end(), [&](const Interval& i) { return i.end <= with.start; });
  for (; one != all.end() && one->start < with.end; ++one) found.push_back({at->first, *one});
  return found;
}

// The key's place, which leave() must follow.
IntervalIndex::ByKey::iterator IntervalIndex::touch(std::string_view key) {
  auto at = by_key_.find(key);
  if (at == by_key_.end()) {
    at = by_key_.emplace(std::string(key), Intervals()).first;
    key_bytes_ += key.size();
  }
  if (!touched_.contains(key)) {
    touched_.emplace(key);
    before_.emplace_back(key, at->second);
  }
  return at;
}

void IntervalIndex::leave(ByKey::iterator at) {
  if (!at->second.empty()) return;
  key_bytes_ -= at->first.size();
  by_key_.erase(at);
}

void IntervalIndex::put(std::string_view key, Interval interval) {
  CHECK(interval.start < interval.end, "an interval has a length");
  const auto at = touch(key);
  Intervals& all = at->second;
  const auto place = std::lower_bound(all.begin(), all.end(), interval.start, starts_before);
  if (place != all.end() && place->start == interval.start) {
    endings_.erase({place->end, place->start, &at->first});
    place->end = interval.end;
  } else {
    all.insert(place, interval);
  }
  endings_.insert({interval.end, interval.start, &at->first});
}

void IntervalIndex::erase(std::string_view key, std::int64_t start) {
  if (!by_key_.contains(key)) return;
  const auto at = touch(key);
  Intervals& all = at->second;
  const auto place = std::lower_bound(all.begin(), all.end(), start, starts_before);
  if (place != all.end() && place->start == start) {
    endings_.erase({place->end, place->start, &at->first});
    all.erase(place);
  }
  leave(at);
}

std::optional<std::int64_t> IntervalIndex::first_end() const {
  return endings_.empty() ? std::nullopt : std::optional(endings_.begin()->end);
}

std::vector<IntervalIndex::Found> IntervalIndex::ended(std::int64_t by) const {
  std::vector<Found> found;
  for (const Ending& ending : endings_) {
    if (ending.end > by) break;
    found.push_back({*ending.key, {ending.start, ending.end}});
  }
  return found;
}

void IntervalIndex::merge() {
  before_.clear();
  touched_.clear();
}

void IntervalIndex::discard() {
  for (const auto& [key, intervals] : before_) {
    auto at = by_key_.find(key);
    if (at != by_key_.end()) {
      for (const Interval& one : at->second) endings_.erase({one.end, one.start, &at->first});
    } else {
      if (intervals.empty()) continue;
      at = by_key_.emplace(key, Intervals()).first;
      key_bytes_ += key.size();
    }
    at->second = intervals;
    for (const Interval& one : intervals) endings_.insert({one.end, one.start, &at->first});
    leave(at);
  }
  merge();
}

std::uint64_t IntervalIndex::memory() const {
  return key_bytes_ + by_key_.size() * bytes_a_key + endings_.size() * bytes_an_interval;
}

}  // namespace weir
