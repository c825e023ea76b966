#pragma once
// Packs rows of a batch into bytes, one string a row, and back: as a key, whose bytes are in the order of its values, or as
// a row, which is smaller and faster but in no order. Both are stored in checkpoints: their bytes do not change.
//
// Order of keys: null first; then false, true; numbers by value, -0.0 as 0.0, NaN (any, as one) last; strings and binary by
// their bytes; dates and times by time. Two values have one key exactly if SQL's GROUP BY takes them for one.
//
// Types: all of type.h; interval, list, structure and map in rows only. Threads: a codec may be used from one thread at a time.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "data/batch.h"
#include "data/schema.h"

namespace weir {

// Strings one behind the other: the packed form of a column of keys or rows.
struct PackedRows {
  std::string bytes;
  std::vector<std::uint64_t> ends;  // of each string in `bytes`
  std::size_t size() const { return ends.size(); }
  std::string_view operator[](std::size_t i) const {
    const std::uint64_t begin = i == 0 ? 0 : ends[i - 1];
    return std::string_view(bytes).substr(begin, ends[i] - begin);
  }
};

enum class RowForm { key, row };

class RowCodec {
 public:
  // Fault::config for a column whose type cannot be packed, naming it.
  static Result<RowCodec> make(const std::vector<Column>& columns, RowForm form);

  // The columns from `first` on of each row of `rows`; their types must be those of the codec.
  PackedRows encode(const Batch& rows, std::size_t first) const;

  // Writes packed rows into rows 0, 1, ... of the columns from `first` on of a new chunk, at most as many as it holds.
  // Fault::data for bytes that are no such row.
  Status decode(std::span<const std::string_view> rows, duckdb_data_chunk chunk, std::size_t first) const;

 private:
  // How DuckDB lays a value out.
  enum class Layout : std::uint8_t {
    int8,
    int16,
    int32,
    int64,
    int128,
    uint8,
    uint16,
    uint32,
    uint64,
    float32,
    float64,
    bytes,
    interval,
    list,  // a map, too: of structures
    structure
  };
  struct Node {
    Layout layout;
    std::vector<Node> children;
  };
  static std::optional<Node> node_of(const Type& type, RowForm form);
  static std::optional<Layout> layout_of(const Type& type, RowForm form);
  void append_value(std::string& out, Layout layout, void* data, std::size_t row) const;
  bool take_value(std::string_view& in, Layout layout, duckdb_vector vector, void* data, std::size_t row) const;
  void append_node(std::string& out, const Node& node, duckdb_vector vector, std::size_t row) const;
  bool take_node(std::string_view& in, const Node& node, duckdb_vector vector, std::size_t row) const;
  bool take_marked(std::string_view& in, const Node& node, duckdb_vector vector, std::size_t row) const;

  RowCodec(std::vector<Node> nodes, RowForm form) : nodes_(std::move(nodes)), form_(form) {}
  std::vector<Node> nodes_;
  RowForm form_;
};

}  // namespace weir
