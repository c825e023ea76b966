#pragma once
// Lists the columns of a batch by name and type. Names are unique without regard to case, as in DuckDB.
//
// Two hidden columns may follow the visible ones: `_src` (uint64), the source record that a row came from, and `_op`
// (uint8, see Operation). A batch without `_op` holds inserts only.
//
// Threads: plain values.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/type.h"

namespace weir {

inline constexpr std::string_view src_column = "_src";
inline constexpr std::string_view op_column = "_op";

enum class Operation : std::uint8_t { insert = 0, upsert = 1, remove = 2 };

// Where in the batch a record stands: source index in the upper 24 bits, ordinal in the source below.
constexpr std::uint64_t make_src(std::uint64_t source, std::uint64_t ordinal) { return source << 40 | ordinal; }
// Of a row that a step made (a window's), the i-th of its batch: there is no record to look up. Each such step of a
// pipeline has a `maker` of its own, from 0; its rows have the source made_source - maker.
inline constexpr std::uint64_t made_source = (std::uint64_t{1} << 24) - 1;
constexpr std::uint64_t made_src(std::uint64_t i, std::uint64_t maker = 0) { return make_src(made_source - maker, i); }
constexpr std::uint64_t src_source(std::uint64_t src) { return src >> 40; }
constexpr std::uint64_t src_ordinal(std::uint64_t src) { return src & ((std::uint64_t{1} << 40) - 1); }

struct Column {
  std::string name;
  Type type;
  bool nullable = true;
  bool operator==(const Column&) const = default;
};

class Schema {
 public:
  Schema() = default;
  explicit Schema(std::vector<Column> columns) : columns_(std::move(columns)) {}

  const std::vector<Column>& columns() const { return columns_; }
  std::size_t size() const { return columns_.size(); }
  // Position by name, without regard to case.
  std::optional<std::size_t> find(std::string_view name) const;
  void add(Column column) { columns_.push_back(std::move(column)); }
  // Without `_src` and `_op`: what a user sees and a sink writes.
  Schema visible() const;
  bool operator==(const Schema&) const = default;

 private:
  std::vector<Column> columns_;
};

// "name type, name type", for messages.
std::string to_string(const Schema& schema);
// `"na""me"`: an identifier as SQL quotes it.
std::string quote_identifier(std::string_view name);
// `'it''s'`: a string literal.
std::string quote_literal(std::string_view text);

}  // namespace weir
