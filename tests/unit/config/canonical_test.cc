#include "config/canonical.h"

#include <algorithm>
#include <string>

#include <catch2/catch.hpp>

#include "base/json.h"
#include "config/load.h"

namespace weir {
namespace {

LoadOptions options() {
  LoadOptions made;
  made.environment = [](const std::string&) { return std::optional<std::string>("canary"); };
  return made;
}

const std::string text = R"(version: 1
name: p
owner: o
connections: { main: { type: kafka, brokers: ["k:9092"], security: { protocol: SASL_SSL, username: u, password: "${env:SECRET}", key_file: k, certificate_file: c, key_password: canary } } }
sources:
  in:
    type: kafka
    connection: main
    topics: [t]
    format: { type: json, contract: { fields: { id: { type: int64 } } } }
steps:
  - { name: b, filter: "x <> '$${y}'" }
  - { name: a, filter: "y" }
sinks: { out: { from: a, type: console } }
dead_letter: { type: console }
checkpoint: { path: /state }
)";

PipelineSpec load(const std::string& yaml, const std::string& name = "p.yaml") {
  auto loaded = load_pipeline_text(yaml, name, "/", options());
  INFO((loaded ? std::string() : to_string(loaded.error())));
  REQUIRE(loaded);
  return std::move(loaded->spec);
}

std::string replaced(std::string from, const std::string& what, const std::string& with) {
  return from.replace(from.find(what), what.size(), with);
}

}  // namespace

TEST_CASE("the canonical text holds references, no secret") {
  const std::string canonical = canonical_text(load(text));
  CHECK(canonical.find("canary") == std::string::npos);
  CHECK(canonical.find(R"("password":"${env:SECRET}")") != std::string::npos);
  CHECK(canonical.find(R"("key_password":"***")") != std::string::npos);
  CHECK(canonical.find(R"("filter":"x <> '$${y}'")") != std::string::npos);
}

TEST_CASE("the canonical text does not hang on how the file is written") {
  const std::string canonical = canonical_text(load(text));
  CHECK(canonical_text(load("# a comment\n" + text, "other.yaml")) == canonical);
  CHECK(canonical_text(load(replaced(text, "version: 1\nname: p\n",
                                     "name: \"p\"\nversion: 1\ntrigger: as_fast_as_possible\n"))) == canonical);
  CHECK(canonical_text(load(replaced(text, "{ name: b, filter: \"x <> '$${y}'\" }",
                                     "{ filter: \"x <> '$${y}'\", from: in, name: b }"))) == canonical);
}

TEST_CASE("the canonical text changes with what matters to a run") {
  const std::string canonical = canonical_text(load(text));
  CHECK(canonical_text(load(replaced(text, "topics: [t]", "topics: [t, u]"))) != canonical);
  CHECK(canonical_text(load(replaced(text, "type: int64", "type: int32"))) != canonical);
  CHECK(canonical_text(load(replaced(text, "/state", "/state2"))) != canonical);
  CHECK(canonical_text(load(replaced(text, "filter: \"y\"", "filter: \"z\""))) != canonical);
}

TEST_CASE("entries tell what two specs differ in") {
  const auto before = canonical_entries(load(text));
  const auto after =
      canonical_entries(load(replaced(replaced(text, "topics: [t]", "topics: [u]"), "filter: \"y\"", "filter: \"z\"")));
  std::vector<std::pair<std::string, std::string>> changed;
  std::set_difference(after.begin(), after.end(), before.begin(), before.end(), std::back_inserter(changed));
  CHECK(changed == std::vector<std::pair<std::string, std::string>>{{"sources.in.topics", "[\"u\"]"},
                                                                    {"steps.a.filter", "\"z\""}});
  CHECK(std::find(before.begin(), before.end(), std::pair<std::string, std::string>{"steps", "[\"b\",\"a\"]"}) !=
        before.end());
}

TEST_CASE("a secret prints as stars") { CHECK(to_string(Secret("canary")) == "***"); }

}  // namespace weir
