#pragma once
// Fits rows to a table: which of its columns they fill, as which type, and which columns it has to get first. Columns meet
// by name without regard to case; those that the rows lack are null.
//
//   the same type, or one that holds every value of it   the value is stored as the table's type
//   a column that the table lacks                         `merge` adds it, nullable; else Fault::config
//   any other type                                        Fault::config naming both, and the CAST that helps
//
// Threads: plain values. Errors: Fault::config, naming the column and the remedy.

#include <string>
#include <vector>

#include "base/result.h"
#include "data/schema.h"
#include "delta/snapshot.h"

namespace weir::delta {

struct StoredColumn {
  std::string name;        // the table's
  Type type;               // the table's
  std::string expression;  // SQL over the rows, quoted
  bool operator==(const StoredColumn&) const = default;
};

struct Layout {
  std::vector<StoredColumn> columns;           // of the data files, in the table's order
  std::vector<std::string> partition_columns;  // in the table's order and spelling
  std::string compression;
  std::int64_t indexed_columns = 32;
  bool operator==(const Layout&) const = default;
};

struct Fit {
  Layout layout;
  std::vector<Column> added;  // to the table's schema
};

// What must hold of the rows whatever the table: types that a table has, names that Spark takes, partition columns of a plain
// type. `rows` is without hidden columns.
Status check_rows(const Schema& rows, const std::vector<std::string>& partition_by);

// A table that does not exist yet takes the rows as they are; then `added` is empty and new_metadata() makes it.
Result<Fit> fit(const Snapshot& table, const Schema& rows, const std::vector<std::string>& partition_by, bool merge);

// Of a table for these rows, as a table is made.
Metadata new_metadata(const Schema& rows, const std::vector<std::string>& partition_by, std::int64_t now_ms);
// The table's own, with these columns behind those it has; its id stays.
Result<Metadata> merged_metadata(Metadata table, const std::vector<Column>& added);

}  // namespace weir::delta
