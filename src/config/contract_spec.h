#pragma once
// A schema contract as its own YAML file writes it: which fields a record has and what happens to what does not fit.
//
// Threads: plain values.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace weir {

// How a JSON number or string becomes a timestamp.
enum class TimestampFormat { rfc3339, epoch_seconds, epoch_millis, epoch_micros };

enum class NewField { keep_raw, ignore, dead_letter, add };
enum class MissingField { dead_letter, null };  // a required field that is not there
enum class TypeChange { dead_letter, null };    // a value of another type than the contract's

struct FieldSpec {
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

struct DriftSpec {
  NewField new_field = NewField::ignore;
  MissingField missing_field = MissingField::dead_letter;
  TypeChange type_change = TypeChange::dead_letter;
};

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

}  // namespace weir
