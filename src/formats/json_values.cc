// The scalars of a record: from the text of a token to the value in a vector.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "formats/base64.h"
#include "formats/json_reader.h"
#include "formats/time_text.h"
#include "formats/value_text.h"

namespace weir {

bool JsonReader::read_null(JsonField& field, At at, std::uint64_t row, const RecordPath& path) {
  if (!walk_.atom(at, "null", &path)) return false;
  if (!field.nullable && walk_.would_note(at))
    walk_.note(Code::null_not_allowed, at, &path, "null, expected " + field.expected());
  if (field.made) field.set_null(row);
  return true;
}

bool JsonReader::read_string(JsonField& field, At at, std::uint64_t row, const RecordPath& path) {
  std::string_view characters;
  if (!walk_.string(at, &path, scratch_, characters)) return false;
  if (field.checked) {
    const auto& values = field.rules->values;
    if (!values.empty() && std::find(values.begin(), values.end(), characters) == values.end()) {
      if (walk_.would_note(at))
        walk_.note(
            Code::value_not_allowed, at, &path,
            fmt::format("{} is none of the {} values of the contract", quoted_for_message(characters), values.size()));
      return true;
    }
    if (field.rules->pattern && !field.rules->pattern->matches(characters)) {
      if (walk_.would_note(at))
        walk_.note(Code::value_not_allowed, at, &path,
                   fmt::format("{} does not match the pattern {}", quoted_for_message(characters),
                               shown_for_message(field.rules->pattern->text())));
      return true;
    }
  }
  if (field.made) field.column.put_string(row, characters);
  return true;
}

// Dates, timestamps and binary, which JSON writes as strings.
bool JsonReader::read_text_value(JsonField& field, At at, std::uint64_t row, const RecordPath& path) {
  std::string_view characters;
  if (!walk_.string(at, &path, scratch_, characters)) return false;
  if (field.kind == TypeKind::binary) {
    const auto bytes = decode_base64(characters);
    if (!bytes) {
      changed(field, at, row, path, "");
    } else if (field.made) {
      field.column.put_string(row, *bytes);
    }
    return true;
  }
  std::int64_t micros = 0;
  std::int32_t days = 0;
  const bool is_date = field.kind == TypeKind::date;
  switch (is_date ? parse_date(characters, days) : parse_rfc3339(characters, micros)) {
    case TimeText::ok:
      if (!field.made) break;
      if (is_date) {
        field.column.put(row, days);
      } else {
        field.column.put(row, micros);
      }
      break;
    case TimeText::malformed: changed(field, at, row, path, ""); break;
    case TimeText::impossible:
      out_of_range(at, path, is_date ? "no such date" : "no such time, or not in the years 0 to 9999");
      break;
  }
  return true;
}

bool JsonReader::read_number(JsonField& field, At at, std::uint64_t row, const RecordPath& path) {
  JsonNumber number;
  if (!walk_.number(at, &path, number)) return false;
  if (field.kind == TypeKind::float64) {
    const double value = to_double(number);
    if (std::isinf(value)) {
      out_of_range(at, path, "beyond the range of double");
    } else if (field.checked && (value < field.rules->bounds.low || value > field.rules->bounds.high)) {
      out_of_bounds(field, at, path);
    } else if (field.made) {
      field.column.put(row, value);
    }
    return true;
  }
  if (field.kind == TypeKind::decimal) {
    put_decimal(field, number, at, row, path);
    return true;
  }
  if (!number.whole) {
    changed(field, at, row, path, " (written with a point or an exponent)");
    return true;
  }
  const auto value = to_int64(number);
  const bool is_short = field.kind == TypeKind::int32;
  if (!value || (is_short && *value != static_cast<std::int32_t>(*value))) {
    out_of_range(at, path, is_short ? "beyond the range of int32" : "beyond the range of int64");
  } else if (field.checked && (*value < field.rules->bounds.low_exact || *value > field.rules->bounds.high_exact)) {
    out_of_bounds(field, at, path);
  } else if (field.made && is_short) {
    field.column.put(row, static_cast<std::int32_t>(*value));
  } else if (field.made) {
    field.column.put(row, *value);
  }
  return true;
}

void JsonReader::put_decimal(JsonField& field, const JsonNumber& number, At at, std::uint64_t row,
                             const RecordPath& path) {
  const std::uint8_t width = field.type.width;
  const auto scaled = to_scaled(number, field.type.scale);
  if (!scaled || scaled->value >= power_of_ten(width) || scaled->value <= -power_of_ten(width)) {
    out_of_range(at, path, "more digits than " + to_string(field.type) + " has");
  } else if (!scaled->exact) {
    out_of_range(at, path, "more digits after the point than " + to_string(field.type) + " has");
  } else if (field.checked &&
             (scaled->value < field.rules->bounds.low_exact || scaled->value > field.rules->bounds.high_exact)) {
    out_of_bounds(field, at, path);
  } else if (field.made) {
    // The widths are DuckDB's: int16, int32, int64, hugeint.
    if (width <= 4)
      field.column.put(row, static_cast<std::int16_t>(scaled->value));
    else if (width <= 9)
      field.column.put(row, static_cast<std::int32_t>(scaled->value));
    else if (width <= 18)
      field.column.put(row, static_cast<std::int64_t>(scaled->value));
    else
      field.column.put(row, duckdb_hugeint{static_cast<std::uint64_t>(scaled->value),
                                           static_cast<std::int64_t>(scaled->value >> 64)});
  }
}

bool JsonReader::read_epoch(JsonField& field, At at, std::uint64_t row, const RecordPath& path) {
  JsonNumber number;
  if (!walk_.number(at, &path, number)) return false;
  const std::uint8_t digits = field.format == TimestampFormat::epoch_seconds  ? 6
                              : field.format == TimestampFormat::epoch_millis ? 3
                                                                              : 0;
  const auto micros = to_scaled(number, digits);  // finer than a microsecond is cut off, towards the past
  if (!micros || micros->value < micros_lowest || micros->value > micros_highest) {
    out_of_range(at, path, "not in the years 0 to 9999 as " + field.expected());
  } else if (field.made) {
    field.column.put(row, static_cast<std::int64_t>(micros->value));
  }
  return true;
}

void JsonReader::changed(JsonField& field, At at, std::uint64_t row, const RecordPath& path, std::string_view because) {
  count(field.changed);
  if (drift_.type_change == TypeChange::null && field.nullable) {
    if (field.made) field.set_null(row);
  } else if (walk_.would_note(at)) {
    walk_.note(Code::type_mismatch, at, &path,
               fmt::format("expected {}, found {}{}", field.expected(), walk_.found(at), because));
  }
}

void JsonReader::out_of_range(At at, const RecordPath& path, std::string_view why) {
  if (walk_.would_note(at))
    walk_.note(Code::value_out_of_range, at, &path, fmt::format("{} is {}", walk_.found(at), why));
}

void JsonReader::out_of_bounds(const JsonField& field, At at, const RecordPath& path) {
  if (!walk_.would_note(at)) return;
  std::string message = walk_.found(at);
  if (field.rules->min) message += fmt::format(", the contract's min is {}", *field.rules->min);
  if (field.rules->max) message += fmt::format(", the contract's max is {}", *field.rules->max);
  walk_.note(Code::value_out_of_range, at, &path, std::move(message));
}

}  // namespace weir
