#include "data/type.h"

#include "data/schema.h"

namespace weir {
namespace {

struct KindNames {
  TypeKind kind;
  const char* contract;
  const char* sql;
};

constexpr KindNames kind_names[] = {
    {TypeKind::boolean, "bool", "BOOLEAN"},
    {TypeKind::int8, "int8", "TINYINT"},
    {TypeKind::int16, "int16", "SMALLINT"},
    {TypeKind::int32, "int32", "INTEGER"},
    {TypeKind::int64, "int64", "BIGINT"},
    {TypeKind::int128, "int128", "HUGEINT"},
    {TypeKind::uint8, "uint8", "UTINYINT"},
    {TypeKind::uint16, "uint16", "USMALLINT"},
    {TypeKind::uint32, "uint32", "UINTEGER"},
    {TypeKind::uint64, "uint64", "UBIGINT"},
    {TypeKind::float32, "float", "FLOAT"},
    {TypeKind::float64, "double", "DOUBLE"},
    {TypeKind::decimal, "decimal", "DECIMAL"},
    {TypeKind::string, "string", "VARCHAR"},
    {TypeKind::json, "json", "JSON"},
    {TypeKind::binary, "binary", "BLOB"},
    {TypeKind::date, "date", "DATE"},
    {TypeKind::time, "time", "TIME"},
    {TypeKind::timestamp, "timestamp", "TIMESTAMP WITH TIME ZONE"},
    {TypeKind::timestamp_ntz, "timestamp_ntz", "TIMESTAMP"},
    {TypeKind::interval, "interval", "INTERVAL"},
    {TypeKind::uuid, "uuid", "UUID"},
    {TypeKind::list, "list", "LIST"},
    {TypeKind::structure, "struct", "STRUCT"},
    {TypeKind::map, "map", "MAP"},
};

const KindNames& names_of(TypeKind kind) { return kind_names[static_cast<std::size_t>(kind)]; }

std::string digits(const Type& type) {
  return "(" + std::to_string(type.width) + "," + std::to_string(type.scale) + ")";
}

}  // namespace

bool Type::operator==(const Type& other) const {
  return kind == other.kind && width == other.width && scale == other.scale && children == other.children;
}

Type decimal_type(std::uint8_t width, std::uint8_t scale) { return {TypeKind::decimal, width, scale, {}}; }
Type list_type(Type element) { return {TypeKind::list, 0, 0, {{"element", std::move(element)}}}; }

std::string to_string(const Type& type) {
  std::string out = names_of(type.kind).contract;
  if (type.kind == TypeKind::decimal) return out + digits(type);
  if (type.children.empty()) return out;
  out += '<';
  for (std::size_t i = 0; i < type.children.size(); ++i) {
    if (i > 0) out += ", ";
    if (type.kind == TypeKind::structure) out += type.children[i].name + ": ";
    out += to_string(type.children[i].type);
  }
  return out + '>';
}

std::string to_sql(const Type& type) {
  switch (type.kind) {
    case TypeKind::decimal: return "DECIMAL" + digits(type);
    case TypeKind::list: return to_sql(type.children.at(0).type) + "[]";
    case TypeKind::map:
      return "MAP(" + to_sql(type.children.at(0).type) + ", " + to_sql(type.children.at(1).type) + ")";
    case TypeKind::structure: {
      std::string out = "STRUCT(";
      for (std::size_t i = 0; i < type.children.size(); ++i) {
        if (i > 0) out += ", ";
        out += quote_identifier(type.children[i].name) + " " + to_sql(type.children[i].type);
      }
      return out + ")";
    }
    default: return names_of(type.kind).sql;
  }
}

}  // namespace weir
