#pragma once
// A schema contract as its own YAML file writes it: which fields a record has and what happens to what does
// not fit.
//
// Threads: plain values.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/types.h"
#include "config/about.h"

namespace weir {

// How a JSON number or string becomes a timestamp.
enum class TimestampFormat { rfc3339, epoch_seconds, epoch_millis, epoch_micros };

enum class NewField { keep_raw, ignore, dead_letter, add };
enum class MissingField { dead_letter, null };  // a required field that is not there
enum class TypeChange { dead_letter, null };    // a value of another type than the contract's

constexpr auto names_of(TimestampFormat) {
  return std::array{
      Named<TimestampFormat>{TimestampFormat::rfc3339, "rfc3339", "text with its zone, \"2026-01-31T08:00:00Z\""},
      Named<TimestampFormat>{TimestampFormat::epoch_seconds, "epoch_seconds",
                             "a number; fractions are kept to the microsecond"},
      Named<TimestampFormat>{TimestampFormat::epoch_millis, "epoch_millis", "a number"},
      Named<TimestampFormat>{TimestampFormat::epoch_micros, "epoch_micros", "a number"}};
}
constexpr auto names_of(NewField) {
  return std::array{
      Named<NewField>{NewField::keep_raw, "keep_raw", "kept as JSON text in the column _extra"},
      Named<NewField>{NewField::ignore, "ignore", "left out, and counted"},
      Named<NewField>{NewField::dead_letter, "dead_letter", "the record is a dead letter, UNEXPECTED_FIELD"},
      Named<NewField>{NewField::add, "add", "becomes a column", true}};
}
constexpr auto names_of(MissingField) {
  return std::array{
      Named<MissingField>{MissingField::dead_letter, "dead_letter", "the record is a dead letter, MISSING_FIELD"},
      Named<MissingField>{MissingField::null, "null", "the column is null"}};
}
constexpr auto names_of(TypeChange) {
  return std::array{
      Named<TypeChange>{TypeChange::dead_letter, "dead_letter", "the record is a dead letter, TYPE_MISMATCH"},
      Named<TypeChange>{TypeChange::null, "null", "the column is null"}};
}

struct FieldSpec {
  static constexpr bool keyed_by_name = true;
  std::string name;
  std::string type =
      "string";           // as in PIPELINE.md: "int64", "decimal(12,2)", "list<string>", "struct<a: int32>", "json"
  bool required = false;  // must be in the record
  bool nullable = true;   // null is a value
  std::vector<std::string> values;  // the closed list of a string's values; empty: any
  std::optional<double> min;        // of a number
  std::optional<double> max;
  std::optional<std::string> pattern;  // RE2 syntax; the whole string must match
  TimestampFormat format = TimestampFormat::rfc3339;
  std::string description;
};

template <class V>
void describe(V& v, FieldSpec& s) {
  v.field("type", s.type,
          {.doc = "string, bool, int32, int64, double, decimal(p,s), timestamp, date, binary, json, list<T> "
                  "or struct<name: T, ...>.",
           .required = true,
           .example = "decimal(12,2)"});
  v.field("required", s.required, {.doc = "Whether a record must have the field."});
  v.field("nullable", s.nullable, {.doc = "Whether null is a value."});
  v.field("values", s.values, {.doc = "The only values of a string.", .default_text = "any", .example = "[EUR, USD]"});
  v.field("min", s.min, {.doc = "Smallest value of a number.", .default_text = "none"});
  v.field("max", s.max, {.doc = "Largest value of a number.", .default_text = "none"});
  v.field("pattern", s.pattern,
          {.doc = "Regular expression (RE2) that the whole string must match.", .default_text = "none"});
  v.field("format", s.format, {.doc = "How a timestamp is written."});
  v.field("description", s.description, {.doc = "For people."});
}

struct DriftSpec {
  NewField new_field = NewField::ignore;
  MissingField missing_field = MissingField::dead_letter;
  TypeChange type_change = TypeChange::dead_letter;
};

template <class V>
void describe(V& v, DriftSpec& s) {
  v.field("new_field", s.new_field, {.doc = "A field that the contract does not name."});
  v.field("missing_field", s.missing_field, {.doc = "A required field that a record does not have."});
  v.field("type_change", s.type_change, {.doc = "A value of another type than the contract's."});
}

struct ContractSpec {
  std::string name;
  std::uint32_t version = 1;
  std::string owner;
  std::string change_process;
  std::vector<FieldSpec> fields;
  DriftSpec drift;
  std::uint64_t record_bytes_max = std::uint64_t{10} << 20;  // larger records: RECORD_TOO_LARGE
  std::uint32_t depth_max = 128;                             // deeper ones: NESTING_TOO_DEEP
};

template <class V>
void describe(V& v, ContractSpec& s) {
  v.field("name", s.name, {.doc = "What the contract is called. Required in a file of its own.", .text = Text::label});
  v.field("version", s.version, {.doc = "Raised with each change.", .min = 1});
  v.field("owner", s.owner, {.doc = "Who answers for it."});
  v.field("change_process", s.change_process, {.doc = "How a change is asked for, in a sentence or a link."});
  v.field("fields", s.fields, {.doc = "The record's fields by name.", .required = true});
  v.field("drift", s.drift, {.doc = "What happens to records that differ from the contract."});
  Bytes record_max{s.record_bytes_max};
  v.field("max_record_size", record_max,
          {.doc = "Larger records are dead letters, RECORD_TOO_LARGE.", .min = 1, .max = 1 << 30});
  s.record_bytes_max = record_max.value;
  v.field("max_depth", s.depth_max,
          {.doc = "Records nested deeper are dead letters, NESTING_TOO_DEEP.", .min = 1, .max = 1000});
}

}  // namespace weir
