#pragma once
// Takes the rows of a batch, once. A sink stores who wrote batch N (writer, epoch, N, plan hash) in the same transaction as
// the rows; a repeat of what it has already is a no-op.
//
// The talk, in order:
//   verify(schema)      once, before any work: reachable, writable, the schema fits; within 10 s, naming what is wrong
//   open(writer, epoch) once at start-up; rolls forward what an earlier run left half done
//   landed()            the last batch that this sink holds of our writer; nullopt: none
//   claim()             when that agrees with the checkpoint, and about hourly: no older epoch may write from here on, and
//                       what the sink remembers is renewed where it would be forgotten
//   write(id, rows)     returns when the rows are durable; called again with the same id and rows after a failure
//
// Stop, do not guess: the same N with another plan hash, a higher epoch, or a foreign writer under our name is a
// Fault::config "another writer owns this". An answer that may or may not have committed is looked up inside the sink
// before anything else. No rows, no transaction (write is not called).
//
// Threads: one caller at a time. Ownership: the batch is shared, not kept after write returns.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/types.h"
#include "data/batch.h"
#include "data/reject.h"

namespace weir {

struct BatchId {
  std::string writer;  // UUID of the checkpoint
  Epoch epoch;
  BatchNumber number;
  std::uint64_t plan_hash = 0;
  bool operator==(const BatchId&) const = default;
};

struct Written {
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;  // as stored; 0 where unknown
  std::uint64_t files = 0;
  bool repeated = false;                // the sink had this batch already
  std::vector<Rejected> rejected = {};  // rows that the sink refuses for ever (a size, a constraint)
  bool stored = true;  // false: nothing is; the refused rows go into the plan first, then the others come
};

enum class Guarantee { exactly_once, at_least_once };

class Sink {
 public:
  virtual ~Sink() = default;
  virtual Guarantee guarantee() const = 0;
  virtual Status verify(const Schema& schema) = 0;
  virtual Status open(const std::string& writer, Epoch epoch) = 0;
  virtual Result<std::optional<BatchId>> landed() = 0;
  virtual Status claim() { return {}; }
  // Where its memory is and what makes it forget, for the message that it did.
  virtual std::string memory_hint() const { return {}; }
  virtual Result<Written> write(const BatchId& id, const Batch& rows) = 0;
};

}  // namespace weir
