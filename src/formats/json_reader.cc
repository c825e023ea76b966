#include "formats/json_reader.h"

#include <algorithm>

#include <fmt/format.h>

#include "formats/json_text.h"
#include "formats/value_text.h"

namespace weir {
namespace {

constexpr std::size_t large = std::size_t{1} << 16;

// `[{},{},...` makes a row of all columns of three bytes: what ten million bytes can ask for is bounded.
constexpr std::uint64_t element_bytes_max = std::uint64_t{64} << 20;

void collect_lists(JsonField& field, std::vector<JsonField*>& out) {
  if (field.kind == TypeKind::list && field.made) out.push_back(&field);
  for (JsonField& child : field.children) collect_lists(child, out);
}

}  // namespace

JsonReader::JsonReader(const Contract& contract, const std::optional<std::vector<std::string>>& wanted)
    : contract_(contract), drift_(contract.drift()), root_(make_root_field(contract, wanted)) {
  for (JsonField& field : root_.children)
    if (field.made) columns_.push_back(&field);
  collect_lists(root_, lists_);
}

Schema JsonReader::schema() const {
  Schema schema;
  const Schema all = contract_.schema();
  for (const Column& column : all.columns()) {
    const auto made = [&](const JsonField* field) { return field->name == column.name; };
    if (column.name == extra_column || std::any_of(columns_.begin(), columns_.end(), made)) schema.add(column);
  }
  return schema;
}

void JsonReader::bind(const Chunk& chunk) {
  root_.start_chunk();
  std::size_t at = 0;
  for (JsonField* field : columns_) field->bind(chunk.column(at++));
  if (drift_.new_field == NewField::keep_raw) extra_column_.bind(chunk.column(at));
}

const std::optional<RecordProblem>& JsonReader::read(std::string_view text, std::uint64_t row) {
  rejected_.reset();
  pending_.clear();
  ++serial_;
  element_bytes_ = 0;
  for (JsonField* list : lists_) list->elements = list->elements_kept;
  if (text.empty())
    return unreadable(Code::json_parse_error, "the value is empty: no bytes (which is not a null value)");
  if (text.size() > contract_.record_bytes_max())
    return unreadable(Code::record_too_large, fmt::format("{} bytes, the contract takes at most {} (record_bytes_max)",
                                                          text.size(), contract_.record_bytes_max()));
  switch (index_.find_tokens(text)) {
    case JsonIndex::Outcome::ok: break;
    case JsonIndex::Outcome::blank: return unreadable(Code::json_parse_error, "the value is empty: nothing but blanks");
    case JsonIndex::Outcome::not_utf8: {
      const std::size_t bad = find_bad_utf8(text);
      return unreadable(Code::invalid_utf8,
                        fmt::format("not UTF-8 at byte {}: {}", bad, shown_for_message(text.substr(bad, 4))));
    }
    case JsonIndex::Outcome::control_character:
      return unreadable(Code::json_parse_error, "a control character inside a string; JSON writes it as an escape");
    case JsonIndex::Outcome::open_string:
      return unreadable(Code::json_parse_error,
                        fmt::format("a string is not closed: the text ends after {} bytes", text.size()));
    case JsonIndex::Outcome::no_memory:
      return unreadable(Code::record_too_large, fmt::format("no memory for the tokens of {} bytes", text.size()));
  }
  walk_.start(text, index_, contract_.depth_max());
  read_root(row);
  if (walk_.readable()) {
    for (DriftTally* tally : pending_) {
      if (tally->last == serial_) continue;
      tally->last = serial_;
      ++tally->records;
    }
  }
  return walk_.problem();
}

const std::optional<RecordProblem>& JsonReader::unreadable(Code code, std::string message) {
  return rejected_ = RecordProblem{code, "", std::move(message)};
}

void JsonReader::read_root(std::uint64_t row) {
  const At at = walk_.take();
  if (walk_[at] != '{') {
    if (walk_.skip_value(at, 1, nullptr) && walk_.finish())
      walk_.note(Code::type_mismatch, at, nullptr,
                 "expected an object with the contract's fields, found " + walk_.found(at));
    return;
  }
  if (!extra_.empty()) extra_.clear();
  if (!read_object(root_, row, 1, nullptr) || !walk_.finish()) return;
  if (drift_.new_field != NewField::keep_raw) return;
  if (extra_.empty()) {
    extra_column_.set_null(row);
  } else {
    extra_ += '}';
    extra_column_.put_string(row, extra_);
  }
}

// The opening brace is taken.
bool JsonReader::read_object(JsonField& object, std::uint64_t row, std::uint32_t depth, const RecordPath* path) {
  if (!walk_.check_depth(depth, path)) return false;
  ++object.object;
  const std::size_t names = walk_.open_names();
  std::size_t slot = 0;
  std::size_t known = 0;
  At at = 0;
  bool more = walk_.take_char(at) != '}';
  if (at == JsonWalk::nowhere) return walk_.syntax(at, "the text ends in an open object", path);
  while (more) {
    if (!read_member(object, at, slot, known, row, depth, path)) return false;
    if (!walk_.comma_or('}', at, more, path)) return false;
  }
  if (walk_.open_names() != names) walk_.close_names(names, path);
  if (known != object.children.size()) fill_absent(object, row, path);
  return true;
}

bool JsonReader::read_member(JsonField& object, At at, std::size_t& slot, std::size_t& known, std::uint64_t row,
                             std::uint32_t depth, const RecordPath* path) {
  if (walk_[at] != '"') return walk_.syntax(at, "expected the name of a field in quotes", path);
  JsonShape::Id id = 0;
  RecordPath here{path, {}, -1};
  if (std::size_t size = 0; object.shape.expected(walk_.text(), at, slot, id, size)) [[likely]] {
    here.name = walk_.text().substr(at + 1, size);
  } else {
    here.name = walk_.raw_string(at);
    const bool plain = !has_escape(here.name);
    if (!plain && !walk_.string(at, path, walk_.keep_unescaped(), here.name)) return false;
    id = object.shape.find(here.name, plain, slot);
  }
  if (!walk_.colon(&here)) return false;
  const At value = walk_.take();
  if (value == JsonWalk::nowhere) return walk_.syntax(value, "the text ends where a value belongs", &here);
  if (id < 0) {
    if (id == JsonShape::stranger) walk_.add_name(here.name, at);
    return read_unknown(object, id, value, depth, here);
  }
  JsonField& field = object.children[static_cast<std::size_t>(id)];
  if (field.seen_in == object.object) [[unlikely]] {
    if (walk_.would_note(at)) walk_.note(Code::duplicate_field, at, &here, "the field is there twice in one object");
    return walk_.skip_value(value, depth + 1, &here);
  }
  field.seen_in = object.object;
  ++known;
  return read_value(field, value, row, depth + 1, here);
}

bool JsonReader::read_unknown(JsonField& object, JsonShape::Id id, At at, std::uint32_t depth, const RecordPath& here) {
  if (id == JsonShape::stranger) {
    count(object.strangers);
  } else {
    UnknownField& unknown = object.shape.unknown(id);
    count(unknown.tally);
    if (unknown.seen_in == object.object && walk_.would_note(at))
      walk_.note(Code::duplicate_field, at, &here, "the field is there twice in one object");
    unknown.seen_in = object.object;
  }
  if (drift_.new_field == NewField::dead_letter && walk_.would_note(at))
    walk_.note(Code::unexpected_field, at, &here, "the contract has no such field (drift.new_field: dead_letter)");
  if (!walk_.skip_value(at, depth + 1, &here)) return false;
  if (drift_.new_field == NewField::keep_raw) {
    extra_ += extra_.empty() ? "{" : ",";
    append_json_string(to_text(&here), extra_);
    extra_ += ':';
    extra_ += walk_.value_text(at);
  }
  return true;
}

void JsonReader::fill_absent(JsonField& object, std::uint64_t row, const RecordPath* path) {
  for (JsonField& field : object.children) {
    if (field.seen_in == object.object) continue;
    if (field.required) {
      count(field.missing);
      if (drift_.missing_field == MissingField::dead_letter || !field.nullable) {
        const RecordPath here{path, field.name, -1};
        walk_.note_missing(&here, "a required field is not there; expected " + field.expected());
      }
    }
    if (field.made) field.set_null(row);
  }
}

bool JsonReader::read_value(JsonField& field, At at, std::uint64_t row, std::uint32_t depth, const RecordPath& path) {
  const char first = walk_[at];
  if (first == 'n') [[unlikely]]
    return read_null(field, at, row, path);
  const bool is_number = first == '-' || (first >= '0' && first <= '9');
  switch (field.kind) {
    case TypeKind::string:
      if (first == '"') return read_string(field, at, row, path);
      break;
    case TypeKind::int32:
    case TypeKind::int64:
    case TypeKind::float64:
    case TypeKind::decimal:
      if (is_number) return read_number(field, at, row, path);
      break;
    case TypeKind::timestamp:
      if (field.format != TimestampFormat::rfc3339) {
        if (is_number) return read_epoch(field, at, row, path);
        break;
      }
      [[fallthrough]];
    case TypeKind::date:
    case TypeKind::binary:
      if (first == '"') return read_text_value(field, at, row, path);
      break;
    case TypeKind::boolean:
      if (first != 't' && first != 'f') break;
      if (!walk_.atom(at, first == 't' ? "true" : "false", &path)) return false;
      if (field.made) field.column.put(row, first == 't');
      return true;
    case TypeKind::list:
      if (first == '[') return read_list(field, row, depth, path);
      break;
    case TypeKind::structure:
      if (first != '{') break;
      if (field.made) field.column.set_valid(row);
      return read_object(field, row, depth, &path);
    default: return read_json(field, at, row, depth, path);
  }
  return mismatch(field, at, row, depth, path);
}

bool JsonReader::read_list(JsonField& list, std::uint64_t row, std::uint32_t depth, const RecordPath& path) {
  if (!walk_.check_depth(depth, &path)) return false;
  JsonField& element = list.children[0];
  const std::uint64_t first = list.elements;
  At at = 0;
  bool more = walk_.take_char(at) != ']';
  if (at == JsonWalk::nowhere) return walk_.syntax(at, "the text ends in an open array", &path);
  for (RecordPath here{&path, {}, 0}; more; ++here.index) {
    if (list.made && !take_element(list, &here)) return false;
    if (!read_value(element, at, list.elements, depth + 1, here)) return false;
    ++list.elements;
    if (!walk_.comma_or(']', at, more, &path)) return false;
  }
  if (list.made) list.column.put(row, duckdb_list_entry{first, list.elements - first});
  return true;
}

bool JsonReader::take_element(JsonField& list, const RecordPath* path) {
  element_bytes_ += list.element_bytes;
  if (element_bytes_ > element_bytes_max) [[unlikely]]
    return walk_.unreadable(
        Code::record_too_large, path,
        fmt::format("the elements of its arrays take more than {} MiB as columns", element_bytes_max >> 20));
  if (list.elements == list.elements_room) list.make_room();
  return true;
}

bool JsonReader::read_json(JsonField& field, At at, std::uint64_t row, std::uint32_t depth, const RecordPath& path) {
  if (!walk_.skip_value(at, depth, &path)) return false;
  if (field.made) field.column.put_string(row, walk_.value_text(at));
  return true;
}

bool JsonReader::mismatch(JsonField& field, At at, std::uint64_t row, std::uint32_t depth, const RecordPath& path) {
  if (!walk_.skip_value(at, depth, &path)) return false;
  changed(field, at, row, path, "");
  return true;
}

void JsonReader::shrink() {
  index_.shrink();
  walk_.shrink();
  if (pending_.capacity() > large) pending_ = {};
  if (scratch_.capacity() > large) scratch_ = {};
  if (extra_.capacity() > large) extra_ = {};
}

void JsonReader::keep() {
  for (JsonField* list : lists_) list->elements_kept = list->elements;
}

void JsonReader::finish_chunk() {
  for (JsonField* list : lists_) duckdb_list_vector_set_size(list->column.vector(), list->elements_kept);
}

namespace {

void take(DriftTally& tally, DriftKind kind, const RecordPath* path, std::vector<DriftCount>& out) {
  if (tally.records > 0) out.push_back({kind, path == nullptr ? "" : to_text(path, false), tally.records});
  tally.records = 0;
}

void take_below(JsonField& field, const RecordPath* path, std::vector<DriftCount>& out) {
  take(field.missing, DriftKind::missing_field, path, out);
  take(field.changed, DriftKind::type_change, path, out);
  for (UnknownField& unknown : field.shape.unknown()) {
    const RecordPath here{path, unknown.name, -1};
    take(unknown.tally, DriftKind::new_field, &here, out);
  }
  const RecordPath others{path, "@others", -1};
  take(field.strangers, DriftKind::new_field, &others, out);
  for (JsonField& child : field.children) {
    const RecordPath here{path, child.name, field.kind == TypeKind::list ? 0 : -1};
    take_below(child, &here, out);
  }
}

}  // namespace

std::vector<DriftCount> JsonReader::take_drift() {
  std::vector<DriftCount> drift;
  take_below(root_, nullptr, drift);
  std::sort(drift.begin(), drift.end(), [](const DriftCount& a, const DriftCount& b) {
    if (a.kind != b.kind) return a.kind < b.kind;
    return a.records != b.records ? a.records > b.records : a.field < b.field;
  });
  return drift;
}

}  // namespace weir
