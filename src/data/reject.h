#pragma once
// Names every way in which a row can leave a pipeline other than through a sink. The list is closed: no code means
// "unknown". A Code goes with a dead letter; a DropReason is only counted.
//
// Threads: plain values.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

enum class Code : std::uint8_t {
  // is not readable
  json_parse_error,
  csv_parse_error,
  avro_decode_error,
  protobuf_decode_error,
  invalid_utf8,
  // is readable by nobody here
  record_too_large,
  nesting_too_deep,
  null_value,
  schema_id_unknown,
  // breaks the contract
  missing_field,
  null_not_allowed,
  type_mismatch,
  value_not_allowed,
  value_out_of_range,
  duplicate_field,
  unexpected_field,
  // is out of time
  event_time_in_future,
  late_record,
  // fails in a step
  expression_error,
  expectation_failed,
  script_error,
  // is refused by the sink
  sink_rejected,
};

enum class DropReason : std::uint8_t { filtered, duplicate, late, join_unmatched };

// "JSON_PARSE_ERROR" and so on: what dead letters, metrics and documents show.
std::string_view to_string(Code code);
std::string_view to_string(DropReason reason);
const std::vector<Code>& all_codes();

// A row on its way to the dead letters. The raw record is found by `src`.
struct Rejected {
  std::uint64_t src = 0;
  Code code = Code::json_parse_error;
  std::string field = {};    // path in the record: "items[3].price"; empty for the whole record
  std::string message = {};  // what is wrong and what was expected; never a secret, values cut to 64 bytes
  std::string step = {};     // name of the source, step or sink
  std::string rule = {};     // expectation, if one
  std::string owner = {};
};

// Rows that left a step by count only.
struct Dropped {
  std::string step;
  DropReason reason = DropReason::filtered;
  std::uint64_t rows = 0;
};

}  // namespace weir
