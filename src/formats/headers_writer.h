#pragma once
// Writes Kafka headers into a list<struct<name: string, value: binary>> vector. Kafka does not hold names to UTF-8, a string
// column does: what is none becomes U+FFFD.
//
// Threads: one thread an object. Ownership: the bound chunk must outlive the writes.

#include <cstdint>
#include <span>

#include "data/record.h"
#include "data/type.h"
#include "formats/column_writer.h"

namespace weir {

Type headers_type();

class HeadersWriter {
 public:
  void bind(duckdb_vector list);
  void write(std::uint64_t row, std::span<const Header> headers);
  void finish_chunk();

 private:
  void grow(std::uint64_t room);

  ColumnWriter list_;
  ColumnWriter element_;
  ColumnWriter name_;
  ColumnWriter value_;
  std::uint64_t used_ = 0;
  std::uint64_t room_ = 0;
};

}  // namespace weir
