#include "formats/json_field.h"

#include <algorithm>

#include "base/check.h"

namespace weir {
namespace {

// What a row takes in the vector of a type and below, elements of lists aside; 16 bytes are the widest value.
std::uint64_t row_bytes(const Type& type) {
  if (type.kind != TypeKind::structure) return 16;
  std::uint64_t bytes = 1;
  for (const NamedType& child : type.children) bytes += row_bytes(child.type);
  return bytes;
}

JsonField make_field(std::string name, const Type& type, TimestampFormat format, bool made) {
  JsonField field;
  field.name = std::move(name);
  field.type = type;
  field.kind = type.kind;
  field.format = format;
  field.made = made;
  if (type.kind == TypeKind::list) field.element_bytes = row_bytes(type.children[0].type);
  for (const NamedType& child : type.children) {
    if (type.kind == TypeKind::structure) field.shape.add_known(child.name);
    field.children.push_back(make_field(child.name, child.type, format, made));
  }
  return field;
}

}  // namespace

void JsonShape::add_known(std::string name) {
  const auto id = static_cast<Id>(by_name_.size());
  slots_.push_back({name, id});
  by_name_.emplace(std::move(name), id);
}

JsonShape::Id JsonShape::find(std::string_view name, bool plain, std::size_t& slot) {
  Id id = stranger;
  if (const auto known = by_name_.find(name); known != by_name_.end()) {
    id = known->second;
  } else if (unknown_.size() < unknown_max && name.size() <= 256) {
    id = ~static_cast<Id>(unknown_.size());
    unknown_.push_back({std::string(name), {}, 0});
    by_name_.emplace(name, id);
  }
  if (plain && id != stranger && slots_.size() < slots_max) {
    const auto place = static_cast<std::ptrdiff_t>(std::min(slot, slots_.size()));
    slots_.insert(slots_.begin() + place, {std::string(name), id});
    slot = static_cast<std::size_t>(place) + 1;
  }
  return id;
}

void JsonField::bind(duckdb_vector vector) {
  column.bind(vector);
  if (kind == TypeKind::list) {
    children[0].bind(duckdb_list_vector_get_child(vector));
  } else if (kind == TypeKind::structure) {
    for (std::size_t i = 0; i < children.size(); ++i) children[i].bind(duckdb_struct_vector_get_child(vector, i));
  }
}

void JsonField::start_chunk() {
  elements = elements_kept = 0;
  elements_room = duckdb_vector_size();
  for (JsonField& child : children) child.start_chunk();
}

void JsonField::set_null(std::uint64_t row) {
  if (kind == TypeKind::list) column.put(row, duckdb_list_entry{0, 0});
  column.set_null(row);
  if (kind == TypeKind::structure)
    for (JsonField& child : children) child.set_null(row);
}

void JsonField::make_room() {
  elements_room *= 2;
  CHECK(duckdb_list_vector_reserve(column.vector(), elements_room) == DuckDBSuccess, "a list's child vector grows");
  children[0].bind(duckdb_list_vector_get_child(column.vector()));
}

std::string JsonField::expected() const {
  switch (kind) {
    case TypeKind::timestamp:
      switch (format) {
        case TimestampFormat::rfc3339: return "a timestamp such as \"2026-01-31T12:00:00Z\"";
        case TimestampFormat::epoch_seconds: return "a timestamp as seconds since 1970";
        case TimestampFormat::epoch_millis: return "a timestamp as milliseconds since 1970";
        case TimestampFormat::epoch_micros: return "a timestamp as microseconds since 1970";
      }
      return "a timestamp";
    case TypeKind::date: return "a date such as \"2026-01-31\"";
    case TypeKind::binary: return "binary as a base64 string";
    case TypeKind::list: return "an array (" + to_string(type) + ")";
    case TypeKind::structure: return "an object";
    default: return to_string(type);
  }
}

JsonField make_root_field(const Contract& contract, const std::optional<std::vector<std::string>>& wanted) {
  JsonField root;
  for (const ContractField& rules : contract.fields()) {
    const bool made = !wanted || std::find(wanted->begin(), wanted->end(), rules.name) != wanted->end();
    JsonField field = make_field(rules.name, rules.type, rules.format, made);
    field.required = rules.required;
    field.nullable = rules.nullable;
    field.rules = &rules;
    field.checked = !rules.values.empty() || rules.pattern || rules.bounds.given;
    root.shape.add_known(rules.name);
    root.children.push_back(std::move(field));
  }
  return root;
}

}  // namespace weir
