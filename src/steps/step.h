#pragma once
// Turns batches into batches. A step has no clock and no I/O; what it remembers goes through StateTable. One Step may
// stand for several entries of the YAML list: neighbouring filter, select and expect entries are one SQL statement.
//
// Books: for each entry of the list, rows taken + released from state + made = rows given + held in state + every Rejected +
// every Dropped. The runner asserts it.
//
// Threads: one caller at a time. Errors: a single row's error is a Rejected, never an Error; Fault::config where the
// user's rule says so (`on_fail: fail`), Fault::internal for our own bugs.

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "data/batch.h"
#include "data/reject.h"

namespace weir {

// Rows in and out of one entry of the YAML list.
struct StepBooks {
  std::string step;
  std::uint64_t taken = 0;
  std::uint64_t given = 0;
  std::uint64_t held = 0;      // rows that went into state (a window, a join)
  std::uint64_t released = 0;  // rows that came out of it
  std::uint64_t made = 0;      // rows beyond the first that one row became (flatten)
};

// How often an expectation held; rows that an earlier clause removed are not counted.
struct ExpectationCount {
  std::string rule;
  std::string owner;
  std::uint64_t passed = 0;
  std::uint64_t failed = 0;
};

struct StepOutput {
  Batch rows;
  std::vector<Rejected> rejected = {};
  std::vector<Dropped> dropped = {};
  std::vector<StepBooks> books = {};
  std::vector<ExpectationCount> expectations = {};
};

class Step {
 public:
  virtual ~Step() = default;
  // Columns of the rows that come out, hidden ones included; known before any row.
  virtual const Schema& schema() const = 0;
  virtual Result<StepOutput> process(const Batch& rows) = 0;
  // What it does, for people: its SQL or its rule, in lines.
  virtual std::string explain() const = 0;
};

}  // namespace weir
