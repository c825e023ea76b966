#include "data/schema.h"

#include <algorithm>

namespace weir {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

std::string quoted(std::string_view text, char quote) {
  std::string out(1, quote);
  for (const char c : text) {
    if (c == quote) out += quote;
    out += c;
  }
  return out += quote;
}

}  // namespace

std::optional<std::size_t> Schema::find(std::string_view name) const {
  for (std::size_t i = 0; i < columns_.size(); ++i)
    if (same_name(columns_[i].name, name)) return i;
  return std::nullopt;
}

Schema Schema::visible() const {
  Schema out;
  for (const Column& column : columns_)
    if (column.name != src_column && column.name != op_column) out.add(column);
  return out;
}

std::string to_string(const Schema& schema) {
  std::string out;
  for (const Column& column : schema.columns()) {
    if (!out.empty()) out += ", ";
    out += column.name + " " + to_string(column.type);
  }
  return out;
}

std::string quote_identifier(std::string_view name) { return quoted(name, '"'); }
std::string quote_literal(std::string_view text) { return quoted(text, '\''); }

}  // namespace weir
