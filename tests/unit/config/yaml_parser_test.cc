#include "config/yaml_parser.h"

#include <random>
#include <string>

#include <catch2/catch.hpp>

#include "config/load.h"

namespace weir {
namespace {

struct ParsedText {
  SourceFile file{"f.yaml", "/"};
  Diagnostics problems;
  Node root;
  explicit ParsedText(std::string_view text) { root = parse_yaml(file, text, problems); }
  std::string first() const { return problems.empty() ? "" : to_string(problems.front()); }
};

std::string repeated(std::string_view text, int count) {
  std::string out;
  for (int i = 0; i < count; ++i) out += text;
  return out;
}

}  // namespace

TEST_CASE("a tree keeps values, quotes and places") {
  const ParsedText parsed("a: 1\nb:\n  - \"x\"\n  - {c: , d: null}\n");
  REQUIRE(parsed.problems.empty());
  REQUIRE(parsed.root.kind == Node::Kind::map);
  const Entry* a = parsed.root.find("a");
  CHECK(a->value.text == "1");
  CHECK_FALSE(a->value.quoted);
  CHECK(a->key_place.line == 1);
  CHECK(a->value.place.column == 4);
  const Node& list = parsed.root.find("b")->value;
  CHECK(list.items[0].quoted);
  CHECK(list.items[0].place.line == 3);
  CHECK(list.items[1].find("c")->value.kind == Node::Kind::null);
  CHECK(list.items[1].find("c")->value.text == "");
  CHECK(list.items[1].find("d")->value.text == "null");
}

TEST_CASE("columns count characters, not bytes") {
  const ParsedText parsed("\"äöü支付\": {x: 1, y: *a}\n");
  REQUIRE_FALSE(parsed.problems.empty());
  CHECK(parsed.first().starts_with("f.yaml:1:20: "));
}

TEST_CASE("line ends of all kinds count as one line") {
  const ParsedText parsed("a: 1\r\nb: 2\r\nb: 3\r\n");
  CHECK(parsed.first().starts_with("f.yaml:3:1: b: this key is written twice (first on line 2)"));
}

TEST_CASE("depth is bounded before the parser goes deeper") {
  CHECK(ParsedText(repeated("- ", 200'000)).first().find("deeper than 64") != std::string::npos);
  CHECK(ParsedText("a: " + repeated("[", 70) + repeated("]", 70)).first().find("deeper than 64") != std::string::npos);
  CHECK(ParsedText("a: " + repeated("{a: ", 70) + "1" + repeated("}", 70)).first().find("deeper than 64") !=
        std::string::npos);
  CHECK(ParsedText("a: " + repeated("[", 60) + repeated("]", 60)).problems.empty());
  for (const char* opener :
       {"[", "{", "? ", "{? ", "[{", "- ? ", "[[],", "'", "\"", "|\n", "a: ", "!x ", "&a ", "*a ", ": "}) {
    INFO(opener);
    CHECK_FALSE(ParsedText(repeated(opener, 100'001)).problems.empty());
  }
}

TEST_CASE("size and number of values are bounded") {
  CHECK(ParsedText("a: [" + repeated("1,", 100'001) + "]").first().find("more than 100000 values") !=
        std::string::npos);
  CHECK(ParsedText("a: [" + repeated("1,", 99'990) + "]").problems.empty());
  CHECK(ParsedText("a: " + std::string(1 << 20, 'x')).first().find("larger than 1 MB") != std::string::npos);
}

TEST_CASE("any bytes give a tree or problems with a place") {
  std::mt19937 random(20260131);
  const std::string_view pieces[] = {"a: 1\n",   "- ",           "{",           "}",     "[",
                                     "]",        ": ",           "? ",          "\"",    "'",
                                     "|\n",      ">\n",          "&a ",         "*a",    "!!str ",
                                     "<<: ",     "\n",           "  ",          "\t",    "#x\n",
                                     "---\n",    "...\n",        "%YAML 1.2\n", "\x04",  std::string_view("\0", 1),
                                     "\xff",     "\xef\xbb\xbf", "sources",     "steps", ",",
                                     "${env:X}", "\\u",          "~",           "null"};
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    const auto length = random() % 24;
    for (unsigned i = 0; i < length; ++i) text += pieces[random() % std::size(pieces)];
    INFO(text);
    const ParsedText parsed(text);
    for (const Diagnostic& problem : parsed.problems) {
      CHECK(problem.line >= 1);
      CHECK(problem.column >= 1);
    }
    const auto loaded = load_pipeline_text(text, "f.yaml", "/");
    CHECK_FALSE(loaded);
  }
}

}  // namespace weir
