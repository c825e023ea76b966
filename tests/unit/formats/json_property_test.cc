// Random documents and random damage: the decoder against another JSON library, and one outcome a record whatever comes.
#include <random>

#include <catch2/catch.hpp>

#include "base/json.h"
#include "formats/records.h"

using namespace weir;
using namespace weir::test;

namespace {

using Rng = std::mt19937_64;

std::uint64_t below(Rng& rng, std::uint64_t n) { return rng() % n; }

ContractSpec mixed() {
  return contract({required("s", "string"), field("i", "int64"), field("d", "double"), field("b", "bool"),
                   field("l", "list<double>"), field("o", "struct<x: int64, y: string, z: list<struct<k: bool>>>"),
                   field("j", "json")});
}

// --- Documents: a value, and a text of it with free blanks and escapes.

Json random_value(Rng& rng, int depth);

std::string random_text(Rng& rng) {
  static const std::string_view pieces[] = {
      "a", "key", "\"", "\\", "\n", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "/", "\x01", "0123456789abcdef",
      " ", ""};
  std::string out;
  for (std::uint64_t i = below(rng, 6); i > 0; --i) out += pieces[below(rng, std::size(pieces))];
  return out;
}

Json random_number(Rng& rng) {
  switch (below(rng, 4)) {
    case 0: return static_cast<std::int64_t>(below(rng, 100));
    case 1: return static_cast<std::int64_t>(rng());
    case 2: return static_cast<double>(below(rng, 1000)) / 8;
    default: {
      // Any finite double.
      for (;;) {
        const std::uint64_t bits = rng();
        double value;
        std::memcpy(&value, &bits, sizeof value);
        if (std::isfinite(value)) return value;
      }
    }
  }
}

Json random_object(Rng& rng, int depth) {
  Json object = Json::object();
  for (std::uint64_t i = below(rng, 5); i > 0; --i) object[random_text(rng)] = random_value(rng, depth - 1);
  return object;
}

Json random_value(Rng& rng, int depth) {
  switch (below(rng, depth > 0 ? 8 : 5)) {
    case 0: return nullptr;
    case 1: return below(rng, 2) == 0;
    case 2:
    case 3: return random_number(rng);
    case 4: return random_text(rng);
    case 5: {
      Json array = Json::array();
      for (std::uint64_t i = below(rng, 5); i > 0; --i) array.push_back(random_value(rng, depth - 1));
      return array;
    }
    default: return random_object(rng, depth);
  }
}

Json random_record(Rng& rng) {
  Json record = Json::object();
  const auto sometimes = [&](const char* name, Json value) {
    if (below(rng, 4) != 0) record[name] = below(rng, 12) == 0 ? random_value(rng, 3) : std::move(value);
  };
  record["s"] = below(rng, 20) == 0 ? random_value(rng, 1) : Json(random_text(rng));
  sometimes("i", static_cast<std::int64_t>(rng()));
  if (below(rng, 3) == 0) record[random_text(rng) + "?"] = random_value(rng, 4);
  sometimes("d", random_number(rng));
  sometimes("b", below(rng, 2) == 0);
  Json list = Json::array();
  for (std::uint64_t i = below(rng, 4); i > 0; --i)
    list.push_back(below(rng, 5) == 0 ? Json(nullptr) : random_number(rng));
  sometimes("l", list);
  Json object = {{"x", below(rng, 9)}, {"y", random_text(rng)}};
  if (below(rng, 2) == 0) object["z"] = {{{"k", true}}, nullptr, Json::object(), {{"q", random_value(rng, 2)}}};
  sometimes("o", object);
  sometimes("j", random_value(rng, 4));
  return record;
}

void blanks(Rng& rng, std::string& out) {
  if (below(rng, 3) != 0) return;
  for (std::uint64_t i = below(rng, 4); i > 0; --i) out += " \n\r\t"[below(rng, 4)];
}

void write_string(Rng& rng, const std::string& text, std::string& out) {
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    char escape[8];
    std::snprintf(escape, sizeof escape, "\\u%04X", byte);
    if (c == '"' || c == '\\')
      (out += '\\') += c;
    else if (byte < 0x20 || (byte < 0x80 && below(rng, 8) == 0))
      out += escape;
    else
      out += c;
  }
  out += '"';
}

