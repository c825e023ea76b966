#include "pipeline/fetcher.h"

#include <utility>

#include "base/crash_point.h"

namespace weir {

std::uint64_t FetchedSet::rows() const {
  std::uint64_t rows = 0;
  for (const Fetched& fetched : sources) rows += fetched.rows();
  return rows;
}

Status decode(std::vector<SourceNode>& sources, Clock& clock, FetchedSet& set) {
  const Clock::Duration since = clock.running();
  for (std::size_t i = 0; i < sources.size(); ++i) {
    Decoded decoded;
    if (sources[i].decoder) decoded = TRY(sources[i].decoder->decode(set.sources[i].records, i));
    set.decoded.push_back(std::move(decoded));
  }
  set.decoding = clock.running() - since;
  return {};
}

Fetcher::Fetcher(std::vector<SourceNode>& sources, Clock& clock, std::stop_token stop)
    : sources_(sources),
      clock_(clock),
      outer_(std::move(stop), [this] { ending_.request_stop(); }),
      worker_([this](std::stop_token ended) { work(ended); }) {}

Fetcher::~Fetcher() = default;

void Fetcher::begin(std::vector<FetchLimits> limits) {
  const std::lock_guard lock(mutex_);
  if (under_way_) return;
  under_way_ = true;
  wanted_ = std::move(limits);
  changed_.notify_all();
}

Result<FetchedSet> Fetcher::take() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return got_.has_value(); });
  under_way_ = false;
  Result<FetchedSet> got = std::move(*got_);
  got_.reset();
  return got;
}

void Fetcher::report(std::vector<Position> committed) {
  const std::lock_guard lock(mutex_);
  to_report_ = std::move(committed);
}

void Fetcher::work(std::stop_token stop) {
  const std::stop_callback at_end(stop, [this] { ending_.request_stop(); });
  for (;;) {
    std::vector<FetchLimits> limits;
    std::vector<Position> committed;
    {
      std::unique_lock lock(mutex_);
      if (!changed_.wait(lock, stop, [this] { return wanted_.has_value(); })) break;
      limits = std::move(*wanted_);
      wanted_.reset();
      committed = std::exchange(to_report_, {});
    }
    for (FetchLimits& one : limits) one.stop = ending_.get_token();
    for (std::size_t i = 0; i < committed.size(); ++i) sources_[i].source->report(committed[i]);
    Result<FetchedSet> got = fetch_all(limits);
    const std::lock_guard lock(mutex_);
    got_ = std::move(got);
    changed_.notify_all();
  }
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < to_report_.size(); ++i) sources_[i].source->report(to_report_[i]);
}

// A source that gave its rows must not lose them because the next one failed: they are held for the next try.
Result<FetchedSet> Fetcher::fetch_all(const std::vector<FetchLimits>& limits) {
  for (std::size_t i = held_.size(); i < sources_.size(); ++i) {
    TRY(fault_point("source.fetch"));
    held_.push_back(TRY(sources_[i].source->fetch(limits[i])));
  }
  FetchedSet set;
  set.sources = std::exchange(held_, {});
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    set.lag.push_back(sources_[i].source->lag());
    const Fetched& one = set.sources[i];
    set.full = set.full || one.rows() >= limits[i].records_max || one.records.bytes >= limits[i].bytes_max;
  }
  TRY(decode(sources_, clock_, set));
  return set;
}

}  // namespace weir
