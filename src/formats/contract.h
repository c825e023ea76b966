#pragma once
// Compiles a contract: types are parsed, bounds are exact in the type of their field, patterns are ready. Decoders and the
// checks of a pipeline file read it; nothing of a record is known here.
//
// A value of a field: absent, null, or of its type.
//   required         absent is MISSING_FIELD (or null, drift.missing_field: null, where the field is nullable)
//   nullable: false  null is NULL_NOT_ALLOWED
//   values, pattern  of strings: VALUE_NOT_ALLOWED; min, max: of numbers, both inclusive: VALUE_OUT_OF_RANGE
//
// Threads: immutable once compiled; copies are cheap enough for start-up. Errors: Fault::config, naming the field.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/contract_spec.h"
#include "data/schema.h"
#include "formats/pattern.h"

namespace weir {

// Unknown fields of a record as one JSON object, under drift.new_field: keep_raw.
inline constexpr std::string_view extra_column = "_extra";

// Bounds in the field's own numbers: int64, double, or the unscaled decimal.
struct Bounds {
  __int128 low_exact = 0;
  __int128 high_exact = 0;
  double low = 0;
  double high = 0;
  bool given = false;
};

struct ContractField {
  std::string name;
  Type type;
  bool required = false;
  bool nullable = true;
  TimestampFormat format = TimestampFormat::rfc3339;
  std::vector<std::string> values;  // as written
  Bounds bounds;
  std::optional<double> min;  // as written, for messages
  std::optional<double> max;
  std::optional<Pattern> pattern;
};

class Contract {
 public:
  static Result<Contract> compile(const ContractSpec& spec);

  const std::string& name() const { return name_; }
  std::uint32_t version() const { return version_; }
  const std::string& owner() const { return owner_; }
  // "payment.v1": how dead letters and messages call it; empty for an inline contract without a name.
  std::string label() const;
  const std::vector<ContractField>& fields() const { return fields_; }
  const DriftSpec& drift() const { return drift_; }
  std::uint64_t record_bytes_max() const { return record_bytes_max_; }
  std::uint32_t depth_max() const { return depth_max_; }
  // The columns that a decoder makes of the fields, `_extra` last where drift.new_field is keep_raw.
  Schema schema() const;
  // Of everything that decides what a record becomes (not owner, description, change process).
  std::uint64_t hash() const { return hash_; }

 private:
  Contract() = default;

  std::string name_;
  std::uint32_t version_ = 1;
  std::string owner_;
  std::vector<ContractField> fields_;
  DriftSpec drift_;
  std::uint64_t record_bytes_max_ = 0;
  std::uint32_t depth_max_ = 0;
  std::uint64_t hash_ = 0;
};

// What is wrong with a field's type, values, bounds or pattern, without its name: for who knows its place in the file.
Status check_field(const FieldSpec& spec);

// Names that a contract's field cannot have, in any case: `_src`, `_op`, `_fate`, `_extra`, `_key`, `_topic`, ...
const std::vector<std::string_view>& reserved_names();

}  // namespace weir
