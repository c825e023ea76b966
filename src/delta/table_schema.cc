#include "delta/table_schema.h"

#include <array>
#include <cstdio>

#include <fmt/format.h>

#include "base/check.h"
#include "base/json.h"

namespace weir::delta {
namespace {

struct Primitive {
  TypeKind kind;
  const char* name;
};

constexpr Primitive primitives[] = {
    {TypeKind::boolean, "boolean"}, {TypeKind::int8, "byte"},           {TypeKind::int16, "short"},
    {TypeKind::int32, "integer"},   {TypeKind::int64, "long"},          {TypeKind::float32, "float"},
    {TypeKind::float64, "double"},  {TypeKind::string, "string"},       {TypeKind::binary, "binary"},
    {TypeKind::date, "date"},       {TypeKind::timestamp, "timestamp"},
};

const char* primitive_name(TypeKind kind) {
  for (const Primitive& one : primitives)
    if (one.kind == kind) return one.name;
  return nullptr;
}

Json type_json(const Type& type) {
  switch (type.kind) {
    case TypeKind::decimal: return fmt::format("decimal({},{})", type.width, type.scale);
    case TypeKind::list:
      return {{"type", "array"}, {"elementType", type_json(type.children.at(0).type)}, {"containsNull", true}};
    case TypeKind::map:
      return {{"type", "map"},
              {"keyType", type_json(type.children.at(0).type)},
              {"valueType", type_json(type.children.at(1).type)},
              {"valueContainsNull", true}};
    case TypeKind::structure: {
      Json fields = Json::array();
      for (const NamedType& child : type.children)
        fields.push_back(
            {{"name", child.name}, {"type", type_json(child.type)}, {"nullable", true}, {"metadata", Json::object()}});
      return {{"type", "struct"}, {"fields", std::move(fields)}};
    }
    default: {
      const char* const name = primitive_name(type.kind);
      CHECK(name != nullptr, "the type is a stored one");
      return name;
    }
  }
}

Json field_json(const Column& column) {
  return {{"name", column.name}, {"type", type_json(column.type)}, {"nullable", true}, {"metadata", Json::object()}};
}

bool is_true(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() || !found->is_boolean() || found->get<bool>();
}

// What is read of one type of the table.
struct Read {
  std::optional<Type> type;
  bool strict = false;
  std::string unsupported;
};

Read read_type(const Json& json);

Read read_named(const std::string& name) {
  for (const Primitive& one : primitives)
    if (name == one.name) return {Type{one.kind, 0, 0, {}}, false, {}};
  unsigned width = 0;
  unsigned scale = 0;
  if (std::sscanf(name.c_str(), "decimal(%u,%u)", &width, &scale) == 2 && width >= 1 && width <= 38 && scale <= width)
    return {decimal_type(static_cast<std::uint8_t>(width), static_cast<std::uint8_t>(scale)), false, {}};
  return {};
}

// Rules that a field's metadata puts on its writers. Defaults of columns apply to INSERTs that leave them out, not to us.
std::string rule_of(const Json& field) {
  const auto metadata = field.find("metadata");
  if (metadata == field.end() || !metadata->is_object()) return {};
  for (const auto& [key, value] : metadata->items()) {
    if (key == "delta.invariants") return "an invariant";
    if (key == "delta.generationExpression") return "a generated value";
    if (key.starts_with("delta.identity.")) return "an identity";
    if (key.starts_with("delta.columnMapping.")) return "a column mapping";
  }
  return {};
}

void take_over(Read& to, const Read& from) {
  to.strict = to.strict || from.strict;
  if (to.unsupported.empty()) to.unsupported = from.unsupported;
}

Read read_struct(const Json& json) {
  Read out;
  Type type{TypeKind::structure, 0, 0, {}};
  bool known = true;
  for (const Json& field : json.value("fields", Json::array())) {
    const Read inner = field.contains("type") ? read_type(field["type"]) : Read{};
    take_over(out, inner);
    if (out.unsupported.empty()) out.unsupported = rule_of(field);
    out.strict = out.strict || !is_true(field, "nullable");
    known = known && inner.type.has_value();
    if (known) type.children.push_back({field.value("name", ""), *inner.type});
  }
  if (known) out.type = std::move(type);
  return out;
}

Read read_type(const Json& json) {
  if (json.is_string()) return read_named(json.get<std::string>());
  if (!json.is_object()) return {};
  const std::string kind = json.value("type", "");
  if (kind == "struct") return read_struct(json);
  Read out;
  if (kind == "array" && json.contains("elementType")) {
    const Read element = read_type(json["elementType"]);
    take_over(out, element);
    out.strict = out.strict || !is_true(json, "containsNull");
    if (element.type) out.type = list_type(*element.type);
  } else if (kind == "map" && json.contains("keyType") && json.contains("valueType")) {
    const Read key = read_type(json["keyType"]);
    const Read value = read_type(json["valueType"]);
    take_over(out, key);
    take_over(out, value);
    out.strict = out.strict || !is_true(json, "valueContainsNull");
    if (key.type && value.type) out.type = Type{TypeKind::map, 0, 0, {{"key", *key.type}, {"value", *value.type}}};
  }
  return out;
}

Result<Json> parse_fields(std::string_view text) {
  Json json = TRY(parse_json(text));
  if (json.is_object() && json.contains("fields") && json["fields"].is_array()) return json;
  return fail(Fault::data, "the schema of the table is not readable");
}

}  // namespace

const TableColumn* TableSchema::find(std::string_view name) const {
  for (const TableColumn& column : columns)
    if (Schema({{column.name, {}, true}}).find(name)) return &column;
  return nullptr;
}

Result<TableSchema> parse_table_schema(std::string_view text) {
  const Json json = TRY(parse_fields(text));
  TableSchema out;
  try {
    for (const Json& field : json["fields"]) {
      const Read read = read_type(field.at("type"));
      TableColumn column;
      column.name = field.at("name").get<std::string>();
      column.type = read.type;
      column.type_text = read.type                   ? type_text(*read.type)
                         : field["type"].is_string() ? field["type"].get<std::string>()
                                                     : dump_json(field["type"]);
      column.nullable = is_true(field, "nullable");
      column.strict = read.strict;
      column.unsupported = rule_of(field);
      if (column.unsupported.empty()) column.unsupported = read.unsupported;
      out.columns.push_back(std::move(column));
    }
  } catch (const nlohmann::json::exception& e) {
    return fail(Fault::data, std::string("the schema of the table is not readable: ") + e.what());
  }
  return out;
}

std::optional<Type> stored_type(const Type& type) {
  if (type.kind == TypeKind::json || type.kind == TypeKind::uuid) return Type{TypeKind::string, 0, 0, {}};
  const bool nested = type.kind == TypeKind::list || type.kind == TypeKind::structure || type.kind == TypeKind::map;
  if (!nested && type.kind != TypeKind::decimal && primitive_name(type.kind) == nullptr) return std::nullopt;
  Type out{type.kind, type.width, type.scale, {}};
  for (const NamedType& child : type.children) {
    auto inner = stored_type(child.type);
    if (!inner) return std::nullopt;
    out.children.push_back({child.name, std::move(*inner)});
  }
  return out;
}

std::string type_text(const Type& type) {
  const auto child = [&](std::size_t i) { return type_text(type.children.at(i).type); };
  switch (type.kind) {
    case TypeKind::list: return "array<" + child(0) + ">";
    case TypeKind::map: return "map<" + child(0) + ", " + child(1) + ">";
    case TypeKind::structure: {
      std::string out = "struct<";
      for (std::size_t i = 0; i < type.children.size(); ++i)
        out += (i == 0 ? "" : ", ") + type.children[i].name + ": " + child(i);
      return out + ">";
    }
    default: return type_json(type).get<std::string>();
  }
}

std::string schema_json(const Schema& schema) {
  Json fields = Json::array();
  for (const Column& column : schema.columns()) fields.push_back(field_json(column));
  return dump_json({{"type", "struct"}, {"fields", std::move(fields)}});
}

Result<std::string> add_columns(std::string_view text, const std::vector<Column>& columns) {
  Json json = TRY(parse_fields(text));
  for (const Column& column : columns) json["fields"].push_back(field_json(column));
  return dump_json(json);
}

}  // namespace weir::delta
