#pragma once
// Lets a statement say which row did what, so that one run over a batch gives its result and the exact books beside it:
//
//   weir_note(clause UINTEGER, row UBIGINT) -> FALSE    remembers the pair
//   weir_same(row UBIGINT) -> row                       a column that the optimizer cannot move a filter past
//
// Both are volatile for DuckDB: it neither folds, repeats nor reorders them. Threads: the session's one caller.

#include <cstdint>
#include <utility>
#include <vector>

#include <duckdb.h>

#include "base/result.h"

namespace weir {

struct Note {
  std::uint32_t clause = 0;
  std::uint64_t row = 0;
  auto operator<=>(const Note&) const = default;
};

class Notes {
 public:
  Status install(duckdb_connection connection);
  void add(Note note) { notes_.push_back(note); }
  std::vector<Note> take() { return std::exchange(notes_, {}); }

 private:
  std::vector<Note> notes_;
};

}  // namespace weir
