#pragma once
// Splits a batch by the values of its partition columns and names the directory of each part as Hive does:
// `event_date=2026-01-01/currency=EUR`. Names and values are escaped (%XX), so no value leaves its directory; null and
// the empty string become __HIVE_DEFAULT_PARTITION__ (Hive knows no empty value, and Spark refuses `p=`).
//
// Threads: one caller at a time. Errors: a value that no file system takes rejects its rows, it never fails the batch.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "data/batch.h"
#include "data/reject.h"
#include "sql/session.h"

namespace weir {

struct Part {
  std::string directory;  // relative, "" without partition columns
  Batch rows;
};

struct Parts {
  std::vector<Part> parts;  // by directory
  std::vector<Rejected> rejected;
};

// `value` as it stands in a directory's name.
std::string escape_partition(std::string_view value);
// `column=value`.
std::string partition_directory(std::string_view column, std::optional<std::string_view> value);

class Partitioner {
 public:
  // Rows of more than this many directories in one batch are rejected, in row order.
  static constexpr std::size_t parts_max = 1024;

  // `sink` is named in rejections. The columns are in the schema.
  Partitioner(std::string sink, std::vector<std::string> columns)
      : sink_(std::move(sink)), columns_(std::move(columns)) {}

  Result<Parts> split(Session& io, const Batch& rows) const;

 private:
  Result<Batch> texts(Session& io, const Batch& rows) const;

  std::string sink_;
  std::vector<std::string> columns_;
};

}  // namespace weir
