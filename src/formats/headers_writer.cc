#include "formats/headers_writer.h"

#include <algorithm>
#include <string>

#include "base/check.h"
#include "formats/json_index.h"

namespace weir {
namespace {

std::string repaired(std::string_view name) {
  std::string out;
  for (;;) {
    const std::size_t bad = find_bad_utf8(name);
    out += name.substr(0, bad);
    if (bad == name.size()) return out;
    out += "\xef\xbf\xbd";
    name.remove_prefix(bad + 1);
  }
}

}  // namespace

Type headers_type() {
  const Type name{TypeKind::string, 0, 0, {}};
  const Type value{TypeKind::binary, 0, 0, {}};
  return list_type(Type{TypeKind::structure, 0, 0, {{"name", name}, {"value", value}}});
}

void HeadersWriter::bind(duckdb_vector list) {
  list_.bind(list);
  used_ = 0;
  grow(duckdb_vector_size());
}

void HeadersWriter::grow(std::uint64_t room) {
  room_ = room;
  CHECK(duckdb_list_vector_reserve(list_.vector(), room) == DuckDBSuccess, "a list's child vector grows");
  const duckdb_vector element = duckdb_list_vector_get_child(list_.vector());
  element_.bind(element);
  name_.bind(duckdb_struct_vector_get_child(element, 0));
  value_.bind(duckdb_struct_vector_get_child(element, 1));
}

void HeadersWriter::write(std::uint64_t row, std::span<const Header> headers) {
  if (used_ + headers.size() > room_) grow(std::max(room_ * 2, used_ + headers.size()));
  list_.put(row, duckdb_list_entry{used_, headers.size()});
  for (const Header& header : headers) {
    const bool is_text = find_bad_utf8(header.name) == header.name.size();
    element_.set_valid(used_);
    name_.put_string(used_, is_text ? header.name : repaired(header.name));
    if (header.value) {
      value_.put_string(used_, *header.value);
    } else {
      value_.set_null(used_);
    }
    ++used_;
  }
}

void HeadersWriter::finish_chunk() { duckdb_list_vector_set_size(list_.vector(), used_); }

}  // namespace weir
