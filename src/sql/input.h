#pragma once
// The table function through which DuckDB reads our batches. Each input of each Query is an InputSlot with a number; the
// name that a statement uses becomes `weir_input(number)` by a replacement scan.
//
// Threads: the session's one caller. Ownership: InputTables belongs to a session and is alive as long as its DuckDB instance.

#include <atomic>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <duckdb.h>

#include "base/result.h"
#include "data/batch.h"

namespace weir {

struct InputSlot {
  Schema schema;
  bool numbered = false;            // one column more: the position of the row
  const Batch* batch = nullptr;     // set while the query runs
  std::vector<idx_t> columns_read;  // as of the last run
};

class InputTables {
 public:
  // Teaches an instance the function and the names.
  Status install(duckdb_database database, duckdb_connection connection);

  std::uint64_t add(Schema schema, bool numbered);
  void remove(std::uint64_t slot) { slots_.erase(slot); }
  InputSlot& at(std::uint64_t slot) { return slots_.at(slot); }
  bool has(std::uint64_t slot) const { return slots_.contains(slot); }

  // The names that statements bound from now on may use.
  using Names = std::vector<std::pair<std::string, std::uint64_t>>;
  void set_names(const Names* names) { names_ = names; }
  const Names* names() const { return names_; }

  std::atomic<bool> stopped = false;

 private:
  std::map<std::uint64_t, InputSlot> slots_;
  std::uint64_t next_ = 1;
  const Names* names_ = nullptr;
};

}  // namespace weir
