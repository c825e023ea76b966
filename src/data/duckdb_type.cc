// Translates between Type and DuckDB's logical types.
#include <cstring>
#include <string>

#include "base/check.h"
#include "data/batch.h"

namespace weir {
namespace {

struct Pair {
  TypeKind kind;
  duckdb_type id;
};

constexpr Pair simple_types[] = {
    {TypeKind::boolean, DUCKDB_TYPE_BOOLEAN},
    {TypeKind::int8, DUCKDB_TYPE_TINYINT},
    {TypeKind::int16, DUCKDB_TYPE_SMALLINT},
    {TypeKind::int32, DUCKDB_TYPE_INTEGER},
    {TypeKind::int64, DUCKDB_TYPE_BIGINT},
    {TypeKind::int128, DUCKDB_TYPE_HUGEINT},
    {TypeKind::uint8, DUCKDB_TYPE_UTINYINT},
    {TypeKind::uint16, DUCKDB_TYPE_USMALLINT},
    {TypeKind::uint32, DUCKDB_TYPE_UINTEGER},
    {TypeKind::uint64, DUCKDB_TYPE_UBIGINT},
    {TypeKind::float32, DUCKDB_TYPE_FLOAT},
    {TypeKind::float64, DUCKDB_TYPE_DOUBLE},
    {TypeKind::string, DUCKDB_TYPE_VARCHAR},
    {TypeKind::binary, DUCKDB_TYPE_BLOB},
    {TypeKind::date, DUCKDB_TYPE_DATE},
    {TypeKind::time, DUCKDB_TYPE_TIME},
    {TypeKind::timestamp, DUCKDB_TYPE_TIMESTAMP_TZ},
    {TypeKind::timestamp_ntz, DUCKDB_TYPE_TIMESTAMP},
    {TypeKind::interval, DUCKDB_TYPE_INTERVAL},
    {TypeKind::uuid, DUCKDB_TYPE_UUID},
};

// Owns a logical type while children are looked at.
class LogicalType {
 public:
  explicit LogicalType(duckdb_logical_type type) : type_(type) {}
  LogicalType(const LogicalType&) = delete;
  LogicalType& operator=(const LogicalType&) = delete;
  ~LogicalType() { duckdb_destroy_logical_type(&type_); }
  duckdb_logical_type get() const { return type_; }

 private:
  duckdb_logical_type type_;
};

duckdb_logical_type json_type() {
  duckdb_logical_type type = duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR);
  duckdb_logical_type_set_alias(type, "JSON");
  return type;
}

duckdb_logical_type struct_type(const Type& type) {
  std::vector<duckdb_logical_type> members;
  std::vector<const char*> names;
  for (const NamedType& child : type.children) {
    members.push_back(to_duckdb(child.type));
    names.push_back(child.name.c_str());
  }
  duckdb_logical_type made = duckdb_create_struct_type(members.data(), names.data(), members.size());
  for (duckdb_logical_type& member : members) duckdb_destroy_logical_type(&member);
  return made;
}

bool is_json(duckdb_logical_type type) {
  char* const alias = duckdb_logical_type_get_alias(type);
  const bool json = alias != nullptr && std::strcmp(alias, "JSON") == 0;
  duckdb_free(alias);
  return json;
}

Result<Type> from_struct(duckdb_logical_type type) {
  Type out{TypeKind::structure, 0, 0, {}};
  for (idx_t i = 0; i < duckdb_struct_type_child_count(type); ++i) {
    char* const name = duckdb_struct_type_child_name(type, i);
    std::string owned = name;
    duckdb_free(name);
    const LogicalType child(duckdb_struct_type_child_type(type, i));
    Type type_of_child = TRY(from_duckdb(child.get()));
    out.children.push_back({std::move(owned), std::move(type_of_child)});
  }
  return out;
}

Result<Type> from_map(duckdb_logical_type type) {
  const LogicalType key(duckdb_map_type_key_type(type));
  const LogicalType value(duckdb_map_type_value_type(type));
  Type out{TypeKind::map, 0, 0, {}};
  Type type_of_key = TRY(from_duckdb(key.get()));
  Type type_of_value = TRY(from_duckdb(value.get()));
  out.children.push_back({"key", std::move(type_of_key)});
  out.children.push_back({"value", std::move(type_of_value)});
  return out;
}

}  // namespace

duckdb_logical_type to_duckdb(const Type& type) {
  for (const Pair& pair : simple_types)
    if (pair.kind == type.kind) return duckdb_create_logical_type(pair.id);
  switch (type.kind) {
    case TypeKind::json: return json_type();
    case TypeKind::decimal: return duckdb_create_decimal_type(type.width, type.scale);
    case TypeKind::structure: return struct_type(type);
    case TypeKind::list: {
      const LogicalType element(to_duckdb(type.children.at(0).type));
      return duckdb_create_list_type(element.get());
    }
    case TypeKind::map: {
      const LogicalType key(to_duckdb(type.children.at(0).type));
      const LogicalType value(to_duckdb(type.children.at(1).type));
      return duckdb_create_map_type(key.get(), value.get());
    }
    default: CHECK(false, "every kind of type has a DuckDB type");
  }
}

Result<Type> from_duckdb(duckdb_logical_type type) {
  const duckdb_type id = duckdb_get_type_id(type);
  if (id == DUCKDB_TYPE_VARCHAR && is_json(type)) return Type{TypeKind::json, 0, 0, {}};
  for (const Pair& pair : simple_types)
    if (pair.id == id) return Type{pair.kind, 0, 0, {}};
  switch (id) {
    case DUCKDB_TYPE_DECIMAL: return decimal_type(duckdb_decimal_width(type), duckdb_decimal_scale(type));
    case DUCKDB_TYPE_STRUCT: return from_struct(type);
    case DUCKDB_TYPE_MAP: return from_map(type);
    case DUCKDB_TYPE_SQLNULL:
      return Type{TypeKind::int32, 0, 0, {}};  // an untyped NULL: DuckDB itself reads it as INTEGER
    case DUCKDB_TYPE_LIST: {
      const LogicalType element(duckdb_list_type_child_type(type));
      return list_type(TRY(from_duckdb(element.get())));
    }
    default:
      return fail(Fault::config, "a column has a type that Weir does not carry (DuckDB type " +
                                     std::to_string(static_cast<int>(id)) + "); CAST it to a listed one");
  }
}

}  // namespace weir
