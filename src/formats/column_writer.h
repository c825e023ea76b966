#pragma once
// Writes values into one DuckDB vector, row by row. Rows may be written over: each write says whether the row is null.
//
// Threads: one thread an object. Ownership: the chunk that holds the vector must outlive the writer.

#include <cstdint>
#include <cstring>
#include <string_view>

#include <duckdb.h>

#include "formats/short_bytes.h"

namespace weir {

class ColumnWriter {
 public:
  void bind(duckdb_vector vector) {
    vector_ = vector;
    data_ = duckdb_vector_get_data(vector);
    validity_ = duckdb_vector_get_validity(vector);
  }

  duckdb_vector vector() const { return vector_; }

  template <class T>
  void put(std::uint64_t row, T value) {
    static_cast<T*>(data_)[row] = value;
    set_valid(row);
  }

  // Up to 12 bytes live in the row itself, as duckdb.h lays out duckdb_string_t; longer ones in the vector's heap. The text
  // is UTF-8 already.
  void put_string(std::uint64_t row, std::string_view text) {
    set_valid(row);
    if (text.size() > sizeof(duckdb_string_t::value.inlined.inlined)) {
      duckdb_unsafe_vector_assign_string_element_len(vector_, row, text.data(), text.size());
      return;
    }
    duckdb_string_t& value = static_cast<duckdb_string_t*>(data_)[row];
    value.value.inlined.length = static_cast<std::uint32_t>(text.size());
    std::memset(value.value.inlined.inlined, 0, sizeof(value.value.inlined.inlined));
    copy_short(value.value.inlined.inlined, text.data(), text.size());
  }

  // The value of another row of this vector; a long string is shared, not copied.
  void repeat_string(std::uint64_t row, std::uint64_t from) {
    static_cast<duckdb_string_t*>(data_)[row] = static_cast<duckdb_string_t*>(data_)[from];
    set_valid(row);
  }

  void set_valid(std::uint64_t row) {
    if (validity_ != nullptr) [[unlikely]]
      validity_[row >> 6] |= std::uint64_t{1} << (row & 63);
  }

  void set_null(std::uint64_t row) {
    if (validity_ == nullptr) [[unlikely]] {
      duckdb_vector_ensure_validity_writable(vector_);
      validity_ = duckdb_vector_get_validity(vector_);
    }
    validity_[row >> 6] &= ~(std::uint64_t{1} << (row & 63));
  }

 private:
  duckdb_vector vector_ = nullptr;
  void* data_ = nullptr;
  std::uint64_t* validity_ = nullptr;
};

}  // namespace weir
