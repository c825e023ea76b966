#include "data/reject.h"

#include <array>
#include <utility>

#include "base/check.h"

namespace weir {
namespace {

constexpr std::array<std::pair<Code, std::string_view>, 22> code_names{{
    {Code::json_parse_error, "JSON_PARSE_ERROR"},
    {Code::csv_parse_error, "CSV_PARSE_ERROR"},
    {Code::avro_decode_error, "AVRO_DECODE_ERROR"},
    {Code::protobuf_decode_error, "PROTOBUF_DECODE_ERROR"},
    {Code::invalid_utf8, "INVALID_UTF8"},
    {Code::record_too_large, "RECORD_TOO_LARGE"},
    {Code::nesting_too_deep, "NESTING_TOO_DEEP"},
    {Code::null_value, "NULL_VALUE"},
    {Code::schema_id_unknown, "SCHEMA_ID_UNKNOWN"},
    {Code::missing_field, "MISSING_FIELD"},
    {Code::null_not_allowed, "NULL_NOT_ALLOWED"},
    {Code::type_mismatch, "TYPE_MISMATCH"},
    {Code::value_not_allowed, "VALUE_NOT_ALLOWED"},
    {Code::value_out_of_range, "VALUE_OUT_OF_RANGE"},
    {Code::duplicate_field, "DUPLICATE_FIELD"},
    {Code::unexpected_field, "UNEXPECTED_FIELD"},
    {Code::event_time_in_future, "EVENT_TIME_IN_FUTURE"},
    {Code::late_record, "LATE_RECORD"},
    {Code::expression_error, "EXPRESSION_ERROR"},
    {Code::expectation_failed, "EXPECTATION_FAILED"},
    {Code::script_error, "SCRIPT_ERROR"},
    {Code::sink_rejected, "SINK_REJECTED"},
}};

}  // namespace

std::string_view to_string(Code code) {
  const auto& entry = code_names.at(static_cast<std::size_t>(code));
  CHECK(entry.first == code, "code_names is in the order of Code");
  return entry.second;
}

std::string_view to_string(DropReason reason) {
  switch (reason) {
    case DropReason::filtered: return "FILTERED";
    case DropReason::duplicate: return "DUPLICATE";
    case DropReason::late: return "LATE_RECORD";
    case DropReason::join_unmatched: return "JOIN_UNMATCHED";
  }
  return "FILTERED";
}

const std::vector<Code>& all_codes() {
  static const std::vector<Code> codes = [] {
    std::vector<Code> all;
    all.reserve(std::size(code_names));
    for (const auto& entry : code_names) all.push_back(entry.first);
    return all;
  }();
  return codes;
}

}  // namespace weir
