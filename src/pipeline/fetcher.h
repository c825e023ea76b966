#pragma once
// Calls the sources and their decoders on a thread of its own, so that the next batch is fetched and decoded while this
// one runs and commits. All calls to a source after start-up go through here; that is what "one caller at a time" rests
// on. A decoder has no state from batch to batch: what it makes of records does not depend on the plan.
//
//   fetcher.begin(limits)      starts a fetch of every source; nothing happens when one is under way
//   fetcher.take()             waits for it and hands it over
//   fetcher.report(positions)  is passed on before the next fetch
//
// What was fetched ahead and not planned is forgotten at the end: nothing was promised.
//
// Threads: one caller at a time. Ownership: the sources and the clock must outlive the fetcher.

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <vector>

#include "base/result.h"
#include "connectors/source.h"
#include "pipeline/graph.h"

namespace weir {

struct FetchedSet {
  std::vector<Fetched> sources;  // by the graph's order
  std::vector<Decoded> decoded;  // the same; empty for a source that knows its columns
  Clock::Duration decoding{0};   // what that took
  std::vector<std::vector<PartitionLag>> lag;
  bool full = false;  // a limit of records or bytes was reached: there is more
  std::uint64_t rows() const;
};

// Decodes what `set.sources` holds.
Status decode(std::vector<SourceNode>& sources, Clock& clock, FetchedSet& set);

class Fetcher {
 public:
  // `stop` ends a fetch under way with what is there.
  Fetcher(std::vector<SourceNode>& sources, Clock& clock, std::stop_token stop = {});
  ~Fetcher();
  Fetcher(const Fetcher&) = delete;
  Fetcher& operator=(const Fetcher&) = delete;

  // One set of limits a source.
  void begin(std::vector<FetchLimits> limits);
  Result<FetchedSet> take();
  void report(std::vector<Position> committed);

 private:
  void work(std::stop_token stop);
  Result<FetchedSet> fetch_all(const std::vector<FetchLimits>& limits);

  std::vector<SourceNode>& sources_;
  Clock& clock_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::optional<std::vector<FetchLimits>> wanted_;  // guarded by mutex_
  std::optional<Result<FetchedSet>> got_;           // guarded by mutex_
  std::vector<Position> to_report_;                 // guarded by mutex_
  bool under_way_ = false;                          // guarded by mutex_
  std::vector<Fetched> held_;                       // of a fetch that failed half way; worker's thread only
  std::stop_source ending_;                         // asked by `stop`, and at the end
  std::stop_callback<std::function<void()>> outer_;
  std::jthread worker_;  // last: it uses all of the above
};

}  // namespace weir
