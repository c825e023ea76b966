#pragma once
// Gives records in ranges that can be asked for again. The runner fetches what is there, plans exactly that, and after a
// crash reads the planned ranges once more: the same ranges give the same rows.
//
// The talk, in order:
//   verify()                     once, before any work: credentials, topics; within 10 s, naming what is wrong
//   open(position)               once: where to go on; nullopt means the first start (the source's `start` option decides)
//   read(ranges)                 at most once after open, when a plan was found without its commit
//   fetch(limits)                from then on; what it returned is consumed, the next fetch goes on behind it
//   report(position)             after a commit, best effort, never read back
//
// Threads: one caller at a time. Errors: Fault::external with retry for a broker that is away; Fault::config for what a
// restart does not cure (unknown topic, refused credentials, data loss under `on_data_loss: fail`).

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/types.h"
#include "data/batch.h"
#include "data/ranges.h"
#include "data/record.h"

namespace weir {

struct FetchLimits {
  std::uint64_t records_max = 500'000;
  Bytes bytes_max{std::uint64_t{256} << 20};
  Clock::Duration wait_max{0};    // how long to wait for more once something or nothing is there
  std::optional<Position> until;  // never read a record at or past these; for `once` and `available_now`
  std::stop_token stop;           // give back what is there as soon as a stop is asked for
};

// What a fetch or a read gave: raw records for a decoder, or (sources that know their columns) a batch.
struct Fetched {
  SourceRanges ranges;  // all known partitions, those without records too
  RecordBatch records;
  std::optional<Batch> columns;  // set by sources without a format (rate); then `records` is empty
  bool reached_until = false;    // every partition stands at its `until`
  std::uint64_t rows() const { return columns ? columns->rows() : records.records.size(); }
};

struct PartitionLag {
  std::string topic;
  PartitionId partition;
  std::optional<std::int64_t> records;           // unread records; absent when unknown
  std::optional<std::chrono::microseconds> age;  // of the oldest unread record; absent when unknown
};

class Source {
 public:
  virtual ~Source() = default;
  virtual Status verify() = 0;
  virtual Status open(const std::optional<Position>& committed) = 0;
  virtual Result<Fetched> fetch(const FetchLimits& limits) = 0;
  virtual Result<Fetched> read(const SourceRanges& ranges) = 0;
  // The present end of every known partition (read_committed: the last stable offset).
  virtual Result<Position> end() = 0;
  virtual std::vector<PartitionLag> lag() = 0;
  virtual void report(const Position& committed) = 0;
  // Columns of `Fetched::columns`, hidden `_src` included; nullopt for a source of raw records.
  virtual std::optional<Schema> schema() const = 0;
};

}  // namespace weir
