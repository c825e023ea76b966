// All parsing cases of JSONTestSuite through the decoder: as the whole record, and as the value of a `json` field.
#include <map>
#include <vector>

#include <catch2/catch.hpp>

#include "base/file_system.h"
#include "base/json.h"
#include "formats/records.h"

using namespace weir;
using namespace weir::test;

namespace {

struct Case {
  std::string name;
  std::string text;
};

std::string from_hex(const std::string& hex) {
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2) bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return bytes;
}

const std::vector<Case>& cases() {
  static const std::vector<Case> all = [] {
    std::vector<Case> read;
    const auto file = fs::read_file("tests/data/json_test_suite/cases.jsonl");
    if (!file) FAIL(file.error().text());
    for (std::size_t begin = 0; begin < file->size();) {
      const std::size_t end = file->find('\n', begin);
      const auto line = parse_json(file->substr(begin, end - begin));
      if (!line) FAIL(line.error().text());
      const bool bytes = line->contains("hex");
      read.push_back({line->at("name"), bytes ? from_hex(line->at("hex")) : line->at("text").get<std::string>()});
      begin = end + 1;
    }
    return read;
  }();
  return all;
}

const std::string parse_error = "JSON_PARSE_ERROR";
const std::string not_utf8 = "INVALID_UTF8";

// Cases that RFC 8259 leaves to the parser. Not named here: accepted.
const std::map<std::string, std::string> left_to_us{
    // Half a surrogate pair is no character, and no UTF-8 can hold it.
    {"i_object_key_lone_2nd_surrogate", parse_error},
    {"i_string_1st_surrogate_but_2nd_missing", parse_error},
    {"i_string_1st_valid_surrogate_2nd_invalid", parse_error},
    {"i_string_incomplete_surrogate_and_escape_valid", parse_error},
    {"i_string_incomplete_surrogate_pair", parse_error},
    {"i_string_incomplete_surrogates_escape_valid", parse_error},
    {"i_string_invalid_lonely_surrogate", parse_error},
    {"i_string_invalid_surrogate", parse_error},
    {"i_string_inverted_surrogates_U+1D11E", parse_error},
    {"i_string_lone_second_surrogate", parse_error},
    // JSON is UTF-8.
    {"i_string_UTF-16LE_with_BOM", not_utf8},
    {"i_string_UTF-8_invalid_sequence", not_utf8},
    {"i_string_UTF8_surrogate_U+D800", not_utf8},
    {"i_string_invalid_utf-8", not_utf8},
    {"i_string_iso_latin_1", not_utf8},
    {"i_string_lone_utf8_continuation_byte", not_utf8},
    {"i_string_not_in_unicode_range", not_utf8},
    {"i_string_overlong_sequence_2_bytes", not_utf8},
    {"i_string_overlong_sequence_6_bytes", not_utf8},
    {"i_string_overlong_sequence_6_bytes_null", not_utf8},
    {"i_string_truncated-utf-8", not_utf8},
    {"i_string_utf16BE_no_BOM", not_utf8},
    {"i_string_utf16LE_no_BOM", not_utf8},
    {"i_structure_UTF-8_BOM_empty_object", parse_error},
    // depth_max is 128.
    {"i_structure_500_nested_arrays", "NESTING_TOO_DEEP"},
};

// Valid by RFC 8259, which only says that names SHOULD be unique; refused by Weir.
bool has_duplicates(const std::string& name) {
  return name == "y_object_duplicated_key" || name == "y_object_duplicated_key_and_value";
}

bool is_readability(const std::string& code) {
  return code == parse_error || code == not_utf8 || code == "NESTING_TOO_DEEP";
}

std::string code_only(std::string outcome) { return outcome.substr(0, outcome.find(' ')); }

// `accepted` is what the decoder says of a readable text.
void check(const Case& test, const std::string& code, bool accepted) {
  INFO(test.name << " gave " << code);
  if (test.name[0] == 'y') {
    if (has_duplicates(test.name))
      CHECK(code == "DUPLICATE_FIELD");
    else
      CHECK(accepted);
  } else if (test.name[0] == 'n') {
    CHECK(is_readability(code));
  } else if (const auto ours = left_to_us.find(test.name); ours != left_to_us.end()) {
    CHECK(code == ours->second);
  } else {
    CHECK(accepted);
  }
}

}  // namespace

TEST_CASE("JSONTestSuite: the whole record") {
  REQUIRE(cases().size() == 318);
  const ContractSpec spec = contract({field("v", "json")});
  for (const Case& test : cases()) {
    const std::string outcome = code_of(spec, test.text);
    // A readable value that is no object is TYPE_MISMATCH of the record itself.
    check(test, code_only(outcome), outcome == "row" || outcome == "TYPE_MISMATCH");
  }
}

TEST_CASE("JSONTestSuite: the value of a json field") {
  const ContractSpec spec = contract({field("v", "json")});
  for (const Case& test : cases()) {
    const std::string outcome = code_of(spec, "{\"v\":" + test.text + "}");
    check(test, code_only(outcome), outcome == "row");
  }
}

TEST_CASE("JSONTestSuite: the value of a field that the contract does not have") {
  ContractSpec spec = contract({field("v", "json")});
  spec.drift.new_field = NewField::keep_raw;
  for (const Case& test : cases()) {
    const std::string outcome = code_of(spec, "{\"other\":" + test.text + "}");
    check(test, code_only(outcome), outcome == "row");
  }
}

TEST_CASE("JSONTestSuite: the element of a typed list") {
  // Readable ones fit the type or do not; unreadable ones earn the same code as anywhere.
  const ContractSpec spec = contract({field("v", "list<struct<a: list<double>>>")});
  for (const Case& test : cases()) {
    const std::string code = code_only(code_of(spec, "{\"v\":[" + test.text + "]}"));
    INFO(test.name << " gave " << code);
    if (test.name[0] == 'n')
      CHECK((is_readability(code) || test.name == "n_structure_no_data" || test.name == "n_single_space"));
    if (test.name[0] == 'y') CHECK_FALSE(is_readability(code));
  }
}
