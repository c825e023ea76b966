#include "formats/contract.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "base/hash.h"
#include "formats/json_number.h"
#include "formats/type_text.h"

namespace weir {
namespace {

constexpr std::uint32_t depth_max_allowed = 1000;  // readers recurse once a level
constexpr std::uint64_t record_bytes_max_allowed = std::uint64_t{1} << 30;

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    return lower(x) == lower(y);
  });
}

bool is_number(TypeKind kind) {
  return kind == TypeKind::int32 || kind == TypeKind::int64 || kind == TypeKind::float64 || kind == TypeKind::decimal;
}

tl::unexpected<Error> wrong(std::string message) { return fail(Fault::config, std::move(message)); }

const __int128 beyond_all = power_of_ten(38);  // no value of a contract's type is so large

// `bound` in units of 10^-scale, rounded inwards. The shortest text of the double is what the user wrote: 0.1 stays 0.1.
__int128 exact_bound(double bound, std::uint8_t scale, bool low) {
  const std::string text = fmt::format("{}", bound);
  JsonNumber number;
  scan_number(text.data(), text.data() + text.size(), number);
  const auto scaled = to_scaled(number, scale);
  if (!scaled) return bound < 0 ? -beyond_all : beyond_all;
  return low && !scaled->exact ? scaled->value + 1 : scaled->value;
}

Result<Bounds> compile_bounds(const FieldSpec& spec, const Type& type) {
  Bounds bounds;
  if (!spec.min && !spec.max) return bounds;
  if (!is_number(type.kind)) return wrong("min and max are for numbers, the type is " + to_string(type));
  if ((spec.min && !std::isfinite(*spec.min)) || (spec.max && !std::isfinite(*spec.max)))
    return wrong("min and max are finite");
  if (spec.min && spec.max && *spec.min > *spec.max)
    return wrong(fmt::format("min {} is above max {}", *spec.min, *spec.max));
  bounds.given = true;
  bounds.low = spec.min.value_or(-std::numeric_limits<double>::infinity());
  bounds.high = spec.max.value_or(std::numeric_limits<double>::infinity());
  bounds.low_exact = -beyond_all;
  bounds.high_exact = beyond_all;
  if (spec.min) bounds.low_exact = exact_bound(*spec.min, type.scale, true);
  if (spec.max) bounds.high_exact = exact_bound(*spec.max, type.scale, false);
  return bounds;
}

Result<ContractField> compile_field(const FieldSpec& spec) {
  ContractField field;
  field.name = spec.name;
  field.type = TRY(parse_type(spec.type));
  field.required = spec.required;
  field.nullable = spec.nullable;
  field.format = spec.format;
  field.values = spec.values;
  field.min = spec.min;
  field.max = spec.max;
  if (!spec.values.empty() && field.type.kind != TypeKind::string)
    return wrong("values are for strings, the type is " + to_string(field.type));
  field.bounds = TRY(compile_bounds(spec, field.type));
  if (spec.pattern) {
    if (field.type.kind != TypeKind::string)
      return wrong("a pattern is for strings, the type is " + to_string(field.type));
    field.pattern = TRY(Pattern::compile(*spec.pattern));
  }
  return field;
}

Status check_name(const std::string& name, const std::vector<ContractField>& before) {
  if (name.empty()) return fail(Fault::config, "a field has a name");
  const auto refuse = [&](const std::string& why) { return fail(Fault::config, "field '" + name + "': " + why); };
  for (const std::string_view reserved : reserved_names())
    if (same_name(reserved, name)) return refuse("the name is Weir's own; call the field otherwise");
  for (const ContractField& other : before)
    if (same_name(other.name, name)) return refuse("is there twice (case does not tell columns apart)");
  return {};
}

std::uint64_t hash_of(const Contract& contract) {
  // Each part is written with its length, so that no two contracts read the same.
  std::string text;
  const auto put = [&](std::string_view part) { text += fmt::format("{}:{};", part.size(), part); };
  for (const ContractField& field : contract.fields()) {
    put(field.name);
    put(to_string(field.type));
    put(fmt::format("{}{}{}", field.required, field.nullable, static_cast<int>(field.format)));
    for (const std::string& value : field.values) put(value);
    put(field.min ? fmt::format("min{}", *field.min) : "");
    put(field.max ? fmt::format("max{}", *field.max) : "");
    put(field.pattern ? "p" + field.pattern->text() : "");
  }
  const DriftSpec& drift = contract.drift();
  put(fmt::format("{}{}{}", static_cast<int>(drift.new_field), static_cast<int>(drift.missing_field),
                  static_cast<int>(drift.type_change)));
  put(fmt::format("{},{}", contract.record_bytes_max(), contract.depth_max()));
  put(contract.name());
  put(std::to_string(contract.version()));
  return hash64(text);
}

}  // namespace

const std::vector<std::string_view>& reserved_names() {
  static const std::vector<std::string_view> names{src_column, op_column,    "_fate",   extra_column, "_key",
                                                   "_topic",   "_partition", "_offset", "_timestamp", "_headers"};
  return names;
}

Result<Contract> Contract::compile(const ContractSpec& spec) {
  Contract contract;
  contract.name_ = spec.name;
  contract.version_ = spec.version;
  contract.owner_ = spec.owner;
  contract.drift_ = spec.drift;
  contract.record_bytes_max_ = spec.record_bytes_max;
  contract.depth_max_ = spec.depth_max;
  if (spec.fields.empty()) return fail(Fault::config, "a contract has at least one field");
  if (spec.drift.new_field == NewField::add)
    return fail(Fault::config, "drift.new_field: this version has no 'add' yet; use keep_raw, ignore or dead_letter");
  if (spec.depth_max < 1 || spec.depth_max > depth_max_allowed)
    return fail(Fault::config, fmt::format("depth_max is 1 to {}, not {}", depth_max_allowed, spec.depth_max));
  if (spec.record_bytes_max < 2 || spec.record_bytes_max > record_bytes_max_allowed)
    return fail(Fault::config, fmt::format("record_bytes_max is 2 B to 1 GiB, not {}", spec.record_bytes_max));
  for (const FieldSpec& field : spec.fields) {
    TRY(check_name(field.name, contract.fields_));
    auto compiled = compile_field(field);
    if (!compiled) return fail(Fault::config, "field '" + field.name + "': " + compiled.error().message);
    contract.fields_.push_back(std::move(*compiled));
  }
  contract.hash_ = hash_of(contract);
  return contract;
}

Status check_field(const FieldSpec& spec) {
  TRY(compile_field(spec));
  return {};
}

std::string Contract::label() const { return name_.empty() ? "" : fmt::format("{}.v{}", name_, version_); }

Schema Contract::schema() const {
  Schema schema;
  for (const ContractField& field : fields_) {
    const bool always = field.required && !field.nullable;
    schema.add({field.name, field.type, !always});
  }
  if (drift_.new_field == NewField::keep_raw)
    schema.add({std::string(extra_column), Type{TypeKind::json, 0, 0, {}}, true});
  return schema;
}

}  // namespace weir
