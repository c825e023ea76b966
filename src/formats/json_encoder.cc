#include "formats/json_encoder.h"

#include <charconv>
#include <cmath>
#include <cstring>

#include <fmt/compile.h>
#include <fmt/format.h>

#include "base/check.h"
#include "formats/base64.h"
#include "formats/json_text.h"
#include "formats/time_text.h"

namespace weir {

// A column, or a part of one, with where its values are in the present chunk.
struct JsonEncoder::Field {
  Type type;
  std::string key;  // `"name":`, with a comma before it from the second visible field on
  bool hidden = false;
  const void* data = nullptr;
  const std::uint64_t* validity = nullptr;
  std::vector<Field> children;

  void bind(duckdb_vector vector);
  bool valid(std::uint64_t row) const { return is_valid(validity, row); }
  template <class T>
  T at(std::uint64_t row) const {
    return static_cast<const T*>(data)[row];
  }
  std::string_view bytes(std::uint64_t row) const {
    auto& text = const_cast<duckdb_string_t&>(static_cast<const duckdb_string_t*>(data)[row]);
    return {duckdb_string_t_data(&text), text.value.inlined.length};
  }
};

namespace {

using Field = JsonEncoder::Field;

void append(const Field& field, std::uint64_t row, bool quotes, std::string& out);

Field make_field(std::string_view name, const Type& type, bool first) {
  Field field;
  field.type = type;
  field.key = first ? "" : ",";
  append_json_string(name, field.key);
  field.key += ':';
  for (const NamedType& child : type.children)
    field.children.push_back(make_field(child.name, child.type, field.children.empty()));
  return field;
}

template <class T>
void append_integer(T value, std::string& out) {
  char digits[24];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

void append_digits(unsigned __int128 value, std::size_t least, std::string& out) {
  char digits[40];
  char* p = digits + sizeof digits;
  const auto digits_end = p;
  while (value > 0 || static_cast<std::size_t>(digits_end - p) < least) {
    *--p = static_cast<char>('0' + static_cast<int>(value % 10));
    value /= 10;
  }
  out.append(p, digits_end);
}

void append_scaled(__int128 value, std::uint8_t scale, std::string& out) {
  const bool negative = value < 0;
  // The lowest value has no positive twin: negate as unsigned.
  auto magnitude = static_cast<unsigned __int128>(value);
  if (negative) magnitude = 0 - magnitude;
  if (negative) out += '-';
  if (magnitude <= static_cast<unsigned __int128>(INT64_MAX) && scale == 0) {
    append_integer(static_cast<std::int64_t>(magnitude), out);
    return;
  }
  const std::size_t before = out.size();
  append_digits(magnitude, std::size_t{scale} + 1, out);
  if (scale > 0) out.insert(out.end() - scale, '.');
  CHECK(out.size() > before, "a number has digits");
}

__int128 wide(duckdb_hugeint value) {
  return static_cast<__int128>((static_cast<unsigned __int128>(static_cast<std::uint64_t>(value.upper)) << 64) |
                               value.lower);
}

void append_decimal(const Field& field, std::uint64_t row, std::string& out) {
  const std::uint8_t width = field.type.width;
  const std::uint8_t scale = field.type.scale;
  if (width <= 4)
    append_scaled(field.at<std::int16_t>(row), scale, out);
  else if (width <= 9)
    append_scaled(field.at<std::int32_t>(row), scale, out);
  else if (width <= 18)
    append_scaled(field.at<std::int64_t>(row), scale, out);
  else
    append_scaled(wide(field.at<duckdb_hugeint>(row)), scale, out);
}

void append_quoted(std::string_view text, bool quotes, std::string& out) {
  if (quotes) out += '"';
  out += text;
  if (quotes) out += '"';
}

template <class T>
void append_floating(T value, bool quotes, std::string& out) {
  if (std::isnan(value)) return append_quoted("NaN", quotes, out);
  if (std::isinf(value)) return append_quoted(value > 0 ? "Infinity" : "-Infinity", quotes, out);
  char text[40];
  out.append(text, fmt::format_to(text, FMT_COMPILE("{}"), value));
}

void append_interval(duckdb_interval value, bool quotes, std::string& out) {
  std::string text = "P";
  if (value.months != 0) text += fmt::format("{}M", value.months);
  if (value.days != 0) text += fmt::format("{}D", value.days);
  if (value.micros != 0) {
    text += "T";
    append_scaled(value.micros, 6, text);
    while (text.back() == '0') text.pop_back();
    if (text.back() == '.') text.pop_back();
    text += "S";
  }
  append_quoted(text == "P" ? "PT0S" : text, quotes, out);
}

void append_uuid(duckdb_hugeint value, bool quotes, std::string& out) {
  const auto high = static_cast<std::uint64_t>(value.upper) ^ (std::uint64_t{1} << 63);  // DuckDB flips it to sort
  append_quoted(fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32, high >> 16 & 0xffff, high & 0xffff,
                            value.lower >> 48, value.lower & 0xffff'ffff'ffff),
                quotes, out);
}

// JSON text holds line ends only between its tokens.
void append_json_text(std::string_view text, std::string& out) {
  const std::size_t begin = out.size();
  out += text;
  if (text.find_first_of("\r\n") == std::string_view::npos) return;
  for (std::size_t i = begin; i < out.size(); ++i)
    if (out[i] == '\n' || out[i] == '\r') out[i] = ' ';
}

void append_list(const Field& field, std::uint64_t row, std::string& out) {
  const auto entry = field.at<duckdb_list_entry>(row);
  out += '[';
  for (std::uint64_t i = entry.offset; i < entry.offset + entry.length; ++i) {
    if (i > entry.offset) out += ',';
    append(field.children[0], i, true, out);
  }
  out += ']';
}

void append_struct(const Field& field, std::uint64_t row, std::string& out) {
  out += '{';
  for (const Field& child : field.children) {
    out += child.key;
    append(child, row, true, out);
  }
  out += '}';
}

// A map is a list of (key, value) pairs.
void append_map(const Field& field, std::uint64_t row, std::string& out) {
  const Field& key = field.children[0];
  const Field& value = field.children[1];
  const bool object = key.type.kind == TypeKind::string;
  const auto entry = field.at<duckdb_list_entry>(row);
  out += object ? '{' : '[';
  for (std::uint64_t i = entry.offset; i < entry.offset + entry.length; ++i) {
    if (i > entry.offset) out += ',';
    if (!object) out += "{\"key\":";
    append(key, i, true, out);
    out += object ? ":" : ",\"value\":";
    append(value, i, true, out);
    if (!object) out += '}';
  }
  out += object ? '}' : ']';
}

void append_time(const Field& field, std::uint64_t row, bool quotes, std::string& out) {
  char text[time_text_max];
  char* end = text;
  switch (field.type.kind) {
    case TypeKind::date: end = write_date(field.at<std::int32_t>(row), text); break;
    case TypeKind::time: end = write_time(field.at<std::int64_t>(row), text); break;
    default: end = write_timestamp(field.at<std::int64_t>(row), text, field.type.kind == TypeKind::timestamp);
  }
  append_quoted({text, static_cast<std::size_t>(end - text)}, quotes, out);
}

void append_binary(std::string_view bytes, bool quotes, std::string& out) {
  if (quotes) out += '"';
  append_base64(bytes, out);
  if (quotes) out += '"';
}

void append(const Field& field, std::uint64_t row, bool quotes, std::string& out) {
  if (!field.valid(row)) {
    out += "null";
    return;
  }
  switch (field.type.kind) {
    case TypeKind::boolean: out += field.at<bool>(row) ? "true" : "false"; return;
    case TypeKind::int8: return append_integer(int{field.at<std::int8_t>(row)}, out);
    case TypeKind::int16: return append_integer(field.at<std::int16_t>(row), out);
    case TypeKind::int32: return append_integer(field.at<std::int32_t>(row), out);
    case TypeKind::int64: return append_integer(field.at<std::int64_t>(row), out);
    case TypeKind::int128: return append_scaled(wide(field.at<duckdb_hugeint>(row)), 0, out);
    case TypeKind::uint8: return append_integer(unsigned{field.at<std::uint8_t>(row)}, out);
    case TypeKind::uint16: return append_integer(field.at<std::uint16_t>(row), out);
    case TypeKind::uint32: return append_integer(field.at<std::uint32_t>(row), out);
    case TypeKind::uint64: return append_integer(field.at<std::uint64_t>(row), out);
    case TypeKind::float32: return append_floating(field.at<float>(row), quotes, out);
    case TypeKind::float64: return append_floating(field.at<double>(row), quotes, out);
    case TypeKind::decimal: return append_decimal(field, row, out);
    case TypeKind::string: return quotes ? append_json_string(field.bytes(row), out) : void(out += field.bytes(row));
    case TypeKind::json: return append_json_text(field.bytes(row), out);
    case TypeKind::binary: return append_binary(field.bytes(row), quotes, out);
    case TypeKind::date:
    case TypeKind::time:
    case TypeKind::timestamp:
    case TypeKind::timestamp_ntz: return append_time(field, row, quotes, out);
    case TypeKind::interval: return append_interval(field.at<duckdb_interval>(row), quotes, out);
    case TypeKind::uuid: return append_uuid(field.at<duckdb_hugeint>(row), quotes, out);
    case TypeKind::list: return append_list(field, row, out);
    case TypeKind::structure: return append_struct(field, row, out);
    case TypeKind::map: return append_map(field, row, out);
  }
}

}  // namespace

void JsonEncoder::Field::bind(duckdb_vector vector) {
  data = duckdb_vector_get_data(vector);
  validity = duckdb_vector_get_validity(vector);
  if (type.kind == TypeKind::list) {
    children[0].bind(duckdb_list_vector_get_child(vector));
  } else if (type.kind == TypeKind::structure) {
    for (std::size_t i = 0; i < children.size(); ++i) children[i].bind(duckdb_struct_vector_get_child(vector, i));
  } else if (type.kind == TypeKind::map) {
    const duckdb_vector pairs = duckdb_list_vector_get_child(vector);
    for (std::size_t i = 0; i < children.size(); ++i) children[i].bind(duckdb_struct_vector_get_child(pairs, i));
  }
}

JsonEncoder::JsonEncoder(const Schema& schema) {
  bool first = true;
  for (const Column& column : schema.columns()) {
    Field field = make_field(column.name, column.type, first);
    field.hidden = column.name == src_column || column.name == op_column;
    if (!field.hidden) first = false;
    fields_.push_back(std::move(field));
  }
}

JsonEncoder::~JsonEncoder() = default;
JsonEncoder::JsonEncoder(JsonEncoder&&) noexcept = default;
JsonEncoder& JsonEncoder::operator=(JsonEncoder&&) noexcept = default;

void JsonEncoder::start(const Chunk& chunk) {
  for (std::size_t i = 0; i < fields_.size(); ++i) fields_[i].bind(chunk.column(i));
}

void JsonEncoder::append_row(std::size_t row, std::string& out) const {
  out += '{';
  for (const Field& field : fields_) {
    if (field.hidden) continue;
    out += field.key;
    append(field, row, true, out);
  }
  out += '}';
}

bool JsonEncoder::append_key(std::size_t column, std::size_t row, std::string& out) const {
  const Field& field = fields_.at(column);
  if (!field.valid(row)) return false;
  if (field.type.kind == TypeKind::binary) {
    out += field.bytes(row);
  } else {
    append(field, row, false, out);
  }
  return true;
}

EncodedRows encode_json(const Batch& batch) {
  EncodedRows rows;
  rows.ends.reserve(batch.rows());
  JsonEncoder encoder(batch.schema());
  for (const auto& chunk : batch.chunks()) {
    encoder.start(*chunk);
    for (std::size_t row = 0; row < chunk->rows(); ++row) {
      encoder.append_row(row, rows.text);
      rows.ends.push_back(rows.text.size());
    }
    // Rows are much alike: room for all at once, instead of moving a text that grows.
    if (chunk == batch.chunks().front()) rows.text.reserve(rows.text.size() / chunk->rows() * batch.rows() * 17 / 16);
  }
  return rows;
}

}  // namespace weir