void write(Rng& rng, const Json& value, std::string& out) {
  blanks(rng, out);
  if (value.is_object() || value.is_array()) {
    out += value.is_object() ? '{' : '[';
    bool first = true;
    for (const auto& [key, child] : value.items()) {
      if (!first) out += ',';
      first = false;
      if (value.is_object()) {
        blanks(rng, out);
        write_string(rng, key, out);
        blanks(rng, out);
        out += ':';
      }
      write(rng, child, out);
    }
    blanks(rng, out);
    out += value.is_object() ? '}' : ']';
  } else if (value.is_string()) {
    write_string(rng, value.get<std::string>(), out);
  } else {
    out += value.dump();
  }
  blanks(rng, out);
}

// --- The oracle: what the contract `mixed` makes of a document. False: some value does not fit.

bool fits(const Json& value, std::string_view type, Json& out) {
  out = value;
  if (value.is_null()) return true;
  if (type == "string") return value.is_string();
  if (type == "int64") return value.is_number_integer();  // the random ones are all within int64
  if (type == "double") {
    if (!value.is_number()) return false;
    out = value.get<double>();
    return true;
  }
  if (type == "bool") return value.is_boolean();
  return type == "json";
}

bool expected_row(const Json& record, Json& row) {
  row = Json::object();
  const auto member = [](const Json& object, const char* name) {
    return object.contains(name) ? object.at(name) : Json(nullptr);
  };
  bool ok = !member(record, "s").is_null();
  for (const auto& [name, type] : {std::pair{"s", "string"}, {"i", "int64"}, {"d", "double"}, {"b", "bool"}})
    ok = fits(member(record, name), type, row[name]) && ok;
  const Json list = member(record, "l");
  row["l"] = list;
  if (!list.is_null() && !list.is_array()) return false;
  for (std::size_t i = 0; list.is_array() && i < list.size(); ++i) ok = fits(list[i], "double", row["l"][i]) && ok;
  const Json object = member(record, "o");
  row["o"] = nullptr;
  if (!object.is_null()) {
    if (!object.is_object()) return false;
    row["o"] = Json::object();
    ok = fits(member(object, "x"), "int64", row["o"]["x"]) && ok;
    ok = fits(member(object, "y"), "string", row["o"]["y"]) && ok;
    const Json inner = member(object, "z");
    row["o"]["z"] = inner;
    if (!inner.is_null() && !inner.is_array()) return false;
    for (std::size_t i = 0; inner.is_array() && i < inner.size(); ++i) {
      if (inner[i].is_null()) continue;
      if (!inner[i].is_object()) return false;
      row["o"]["z"][i] = Json::object();
      ok = fits(member(inner[i], "k"), "bool", row["o"]["z"][i]["k"]) && ok;
    }
  }
  row["j"] = member(record, "j");
  return ok;
}

// Numbers that are equal as doubles or as integers are the same value.
bool same(const Json& a, const Json& b) {
  if (a.is_object() && b.is_object()) {
    if (a.size() != b.size()) return false;
    for (const auto& [key, value] : a.items())
      if (!b.contains(key) || !same(value, b.at(key))) return false;
    return true;
  }
  if (a.is_array() && b.is_array()) {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i)
      if (!same(a[i], b[i])) return false;
    return true;
  }
  return a == b;
}

enum class Oracle { readable, unreadable, undecided };

// nlohmann's view of a text. It passes over a byte order mark and stops at numbers beyond double: no view there.
class Judge : public nlohmann::json_sax<Json> {
 public:
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool start_object(std::size_t) override { return true; }
  bool key(string_t&) override { return true; }
  bool end_object() override { return true; }
  bool start_array(std::size_t) override { return true; }
  bool end_array() override { return true; }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception& e) override {
    verdict = e.id == 406 ? Oracle::undecided : Oracle::unreadable;
    return false;
  }
  Oracle verdict = Oracle::readable;
};

Oracle judge(const std::string& text) {
  if (text.starts_with("\xef\xbb\xbf")) return Oracle::undecided;
  Judge sax;
  Json::sax_parse(text, &sax);
  return sax.verdict;
}

