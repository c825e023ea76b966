#include "delta/statistics.h"

#include <algorithm>
#include <charconv>
#include <functional>

#include <fmt/format.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/json.h"

namespace weir::delta {
namespace {

constexpr std::size_t units_max = 32;
constexpr std::int64_t year_1_us = -62'135'596'800'000'000;      // 0001-01-01
constexpr std::int64_t year_10000_us = 253'402'300'800'000'000;  // 10000-01-01

// A column of its own to readers: a plain value at the end of a path through structs.
struct Leaf {
  Type type;
  std::string expression;
};

bool has_bounds(TypeKind kind) {
  switch (kind) {
    case TypeKind::boolean:
    case TypeKind::binary:
    case TypeKind::list:
    case TypeKind::map: return false;
    default: return true;
  }
}

// Calls `leaf` for each leaf in order until `left` of them were seen.
void walk(const std::string& expression, const Type& type, std::size_t& left, std::vector<Leaf>& out) {
  if (left == 0) return;
  if (type.kind != TypeKind::structure) {
    --left;
    out.push_back({type, expression});
    return;
  }
  for (const NamedType& child : type.children)
    walk(fmt::format("struct_extract({}, {})", expression, quote_literal(child.name)), child.type, left, out);
}

std::vector<Leaf> leaves_of(const Layout& layout) {
  std::size_t left = layout.indexed_columns < 0 ? SIZE_MAX : static_cast<std::size_t>(layout.indexed_columns);
  std::vector<Leaf> out;
  for (const StoredColumn& column : layout.columns) walk(column.expression, column.type, left, out);
  return out;
}

// A bound as text; of a long text only what decides how it is cut.
std::string bound_expression(const Leaf& leaf, const char* function) {
  const std::string bound = fmt::format("{}({})", function, leaf.expression);
  switch (leaf.type.kind) {
    case TypeKind::string: return fmt::format("left({}, {})", bound, units_max + 1);
    case TypeKind::float32: return fmt::format("CAST(CAST({} AS DOUBLE) AS VARCHAR)", bound);
    case TypeKind::date:
    case TypeKind::timestamp:
      return fmt::format("CAST(CASE WHEN isfinite({0}) THEN epoch_us({0}) END AS VARCHAR)", bound);
    default: return fmt::format("CAST({} AS VARCHAR)", bound);
  }
}

std::string statement(const std::vector<Leaf>& leaves) {
  std::string sql = "SELECT CAST(count(*) AS VARCHAR)";
  for (const Leaf& leaf : leaves) {
    sql += fmt::format(", CAST(count(*) - count({}) AS VARCHAR)", leaf.expression);
    if (has_bounds(leaf.type.kind)) sql += ", " + bound_expression(leaf, "min") + ", " + bound_expression(leaf, "max");
  }
  return sql + " FROM input";
}

std::optional<std::int64_t> integer(const std::string& text) {
  std::int64_t out = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

std::string json_text(std::string_view text) { return dump_json(Json(std::string(text))); }

using Bounds = std::optional<std::pair<std::string, std::string>>;  // both as JSON

Bounds double_bounds(std::string low, std::string high) {
  const auto finite = [](const std::string& text) {
    return text.find_first_not_of("0123456789+-.eE") == std::string::npos;
  };
  if (!finite(low) || !finite(high)) return std::nullopt;
  const auto zero = [](const std::string& text) { return text.find_first_of("123456789") == std::string::npos; };
  if (zero(low)) low = "-0.0";
  if (zero(high)) high = "0.0";
  return std::pair(std::move(low), std::move(high));
}

Bounds time_bounds(const std::string& low_text, const std::string& high_text, bool date) {
  const auto low = integer(low_text);
  const auto high = integer(high_text);
  if (!low || !high || *low < year_1_us || *high >= year_10000_us - 1000) return std::nullopt;
  constexpr std::size_t date_size = 10;                          // 2026-01-01
  constexpr std::size_t milliseconds_size = date_size + 1 + 12;  // 2026-01-01T00:00:00.000
  if (date)
    return std::pair(json_text(format_rfc3339(Micros(*low)).substr(0, date_size)),
                     json_text(format_rfc3339(Micros(*high)).substr(0, date_size)));
  return std::pair(json_text(format_rfc3339(Micros(*low)).substr(0, milliseconds_size) + "Z"),
                   json_text(format_rfc3339(Micros(*high + 999)).substr(0, milliseconds_size) + "Z"));
}

Bounds text_bounds(const std::string& low, const std::string& high) {
  auto cut = truncated_max(high);
  if (!cut) return std::nullopt;
  return std::pair(json_text(truncated_min(low)), json_text(*cut));
}

Bounds bounds_of(const Type& type, const std::optional<std::string>& low, const std::optional<std::string>& high) {
  if (!low || !high) return std::nullopt;
  switch (type.kind) {
    case TypeKind::float32:
    case TypeKind::float64: return double_bounds(*low, *high);
    case TypeKind::date: return time_bounds(*low, *high, true);
    case TypeKind::timestamp: return time_bounds(*low, *high, false);
    case TypeKind::string: return text_bounds(*low, *high);
    default: return std::pair(*low, *high);
  }
}

struct LeafStatistics {
  std::string null_count;
  Bounds bounds;
};

// Takes the leaves one by one, in the order of leaves_of(), and puts them where their columns stand.
class Writer {
 public:
  explicit Writer(const std::vector<LeafStatistics>& leaves) : leaves_(leaves) {}

  std::string object(const Layout& layout, const std::function<std::string(const LeafStatistics&)>& value) {
    next_ = 0;
    std::string out;
    for (const StoredColumn& column : layout.columns) append(out, column.name, column.type, value);
    return "{" + out + "}";
  }

 private:
  void append(std::string& out, const std::string& name, const Type& type,
              const std::function<std::string(const LeafStatistics&)>& value) {
    std::string text;
    if (type.kind == TypeKind::structure) {
      for (const NamedType& child : type.children) append(text, child.name, child.type, value);
      if (!text.empty()) text = "{" + text + "}";
    } else if (next_ < leaves_.size()) {
      text = value(leaves_[next_++]);
    }
    if (!text.empty()) out += (out.empty() ? "" : ",") + json_text(name) + ":" + text;
  }

  const std::vector<LeafStatistics>& leaves_;
  std::size_t next_ = 0;
};

// One row of texts.
std::vector<std::optional<std::string>> only_row(const Batch& batch) {
  CHECK(batch.rows() == 1, "an aggregate without groups gives one row");
  const Chunk& chunk = *batch.chunks().front();
  std::vector<std::optional<std::string>> out;
  for (std::size_t c = 0; c < batch.schema().size(); ++c) {
    out.emplace_back();
    if (!is_valid(duckdb_vector_get_validity(chunk.column(c)), 0)) continue;
    auto* const data = static_cast<duckdb_string_t*>(duckdb_vector_get_data(chunk.column(c)));
    out.back() = std::string(duckdb_string_t_data(data), duckdb_string_t_length(*data));
  }
  return out;
}

std::uint32_t code_point(std::string_view text, std::size_t at, std::size_t& size) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
  const unsigned char first = byte(0);
  size = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  size = std::min(size, text.size() - at);
  if (size == 1) return first;
  std::uint32_t out = first & (0xFFU >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) out = out << 6 | (byte(i) & 0x3FU);
  return out;
}

// Bytes of the longest prefix of whole characters with at most 32 UTF-16 units.
std::size_t prefix_size(std::string_view text) {
  std::size_t units = 0;
  std::size_t at = 0;
  while (at < text.size()) {
    std::size_t size = 1;
    units += code_point(text, at, size) >= 0x10000 ? 2 : 1;
    if (units > units_max) break;
    at += size;
  }
  return at;
}

}  // namespace

std::string truncated_min(std::string_view text) { return std::string(text.substr(0, prefix_size(text))); }

std::optional<std::string> truncated_max(std::string_view text) {
  const std::size_t kept = prefix_size(text);
  if (kept == text.size()) return std::string(text);
  std::size_t size = 1;
  const std::uint32_t next = code_point(text, kept, size);
  if (next == 0x10FFFF) return std::nullopt;  // nothing sorts after it
  return std::string(text.substr(0, kept)) + (next < 0x7F ? "\x7F" : "\xF4\x8F\xBF\xBF");
}

Result<std::string> statistics(Session& io, const Layout& layout, const Batch& rows) {
  const std::vector<Leaf> leaves = leaves_of(layout);
  Query query = TRY(io.prepare(statement(leaves), {{"input", rows.schema()}}));
  const Batch result = TRY(query.run(rows));
  const auto values = only_row(result);
  std::size_t at = 1;
  std::vector<LeafStatistics> found;
  for (const Leaf& leaf : leaves) {
    LeafStatistics one;
    one.null_count = values.at(at++).value();
    if (has_bounds(leaf.type.kind)) {
      one.bounds = bounds_of(leaf.type, values.at(at), values.at(at + 1));
      at += 2;
    }
    found.push_back(std::move(one));
  }
  Writer writer(found);
  const auto low = [](const LeafStatistics& leaf) { return leaf.bounds ? leaf.bounds->first : std::string(); };
  const auto high = [](const LeafStatistics& leaf) { return leaf.bounds ? leaf.bounds->second : std::string(); };
  const auto nulls = [](const LeafStatistics& leaf) { return leaf.null_count; };
  return fmt::format(R"({{"numRecords":{},"minValues":{},"maxValues":{},"nullCount":{}}})", values.front().value(),
                     writer.object(layout, low), writer.object(layout, high), writer.object(layout, nulls));
}

}  // namespace weir::delta
