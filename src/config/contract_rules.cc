// The rules of a contract.
#include <algorithm>
#include <set>

#include "base/letter_case.h"
#include "config/rules.h"

namespace weir {
namespace {

bool is_number(const std::string& type) {
  return type == "int32" || type == "int64" || type == "double" || type.starts_with("decimal");
}

// Asks formats/ about the type alone, then the pattern with it, then all: each fault gets the place of its own key.
void check_elsewhere(Reading& reading, Rules& rules, const FieldSpec& field, const std::string& path) {
  const auto& check = reading.options().check_field;
  if (!check || reading.reported(path)) return;
  FieldSpec probe;
  probe.name = "probe";
  probe.type = field.type;
  if (const std::string fault = check(probe); !fault.empty()) return rules.error(path + ".type", fault);
  probe.pattern = field.pattern;
  if (const std::string fault = check(probe); !fault.empty()) return rules.error(path + ".pattern", fault);
  if (const std::string fault = check(field); !fault.empty()) rules.error(path, fault);
}

void check_field(Reading& reading, Rules& rules, const FieldSpec& field, const std::string& path) {
  const auto refuse = [&](bool is_set, const std::string& key, const std::string& types) {
    if (is_set) rules.error(path + "." + key, "only " + types + " take this; change the type, or remove it");
  };
  refuse(!field.values.empty() && field.type != "string", "values", "strings");
  refuse(field.pattern && field.type != "string", "pattern", "strings");
  refuse(field.min && !is_number(field.type), "min", "numbers");
  refuse(field.max && !is_number(field.type), "max", "numbers");
  refuse(field.format != TimestampFormat::rfc3339 && field.type != "timestamp", "format", "timestamps");
  if (field.min && field.max && *field.min > *field.max)
    rules.error(path + ".min", "is above max; no value fits: swap or change them");
  std::set<std::string> seen;
  for (std::size_t i = 0; i < field.values.size(); ++i)
    if (!seen.insert(field.values[i]).second)
      rules.error(path + ".values[" + std::to_string(i) + "]", "this value is named twice; remove one");
  check_elsewhere(reading, rules, field, path);
}

void check_field_name(Rules& rules, const std::string& name, const std::string& path, std::set<std::string>& seen) {
  const std::string folded = lower_case(name);
  if (name.find_first_not_of(" \t") == std::string::npos || name.size() > 255 || name.find('\0') != std::string::npos) {
    rules.error(path, "is no name of a field; give it 1 to 255 characters");
  } else if (folded == "_src" || folded == "_op" || folded == "_fate" || folded == "_extra") {
    rules.error(path, "the column " + folded + " is Weir's own; choose another name");
  } else if (!seen.insert(folded).second) {
    rules.error(path, "two fields differ in upper and lower case only, SQL takes them for one column; leave one out");
  }
}

}  // namespace

void check_contract(Reading& reading, const ContractSpec& contract, const std::string& path, bool own_file) {
  Rules rules(reading);
  const auto below = [&](std::string_view key) { return join_path(path, key); };
  if (own_file && contract.name.empty())
    rules.error(below("name"), "required in a contract's own file, but missing; add name:");
  if (own_file && contract.owner.empty()) rules.lint(below("owner"), "nobody owns this contract; add owner:");
  if (contract.fields.empty()) rules.error(below("fields"), "a contract has at least one field; name one here");
  std::set<std::string> seen;
  for (const FieldSpec& field : contract.fields) {
    const std::string at = join_path(below("fields"), field.name);
    check_field_name(rules, field.name, at, seen);
    check_field(reading, rules, field, at);
  }
}

}  // namespace weir
