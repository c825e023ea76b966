#include "data/row_codec.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/check.h"

namespace weir {
namespace {

constexpr char null_mark = '\x00';
constexpr char value_mark = '\x01';

template <class T>
T load(const void* data, std::size_t row) {
  T value;
  std::memcpy(&value, static_cast<const char*>(data) + row * sizeof(T), sizeof(T));
  return value;
}

template <class T>
void store(void* data, std::size_t row, T value) {
  std::memcpy(static_cast<char*>(data) + row * sizeof(T), &value, sizeof(T));
}

template <class Unsigned>
void append_big_endian(std::string& out, Unsigned bits) {
  char bytes[sizeof bits];
  for (std::size_t i = 0; i < sizeof bits; ++i)
    bytes[i] = static_cast<char>(static_cast<std::uint64_t>(bits) >> (8 * (sizeof bits - 1 - i)) & 0xff);
  out.append(bytes, sizeof bits);
}

template <class Unsigned>
bool take_big_endian(std::string_view& in, Unsigned& bits) {
  if (in.size() < sizeof bits) return false;
  bits = 0;
  for (std::size_t i = 0; i < sizeof bits; ++i)
    bits = static_cast<Unsigned>(static_cast<std::uint64_t>(bits) << 8 | static_cast<std::uint8_t>(in[i]));
  in.remove_prefix(sizeof bits);
  return true;
}

// The bits of a number, turned so that unsigned order is the order of the numbers.
template <class T>
auto ordered_bits(T value) {
  if constexpr (std::is_floating_point_v<T>) {
    using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
    if (std::isnan(value)) value = std::numeric_limits<T>::quiet_NaN();
    if (value == 0) value = 0;  // -0.0
    const auto bits = std::bit_cast<Bits>(value);
    constexpr Bits sign = Bits{1} << (sizeof(T) * 8 - 1);
    return (bits & sign) != 0 ? ~bits : bits | sign;
  } else {
    using Bits = std::make_unsigned_t<T>;
    if constexpr (std::is_unsigned_v<T>) return value;
    return static_cast<Bits>(static_cast<Bits>(value) ^ static_cast<Bits>(Bits{1} << (sizeof(T) * 8 - 1)));
  }
}

template <class T, class Bits>
T from_ordered_bits(Bits bits) {
  constexpr Bits sign = static_cast<Bits>(Bits{1} << (sizeof(T) * 8 - 1));
  if constexpr (std::is_floating_point_v<T>) {
    return std::bit_cast<T>((bits & sign) != 0 ? static_cast<Bits>(bits & ~sign) : static_cast<Bits>(~bits));
  } else if constexpr (std::is_unsigned_v<T>) {
    return bits;
  } else {
    return static_cast<T>(bits ^ sign);
  }
}

// Zero is written as 00 ff, the end as 00 01: a string is before all that it begins.
void append_escaped(std::string& out, std::string_view text) {
  for (std::size_t zero = text.find('\0'); zero != std::string_view::npos; zero = text.find('\0')) {
    out.append(text.substr(0, zero + 1));
    out.push_back('\xff');
    text.remove_prefix(zero + 1);
  }
  out.append(text);
  out.append("\0\x01", 2);
}

// The text lies in `in`, or in `buffer` where it has zeros.
bool take_escaped(std::string_view& in, std::string_view& text, std::string& buffer) {
  buffer.clear();
  for (;;) {
    const std::size_t zero = in.find('\0');
    if (zero == std::string_view::npos || zero + 1 == in.size()) return false;
    const char next = in[zero + 1];
    if (next != '\x01' && next != '\xff') return false;
    const std::string_view part = in.substr(0, next == '\xff' ? zero + 1 : zero);
    in.remove_prefix(zero + 2);
    if (next == '\x01' && buffer.empty()) {
      text = part;
      return true;
    }
    buffer.append(part);
    text = buffer;
    if (next == '\x01') return true;
  }
}

void append_size(std::string& out, std::uint64_t size) {
  for (; size >= 0x80; size >>= 7) out.push_back(static_cast<char>(size | 0x80));
  out.push_back(static_cast<char>(size));
}

bool take_size(std::string_view& in, std::uint64_t& size) {
  size = 0;
  for (int shift = 0; !in.empty() && shift < 64; shift += 7) {
    const auto byte = static_cast<std::uint8_t>(in.front());
    in.remove_prefix(1);
    size |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

// One column of the chunk at hand.
struct Source {
  void* data = nullptr;
  const std::uint64_t* validity = nullptr;
};

std::string_view text_at(const Source& column, std::size_t row) {
  auto* const text = static_cast<duckdb_string_t*>(column.data) + row;
  return {duckdb_string_t_data(text), duckdb_string_t_length(*text)};
}

template <class T>
void append_key(std::string& out, const Source& column, std::size_t row) {
  append_big_endian(out, ordered_bits(load<T>(column.data, row)));
}

void append_key_int128(std::string& out, const Source& column, std::size_t row) {
  const auto value = load<duckdb_hugeint>(column.data, row);
  append_big_endian(out, ordered_bits(value.upper));
  append_big_endian(out, value.lower);
}

template <class T>
bool take_key(std::string_view& in, void* data, std::size_t row) {
  decltype(ordered_bits(T{})) bits{};
  if (!take_big_endian(in, bits)) return false;
  store(data, row, from_ordered_bits<T>(bits));
  return true;
}

bool take_key_int128(std::string_view& in, void* data, std::size_t row) {
  std::uint64_t upper = 0;
  duckdb_hugeint value{};
  if (!take_big_endian(in, upper) || !take_big_endian(in, value.lower)) return false;
  value.upper = from_ordered_bits<std::int64_t>(upper);
  store(data, row, value);
  return true;
}

template <class T>
void append_raw(std::string& out, const Source& column, std::size_t row) {
  out.append(static_cast<const char*>(column.data) + row * sizeof(T), sizeof(T));
}

template <class T>
bool take_raw(std::string_view& in, void* data, std::size_t row) {
  if (in.size() < sizeof(T)) return false;
  std::memcpy(static_cast<char*>(data) + row * sizeof(T), in.data(), sizeof(T));
  in.remove_prefix(sizeof(T));
  return true;
}

void set_null(duckdb_vector vector, std::size_t row) {
  duckdb_vector_ensure_validity_writable(vector);
  duckdb_validity_set_row_invalid(duckdb_vector_get_validity(vector), row);
}

tl::unexpected<Error> malformed() { return fail(Fault::data, "a packed row is malformed"); }

}  // namespace

std::optional<RowCodec::Layout> RowCodec::layout_of(const Type& type, RowForm form) {
  switch (type.kind) {
    case TypeKind::boolean:
    case TypeKind::uint8: return Layout::uint8;
    case TypeKind::int8: return Layout::int8;
    case TypeKind::int16: return Layout::int16;
    case TypeKind::int32:
    case TypeKind::date: return Layout::int32;
    case TypeKind::int64:
    case TypeKind::time:
    case TypeKind::timestamp:
    case TypeKind::timestamp_ntz: return Layout::int64;
    case TypeKind::int128:
    case TypeKind::uuid: return Layout::int128;
    case TypeKind::uint16: return Layout::uint16;
    case TypeKind::uint32: return Layout::uint32;
    case TypeKind::uint64: return Layout::uint64;
    case TypeKind::float32: return Layout::float32;
    case TypeKind::float64: return Layout::float64;
    case TypeKind::decimal:
      return type.width <= 4    ? Layout::int16
             : type.width <= 9  ? Layout::int32
             : type.width <= 18 ? Layout::int64
                                : Layout::int128;
    case TypeKind::string:
    case TypeKind::json:
    case TypeKind::binary: return Layout::bytes;
    case TypeKind::interval: return form == RowForm::row ? std::optional(Layout::interval) : std::nullopt;
    case TypeKind::list:
    case TypeKind::map: return form == RowForm::row ? std::optional(Layout::list) : std::nullopt;
    case TypeKind::structure: return form == RowForm::row ? std::optional(Layout::structure) : std::nullopt;
  }
  return std::nullopt;
}

std::optional<RowCodec::Node> RowCodec::node_of(const Type& type, RowForm form) {
  const auto layout = layout_of(type, form);
  if (!layout) return std::nullopt;
  Node node{*layout, {}};
  if (*layout != Layout::list && *layout != Layout::structure) return node;
  for (const NamedType& child : type.children) {
    auto inner = node_of(child.type, form);
    if (!inner) return std::nullopt;
    node.children.push_back(std::move(*inner));
  }
  if (type.kind == TypeKind::map) node.children = {Node{Layout::structure, std::move(node.children)}};
  return node;
}

Result<RowCodec> RowCodec::make(const std::vector<Column>& columns, RowForm form) {
  std::vector<Node> nodes;
  for (const Column& column : columns) {
    auto node = node_of(column.type, form);
    if (!node) {
      return fail(Fault::config, std::string(form == RowForm::key ? "a key of state" : "state") +
                                     " cannot hold a column of this type: " + column.name + " " +
                                     to_string(column.type));
    }
    nodes.push_back(std::move(*node));
  }
  return RowCodec(std::move(nodes), form);
}

void RowCodec::append_value(std::string& out, Layout layout, void* data, std::size_t row) const {
  const Source column{data, nullptr};
  const bool key = form_ == RowForm::key;
  switch (layout) {
    case Layout::int8:
      return key ? append_key<std::int8_t>(out, column, row) : append_raw<std::int8_t>(out, column, row);
    case Layout::int16:
      return key ? append_key<std::int16_t>(out, column, row) : append_raw<std::int16_t>(out, column, row);
    case Layout::int32:
      return key ? append_key<std::int32_t>(out, column, row) : append_raw<std::int32_t>(out, column, row);
    case Layout::int64:
      return key ? append_key<std::int64_t>(out, column, row) : append_raw<std::int64_t>(out, column, row);
    case Layout::uint8:
      return key ? append_key<std::uint8_t>(out, column, row) : append_raw<std::uint8_t>(out, column, row);
    case Layout::uint16:
      return key ? append_key<std::uint16_t>(out, column, row) : append_raw<std::uint16_t>(out, column, row);
    case Layout::uint32:
      return key ? append_key<std::uint32_t>(out, column, row) : append_raw<std::uint32_t>(out, column, row);
    case Layout::uint64:
      return key ? append_key<std::uint64_t>(out, column, row) : append_raw<std::uint64_t>(out, column, row);
    case Layout::float32: return key ? append_key<float>(out, column, row) : append_raw<float>(out, column, row);
    case Layout::float64: return key ? append_key<double>(out, column, row) : append_raw<double>(out, column, row);
    case Layout::int128:
      return key ? append_key_int128(out, column, row) : append_raw<duckdb_hugeint>(out, column, row);
    case Layout::interval: return append_raw<duckdb_interval>(out, column, row);
    case Layout::bytes: {
      const std::string_view text = text_at(column, row);
      if (key) return append_escaped(out, text);
      append_size(out, text.size());
      out.append(text);
      return;
    }
    case Layout::list:
    case Layout::structure: break;
  }
  CHECK(false, "a nested value is written by append_node");
}

// Within a nested value each one is behind a mark.
void RowCodec::append_node(std::string& out, const Node& node, duckdb_vector vector, std::size_t row) const {
  const auto append_marked = [&](const Node& child, duckdb_vector of, std::size_t at) {
    const bool valid = is_valid(duckdb_vector_get_validity(of), at);
    out.push_back(valid ? value_mark : null_mark);
    if (valid) append_node(out, child, of, at);
  };
  if (node.layout == Layout::structure) {
    for (std::size_t i = 0; i < node.children.size(); ++i)
      append_marked(node.children[i], duckdb_struct_vector_get_child(vector, i), row);
    return;
  }
  if (node.layout != Layout::list) return append_value(out, node.layout, duckdb_vector_get_data(vector), row);
  const auto entry = load<duckdb_list_entry>(duckdb_vector_get_data(vector), row);
  const duckdb_vector members = duckdb_list_vector_get_child(vector);
  append_size(out, entry.length);
  for (std::uint64_t i = 0; i < entry.length; ++i) append_marked(node.children[0], members, entry.offset + i);
}

PackedRows RowCodec::encode(const Batch& rows, std::size_t first) const {
  PackedRows packed;
  packed.ends.reserve(rows.rows());
  packed.bytes.reserve(rows.rows() * (nodes_.size() * 9 + 1));
  std::vector<Source> columns(nodes_.size());
  const auto append = [&](const Chunk& chunk, std::size_t c, std::size_t row) {
    const Node& node = nodes_[c];
    if (node.children.empty()) return append_value(packed.bytes, node.layout, columns[c].data, row);
    append_node(packed.bytes, node, chunk.column(first + c), row);
  };
  for (const auto& chunk : rows.chunks()) {
    for (std::size_t c = 0; c < columns.size(); ++c) {
      const duckdb_vector vector = chunk->column(first + c);
      columns[c] = {duckdb_vector_get_data(vector), duckdb_vector_get_validity(vector)};
    }
    for (std::size_t row = 0; row < chunk->rows(); ++row) {
      const std::size_t begin = packed.bytes.size();
      if (form_ == RowForm::row) packed.bytes.append((columns.size() + 7) / 8, '\0');
      for (std::size_t c = 0; c < columns.size(); ++c) {
        const bool valid = is_valid(columns[c].validity, row);
        if (form_ == RowForm::key) {
          packed.bytes.push_back(valid ? value_mark : null_mark);
        } else if (valid) {
          packed.bytes[begin + c / 8] = static_cast<char>(packed.bytes[begin + c / 8] | 1 << (c % 8));
        }
        if (valid) append(*chunk, c, row);
      }
      packed.ends.push_back(packed.bytes.size());
    }
  }
  return packed;
}

bool RowCodec::take_value(std::string_view& in, Layout layout, duckdb_vector vector, void* data,
                          std::size_t row) const {
  const bool key = form_ == RowForm::key;
  switch (layout) {
    case Layout::int8: return key ? take_key<std::int8_t>(in, data, row) : take_raw<std::int8_t>(in, data, row);
    case Layout::int16: return key ? take_key<std::int16_t>(in, data, row) : take_raw<std::int16_t>(in, data, row);
    case Layout::int32: return key ? take_key<std::int32_t>(in, data, row) : take_raw<std::int32_t>(in, data, row);
    case Layout::int64: return key ? take_key<std::int64_t>(in, data, row) : take_raw<std::int64_t>(in, data, row);
    case Layout::uint8: return key ? take_key<std::uint8_t>(in, data, row) : take_raw<std::uint8_t>(in, data, row);
    case Layout::uint16: return key ? take_key<std::uint16_t>(in, data, row) : take_raw<std::uint16_t>(in, data, row);
    case Layout::uint32: return key ? take_key<std::uint32_t>(in, data, row) : take_raw<std::uint32_t>(in, data, row);
    case Layout::uint64: return key ? take_key<std::uint64_t>(in, data, row) : take_raw<std::uint64_t>(in, data, row);
    case Layout::float32: return key ? take_key<float>(in, data, row) : take_raw<float>(in, data, row);
    case Layout::float64: return key ? take_key<double>(in, data, row) : take_raw<double>(in, data, row);
    case Layout::int128: return key ? take_key_int128(in, data, row) : take_raw<duckdb_hugeint>(in, data, row);
    case Layout::interval: return take_raw<duckdb_interval>(in, data, row);
    case Layout::bytes: {
      if (key) {
        std::string_view text;
        std::string buffer;
        if (!take_escaped(in, text, buffer)) return false;
        duckdb_unsafe_vector_assign_string_element_len(vector, row, text.data(), text.size());
        return true;
      }
      std::uint64_t size = 0;
      if (!take_size(in, size) || size > in.size()) return false;
      // NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage): the size is the element's, and was checked
      duckdb_unsafe_vector_assign_string_element_len(vector, row, in.data(), size);
      in.remove_prefix(size);
      return true;
    }
    case Layout::list:
    case Layout::structure: break;
  }
  return false;
}

bool RowCodec::take_marked(std::string_view& in, const Node& node, duckdb_vector vector, std::size_t row) const {
  if (in.empty() || (in.front() != null_mark && in.front() != value_mark)) return false;
  const bool valid = in.front() == value_mark;
  in.remove_prefix(1);
  if (valid) return take_node(in, node, vector, row);
  set_null(vector, row);
  // What lies below a null is read, too, where a vector is taken as a whole.
  if (node.layout == Layout::list) store(duckdb_vector_get_data(vector), row, duckdb_list_entry{0, 0});
  if (node.layout == Layout::structure)
    for (std::size_t i = 0; i < node.children.size(); ++i) {
      std::string_view nothing("\0", 1);
      take_marked(nothing, node.children[i], duckdb_struct_vector_get_child(vector, i), row);
    }
  return true;
}

bool RowCodec::take_node(std::string_view& in, const Node& node, duckdb_vector vector, std::size_t row) const {
  if (node.layout == Layout::structure) {
    for (std::size_t i = 0; i < node.children.size(); ++i)
      if (!take_marked(in, node.children[i], duckdb_struct_vector_get_child(vector, i), row)) return false;
    return true;
  }
  if (node.layout != Layout::list) return take_value(in, node.layout, vector, duckdb_vector_get_data(vector), row);
  std::uint64_t length = 0;
  if (!take_size(in, length) || length > in.size()) return false;  // a member is a byte at least
  const std::uint64_t offset = duckdb_list_vector_get_size(vector);
  if (duckdb_list_vector_reserve(vector, offset + length) == DuckDBError ||
      duckdb_list_vector_set_size(vector, offset + length) == DuckDBError)
    return false;
  store(duckdb_vector_get_data(vector), row, duckdb_list_entry{offset, length});
  const duckdb_vector members = duckdb_list_vector_get_child(vector);
  for (std::uint64_t i = 0; i < length; ++i)
    if (!take_marked(in, node.children[0], members, offset + i)) return false;
  return true;
}

Status RowCodec::decode(std::span<const std::string_view> rows, duckdb_data_chunk chunk, std::size_t first) const {
  CHECK(rows.size() <= duckdb_vector_size());
  std::vector<std::string_view> rest(rows.begin(), rows.end());
  const std::size_t bitmap = form_ == RowForm::row ? (nodes_.size() + 7) / 8 : 0;
  for (std::string_view& in : rest) {
    if (in.size() < bitmap) return malformed();
    in.remove_prefix(bitmap);
  }
  for (std::size_t c = 0; c < nodes_.size(); ++c) {
    const duckdb_vector vector = duckdb_data_chunk_get_vector(chunk, first + c);
    void* const data = duckdb_vector_get_data(vector);
    std::uint64_t* validity = nullptr;
    for (std::size_t row = 0; row < rest.size(); ++row) {
      std::string_view& in = rest[row];
      bool valid = false;
      if (form_ == RowForm::row) {
        valid = (rows[row][c / 8] >> (c % 8) & 1) != 0;
      } else {
        if (in.empty() || (in.front() != null_mark && in.front() != value_mark)) return malformed();
        valid = in.front() == value_mark;
        in.remove_prefix(1);
      }
      if (valid) {
        const Node& node = nodes_[c];
        const bool taken =
            node.children.empty() ? take_value(in, node.layout, vector, data, row) : take_node(in, node, vector, row);
        if (!taken) return malformed();
        continue;
      }
      if (!nodes_[c].children.empty()) {
        std::string_view nothing("\0", 1);
        take_marked(nothing, nodes_[c], vector, row);
        continue;
      }
      if (validity == nullptr) {
        duckdb_vector_ensure_validity_writable(vector);
        validity = duckdb_vector_get_validity(vector);
      }
      duckdb_validity_set_row_invalid(validity, row);
    }
  }
  for (const std::string_view in : rest)
    if (!in.empty()) return malformed();
  return {};
}

}  // namespace weir
