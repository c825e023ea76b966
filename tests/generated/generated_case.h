#pragma once
// A pipeline and its input, drawn from a seed. The parts are kept as data, so that the oracle can say the same in SQL.
//
// Threads: plain values.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "scenarios/runner/scenario.h"

namespace weir::generated {

struct Row {  // of the contract: id, k, v, a, x, t
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::int64_t id = 0;
  std::optional<std::string> k;
  std::optional<std::int64_t> v;
  std::int64_t cents = 0;  // a, decimal(12,2)
  double x = 0;
  std::int64_t t = 0;  // microseconds
};

struct Aggregate {
  std::string name;
  std::string sql;
  bool exact = true;        // sums of doubles depend on their order
  std::string of_all = {};  // as the oracle writes it, where that differs
};

struct Window {
  enum class Kind { tumbling, sliding, session } kind = Kind::tumbling;
  std::int64_t length = 0;  // microseconds; a session's gap
  std::int64_t offset = 0;
  std::int64_t every = 0;  // sliding
};

struct Case {
  std::uint64_t seed = 0;
  std::vector<Row> rows;         // readable ones
  std::uint64_t unreadable = 0;  // records that are no JSON
  std::vector<scenario::InputRecord> records;
  std::uint64_t max_records = 1;
  std::int64_t delay = 0;
  bool across_max = false;

  std::optional<std::string> filter;
  std::vector<std::string> dedup_key;  // empty: no dedup
  std::optional<std::int64_t> within;
  std::optional<Window> window;  // none: rows come out
  std::vector<std::string> by;
  std::vector<Aggregate> aggregates;
  bool update = false;
  std::optional<std::string> having;  // of append

  // Columns of a row that comes out, each as text or a number; the last ones may be inexact.
  std::vector<std::string> columns() const;
  std::string pipeline() const;  // YAML
  scenario::Scenario scenario() const;
};

Case draw(std::uint64_t seed);

}  // namespace weir::generated
