#include "formats/type_text.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace weir {
namespace {

struct Scalar {
  std::string_view name;
  TypeKind kind;
};

constexpr std::array<Scalar, 9> scalars{{
    {"string", TypeKind::string},
    {"bool", TypeKind::boolean},
    {"int32", TypeKind::int32},
    {"int64", TypeKind::int64},
    {"double", TypeKind::float64},
    {"timestamp", TypeKind::timestamp},
    {"date", TypeKind::date},
    {"binary", TypeKind::binary},
    {"json", TypeKind::json},
}};
constexpr std::array<std::string_view, 3> composites{"decimal", "list", "struct"};
constexpr int nesting_max = 32;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = diagonal + (lower(a[i - 1]) == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, change});
    }
  }
  return row[b.size()];
}

// What people write who come from SQL, Spark or Avro.
std::string_view synonym(std::string_view name) {
  struct Pair {
    std::string_view from;
    std::string_view to;
  };
  static constexpr Pair pairs[] = {
      {"integer", "int32"},   {"int", "int32"},          {"long", "int64"},
      {"bigint", "int64"},    {"float", "double"},       {"float64", "double"},
      {"number", "double"},   {"boolean", "bool"},       {"text", "string"},
      {"varchar", "string"},  {"bytes", "binary"},       {"blob", "binary"},
      {"array", "list"},      {"record", "struct"},      {"object", "struct"},
      {"numeric", "decimal"}, {"datetime", "timestamp"}, {"timestamptz", "timestamp"},
      {"map", "json"},        {"variant", "json"},
  };
  for (const Pair& pair : pairs)
    if (std::equal(name.begin(), name.end(), pair.from.begin(), pair.from.end(),
                   [](char a, char b) { return lower(a) == b; }))
      return pair.to;
  return {};
}

std::string_view nearest(std::string_view name) {
  if (const std::string_view other = synonym(name); !other.empty()) return other;
  std::string_view best;
  std::size_t best_distance = 4;
  const auto consider = [&](std::string_view known) {
    const std::size_t d = distance(name, known);
    if (d < best_distance && d < known.size()) best = known, best_distance = d;
  };
  for (const Scalar& scalar : scalars) consider(scalar.name);
  for (const std::string_view known : composites) consider(known);
  return best;
}

bool is_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }

class TypeParser {
 public:
  explicit TypeParser(std::string_view text) : text_(text) {}

  Result<Type> parse() {
    Type type = TRY(value(0));
    skip_blanks();
    if (at_ != text_.size()) return wrong("the type ends before this", at_);
    return type;
  }

 private:
  Result<Type> value(int depth) {
    if (depth > nesting_max) return wrong("nested more than " + std::to_string(nesting_max) + " deep", at_);
    skip_blanks();
    const std::size_t start = at_;
    const std::string_view name = word();
    if (name.empty()) return wrong("expected a type", start);
    for (const Scalar& scalar : scalars)
      if (scalar.name == name) return Type{scalar.kind, 0, 0, {}};
    if (name == "decimal") return decimal();
    if (name == "list") return list(depth);
    if (name == "struct") return structure(depth);
    std::string message = "unknown type '" + std::string(name) + "'";
    if (const std::string_view near = nearest(name); !near.empty())
      message += ", did you mean '" + std::string(near) + "'?";
    return wrong(std::move(message), start);
  }

  Result<Type> decimal() {
    const std::size_t start = at_;
    TRY(expect('(', "decimal needs its digits, as in decimal(12,2)"));
    const std::uint32_t width = TRY(number());
    TRY(expect(',', "decimal needs its digits, as in decimal(12,2)"));
    const std::uint32_t scale = TRY(number());
    TRY(expect(')', "decimal needs a closing ')'"));
    if (width < 1 || width > 38) return wrong("decimal has 1 to 38 digits", start);
    if (scale > width) return wrong("decimal has no more digits after the point than in all", start);
    return decimal_type(static_cast<std::uint8_t>(width), static_cast<std::uint8_t>(scale));
  }

  Result<Type> list(int depth) {
    TRY(expect('<', "list needs its element, as in list<string>"));
    Type element = TRY(value(depth + 1));
    TRY(expect('>', "list needs a closing '>'"));
    return list_type(std::move(element));
  }

  Result<Type> structure(int depth) {
    TRY(expect('<', "struct needs its fields, as in struct<a: int32, b: string>"));
    Type type{TypeKind::structure, 0, 0, {}};
    do {
      skip_blanks();
      const std::size_t start = at_;
      std::string name = TRY(field_name());
      for (const NamedType& other : type.children)
        if (std::equal(name.begin(), name.end(), other.name.begin(), other.name.end(),
                       [](char a, char b) { return lower(a) == lower(b); }))
          return wrong("field '" + name + "' is there twice (case does not tell names apart)", start);
      TRY(expect(':', "a field of a struct is written name: type"));
      Type child = TRY(value(depth + 1));
      type.children.push_back({std::move(name), std::move(child)});
    } while (take(','));
    TRY(expect('>', "struct needs a closing '>'"));
    return type;
  }

  Result<std::string> field_name() {
    if (!take('"')) {
      const std::string_view name = word();
      if (name.empty()) return wrong("expected the name of a field", at_);
      return std::string(name);
    }
    const std::size_t end = text_.find('"', at_);
    if (end == std::string_view::npos || end == at_) return wrong("a quoted name has text and a closing '\"'", at_);
    std::string name(text_.substr(at_, end - at_));
    at_ = end + 1;
    return name;
  }

  Result<std::uint32_t> number() {
    skip_blanks();
    const std::size_t start = at_;
    std::uint32_t value = 0;
    while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9' && at_ - start < 3)
      value = value * 10 + static_cast<std::uint32_t>(text_[at_++] - '0');
    if (at_ == start) return wrong("expected a number of digits", start);
    return value;
  }

  std::string_view word() {
    const std::size_t start = at_;
    while (at_ < text_.size() && is_word(text_[at_])) ++at_;
    return text_.substr(start, at_ - start);
  }

  void skip_blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n')) ++at_;
  }

  bool take(char c) {
    skip_blanks();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  Status expect(char c, std::string_view what) {
    if (take(c)) return {};
    return wrong(std::string(what), at_);
  }

  tl::unexpected<Error> wrong(std::string message, std::size_t at) const {
    return fail(Fault::config, std::move(message) + " (type '" + std::string(text_.substr(0, 200)) + "', column " +
                                   std::to_string(at + 1) + ")");
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

Result<Type> parse_type(std::string_view text) { return TypeParser(text).parse(); }

}  // namespace weir
