#pragma once
// Proves that no row of a batch is unaccounted for: for each source, step and sink, rows taken (with those released from
// state, and made) = rows given + each reason.
// A difference is our own bug and ends the process, in release builds too: a batch that does not balance is not committed.
//
// Threads: one caller at a time.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "data/reject.h"
#include "steps/step.h"

namespace weir {

class Books {
 public:
  // `rows` entered the pipeline at `source`, `given` of them left its decoder.
  void source(const std::string& source, std::uint64_t rows, std::uint64_t given);
  void step(const std::string& from, const StepOutput& output);
  void sink(const std::string& sink, const std::string& from, std::uint64_t taken, std::uint64_t written);
  void rejected(const std::vector<Rejected>& rows);

  // What does not balance, in words; empty when all is accounted for.
  std::string imbalance() const;

 private:
  struct Entry {
    std::string name;
    std::uint64_t taken = 0;
    std::uint64_t given = 0;
  };
  void take(const std::string& name, const std::string& from, std::uint64_t taken);

  std::vector<Entry> entries_;
  std::map<std::string, std::uint64_t> given_;  // rows on each edge
  std::map<std::string, std::uint64_t> left_;   // rows that left at each entry by a reason
  std::string broken_edges_;
};

}  // namespace weir
