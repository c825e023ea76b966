#include "connectors/text_table.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include <fmt/format.h>

namespace weir {
namespace {

using Cells = std::vector<std::vector<std::string>>;  // by column, the header first

// Bytes of the valid UTF-8 character at the front of `text`; 0: there is none.
std::size_t character_bytes(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  std::size_t size = 0;
  if (first < 0x80)
    size = 1;
  else if (first >= 0xC2 && first < 0xE0)
    size = 2;
  else if (first >= 0xE0 && first < 0xF0)
    size = 3;
  else if (first >= 0xF0 && first < 0xF5)
    size = 4;
  if (size == 0 || size > text.size()) return 0;
  for (std::size_t i = 1; i < size; ++i)
    if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) return 0;
  return size;
}

// C0, DEL, and C1 (U+0080 to U+009F), which some terminals obey.
bool is_control(std::string_view character) {
  const auto first = static_cast<unsigned char>(character[0]);
  if (character.size() == 1) return first < 0x20 || first == 0x7F;
  return first == 0xC2 && static_cast<unsigned char>(character[1]) < 0xA0;
}

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

bool is_number(TypeKind kind) { return (kind >= TypeKind::int8 && kind <= TypeKind::decimal); }

Result<Batch> as_text(Session& session, const Schema& visible, const Batch& rows) {
  std::string select;
  for (const Column& column : visible.columns())
    select += fmt::format("{}CAST({} AS VARCHAR)", select.empty() ? "" : ", ", quote_identifier(column.name));
  Query query = TRY(session.prepare("SELECT " + select + " FROM input", {{"input", rows.schema()}}));
  return query.run(rows);
}

Batch first_rows(const Batch& rows, std::size_t count) {
  std::vector<std::uint64_t> picked(std::min(count, rows.rows()));
  std::iota(picked.begin(), picked.end(), std::uint64_t{0});
  return take_rows(rows, picked);
}

Cells read_cells(const Schema& visible, const Batch& text, std::size_t width) {
  Cells cells;
  for (std::size_t c = 0; c < visible.size(); ++c) {
    auto& column = cells.emplace_back();
    column.push_back(printable(visible.columns()[c].name, width));
    for (const auto& chunk : text.chunks()) {
      auto* data = static_cast<duckdb_string_t*>(duckdb_vector_get_data(chunk->column(c)));
      const std::uint64_t* validity = duckdb_vector_get_validity(chunk->column(c));
      for (std::size_t i = 0; i < chunk->rows(); ++i)
        column.push_back(is_valid(validity, i)
                             ? printable({duckdb_string_t_data(&data[i]), duckdb_string_t_length(data[i])}, width)
                             : "NULL");
    }
  }
  return cells;
}

std::string padded(const std::string& text, std::size_t width, bool right) {
  const std::string blanks(width - characters(text), ' ');
  return right ? blanks + text : text + blanks;
}

}  // namespace

std::string printable(std::string_view text, std::size_t width) {
  std::string out;
  for (std::size_t used = 0; !text.empty(); ++used) {
    const std::size_t bytes = character_bytes(text);
    if (used + 1 >= width && text.size() > std::max<std::size_t>(bytes, 1)) return out + "…";
    const std::string_view character = text.substr(0, std::max<std::size_t>(bytes, 1));
    if (bytes == 0 || is_control(character)) {
      for (const char c : character) out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
      used += 4 * character.size() - 1;
    } else {
      out += character;
    }
    text.remove_prefix(character.size());
  }
  return out;
}

Result<std::string> text_table(Session& session, const Batch& rows, const TableLimits& limits) {
  const Schema visible = rows.schema().visible();
  if (visible.size() == 0) return std::string();
  const Batch text = TRY(as_text(session, visible, first_rows(rows, limits.rows)));
  const Cells cells = read_cells(visible, text, limits.cell_width);
  std::vector<std::size_t> widths;
  for (const auto& column : cells) {
    std::size_t width = 0;
    for (const std::string& cell : column) width = std::max(width, characters(cell));
    widths.push_back(width);
  }
  std::string out;
  for (std::size_t row = 0; row < cells[0].size(); ++row) {
    std::string line, rule;
    for (std::size_t c = 0; c < cells.size(); ++c) {
      const bool right = is_number(visible.columns()[c].type.kind);
      line += "  " + padded(cells[c][row], widths[c], right);
      rule += "  " + std::string(widths[c], '-');
    }
    while (line.ends_with(' ')) line.pop_back();
    out += line + "\n";
    if (row == 0) out += rule + "\n";
  }
  return out;
}

}  // namespace weir