void damage(Rng& rng, std::string& text) {
  static const std::string_view pieces[] = {"\"", "\\",  "{",       "}",    "[",    "]", ",", ":",    "null", "1e",
                                            "-",  "\\u", "\\ud800", "\xff", "\xc3", " ", "0", "true", "\n",   "\"s\":"};
  for (std::uint64_t i = 1 + below(rng, 3); i > 0; --i) {
    const std::size_t at = below(rng, text.size() + 1);
    switch (below(rng, 5)) {
      case 0:
        if (at < text.size()) text[at] = static_cast<char>(rng());
        break;
      case 1: text.erase(at, 1 + below(rng, 3)); break;
      case 2: text.insert(at, pieces[below(rng, std::size(pieces))]); break;
      case 3: text.resize(at); break;
      default: text.insert(at, text.substr(below(rng, text.size() + 1), below(rng, 20)));
    }
  }
}

bool is_unreadable(Code code) { return code == Code::json_parse_error || code == Code::invalid_utf8; }

}  // namespace

TEST_CASE("random documents give what another library reads in them") {
  const std::uint64_t seed = 20'260'101;
  Rng rng(seed);
  std::vector<Json> documents;
  std::vector<std::string> texts;
  for (int i = 0; i < 6000; ++i) {
    documents.push_back(random_record(rng));
    texts.emplace_back();
    write(rng, documents.back(), texts.back());
  }
  const Decoded decoded = decode(mixed(), texts);
  REQUIRE(decoded.rows.rows() + decoded.rejected.size() == texts.size());
  CHECK(decoded.rows.rows() > texts.size() / 4);
  CHECK(decoded.rejected.size() > texts.size() / 10);
  const auto src = decoded.rows.src();
  const auto out = rows(decoded.rows);
  for (std::size_t r = 0; r < out.size(); ++r) {
    const std::size_t i = src_ordinal(src[r]);
    Json want;
    INFO("seed " << seed << " document " << i << ": " << texts[i] << "\n gave " << out[r]);
    REQUIRE(expected_row(documents[i], want));
    const auto got = parse_json(out[r]);
    REQUIRE(got);
    REQUIRE(same(*got, want));
  }
  for (const Rejected& rejected : decoded.rejected) {
    Json want;
    INFO(texts[src_ordinal(rejected.src)] << "\n " << to_string(rejected.code) << " " << rejected.field << " "
                                          << rejected.message);
    REQUIRE_FALSE(is_unreadable(rejected.code));
    REQUIRE_FALSE(expected_row(documents[src_ordinal(rejected.src)], want));
  }
}

TEST_CASE("damaged documents: one outcome each, and both libraries agree on what is readable") {
  const std::uint64_t seed = 42;
  Rng rng(seed);
  std::vector<std::string> texts;
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    write(rng, random_record(rng), text);
    damage(rng, text);
    texts.push_back(std::move(text));
  }
  const Decoded decoded = decode(mixed(), texts);
  REQUIRE(decoded.rows.rows() + decoded.rejected.size() == texts.size());
  std::vector<bool> unreadable(texts.size(), false);
  for (const Rejected& rejected : decoded.rejected) {
    CHECK_FALSE(rejected.message.empty());
    unreadable[src_ordinal(rejected.src)] = is_unreadable(rejected.code);
  }
  std::size_t agreed = 0;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const Oracle oracle = judge(texts[i]);
    if (oracle == Oracle::undecided) continue;
    INFO("seed " << seed << " text " << i << ": " << texts[i]);
    REQUIRE((oracle == Oracle::unreadable) == unreadable[i]);
    ++agreed;
  }
  CHECK(agreed > texts.size() * 9 / 10);
}

TEST_CASE("random bytes: one outcome each") {
  Rng rng(7);
  std::vector<std::string> texts;
  for (int i = 0; i < 20'000; ++i) {
    std::string text(below(rng, 80), '\0');
    static constexpr std::string_view likely = "{}[]\",:\\ \n0123456789.eE+-truefalsnu";
    for (char& c : text) c = below(rng, 10) == 0 ? static_cast<char>(rng()) : likely[below(rng, likely.size())];
    texts.push_back(std::move(text));
  }
  const Decoded decoded = decode(mixed(), texts);
  CHECK(decoded.rows.rows() + decoded.rejected.size() == texts.size());
}
