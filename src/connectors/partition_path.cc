#include "connectors/partition_path.h"

#include <algorithm>
#include <map>
#include <unordered_map>

#include <fmt/format.h>

#include "data/schema.h"

namespace weir {
namespace {

constexpr std::string_view null_partition = "__HIVE_DEFAULT_PARTITION__";
constexpr std::size_t name_bytes_max = 255;  // of a directory entry, on every common file system

// One column of texts, read row by row.
class TextColumn {
 public:
  TextColumn(const Chunk& chunk, std::size_t column)
      : data_(static_cast<duckdb_string_t*>(duckdb_vector_get_data(chunk.column(column)))),
        validity_(duckdb_vector_get_validity(chunk.column(column))) {}
  std::optional<std::string_view> at(std::size_t row) const {
    if (!is_valid(validity_, row)) return std::nullopt;
    return std::string_view(duckdb_string_t_data(&data_[row]), duckdb_string_t_length(data_[row]));
  }

 private:
  duckdb_string_t* data_;
  const std::uint64_t* validity_;
};

// Collects row positions by directory while the rows pass in order.
class Groups {
 public:
  // False: one directory too many.
  bool add(const std::string& directory, std::uint64_t row) {
    auto found = rows_.find(directory);
    if (found == rows_.end()) {
      if (rows_.size() == Partitioner::parts_max) return false;
      found = rows_.emplace(directory, std::vector<std::uint64_t>{}).first;
    }
    found->second.push_back(row);
    return true;
  }
  std::map<std::string, std::vector<std::uint64_t>> sorted() && {
    return {std::make_move_iterator(rows_.begin()), std::make_move_iterator(rows_.end())};
  }

 private:
  std::unordered_map<std::string, std::vector<std::uint64_t>> rows_;
};

// Texts that readers would take for null: Hive's own, and DuckDB's.
bool reads_as_null(std::string_view value) {
  constexpr std::string_view null = "null";
  return value == null_partition || std::equal(value.begin(), value.end(), null.begin(), null.end(),
                                               [](char a, char b) { return (a | 0x20) == b; });
}

}  // namespace

std::string escape_partition(std::string_view value) {
  // The characters that Spark escapes, and glob characters.
  constexpr std::string_view special = "\"#%'*/:=?\\{}[]^";
  std::string out;
  if (reads_as_null(value)) {
    out = fmt::format("%{:02X}", static_cast<unsigned char>(value.front()));
    value.remove_prefix(1);
  }
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F || special.find(c) != std::string_view::npos)
      out += fmt::format("%{:02X}", byte);
    else
      out += c;
  }
  return out;
}

std::string partition_directory(std::string_view column, std::optional<std::string_view> value) {
  std::string name = escape_partition(column) + "=";
  return name + (value && !value->empty() ? escape_partition(*value) : std::string(null_partition));
}

Result<Batch> Partitioner::texts(Session& io, const Batch& rows) const {
  std::string sql = "SELECT ";
  for (const std::string& column : columns_) {
    if (&column != &columns_.front()) sql += ", ";
    sql += fmt::format("CAST({} AS VARCHAR)", quote_identifier(column));
  }
  Query query = TRY(io.prepare(sql + " FROM input", {{"input", rows.schema()}}));
  return query.run(rows);
}

Result<Parts> Partitioner::split(Session& io, const Batch& rows) const {
  Parts out;
  if (columns_.empty()) {
    out.parts.push_back({"", rows});
    return out;
  }
  const Batch values = TRY(texts(io, rows));
  const std::vector<std::uint64_t> src =
      rows.schema().find(src_column) ? rows.src() : std::vector<std::uint64_t>(rows.rows());
  Groups groups;
  std::uint64_t row = 0;
  const auto reject = [&](const std::string& column, std::string message) {
    out.rejected.push_back({src[row], Code::sink_rejected, column, std::move(message), sink_, "", ""});
  };
  for (const auto& chunk : values.chunks()) {
    std::vector<TextColumn> columns;
    for (std::size_t c = 0; c < columns_.size(); ++c) columns.emplace_back(*chunk, c);
    for (std::size_t i = 0; i < chunk->rows(); ++i, ++row) {
      std::string directory;
      const std::string* too_long = nullptr;
      for (std::size_t c = 0; c < columns_.size(); ++c) {
        const std::string name = partition_directory(columns_[c], columns[c].at(i));
        if (name.size() > name_bytes_max) too_long = &columns_[c];
        directory += (c == 0 ? "" : "/") + name;
      }
      if (too_long != nullptr)
        reject(*too_long, fmt::format("partition value too long: `column=value` may take {} bytes", name_bytes_max));
      else if (!groups.add(directory, row))
        reject(columns_.front(), fmt::format("more than {} partitions in one batch", parts_max));
    }
  }
  for (auto& [directory, picked] : std::move(groups).sorted())
    out.parts.push_back({directory, take_rows(rows, picked)});
  return out;
}

}  // namespace weir
