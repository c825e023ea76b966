#include "config/reference.h"

#include <string>

#include <catch2/catch.hpp>

#include "base/file_system.h"
#include "base/json.h"

namespace weir {
namespace {

std::string committed(const std::string& name) { return fs::read_file("docs/reference/" + name).value_or("missing"); }

}  // namespace

TEST_CASE("the committed reference is what the code says (make docs writes it anew)") {
  CHECK(committed("pipeline.md") == markdown_reference(Page::pipeline));
  CHECK(committed("contract.md") == markdown_reference(Page::contract));
  CHECK(committed("pipeline.schema.json") == json_schema(Page::pipeline));
  CHECK(committed("contract.schema.json") == json_schema(Page::contract));
}

TEST_CASE("the schema is JSON and knows the keys") {
  const Json schema = parse_json(json_schema(Page::pipeline)).value();
  CHECK(schema["additionalProperties"] == false);
  CHECK(schema["required"] == Json::array({"version", "name", "sources", "sinks"}));
  const Json& kafka = schema["properties"]["sources"]["additionalProperties"]["oneOf"][0];
  CHECK(kafka["properties"]["type"]["const"] == "kafka");
  CHECK(kafka["properties"]["max_records"]["default"] == 500'000);
  CHECK(kafka["properties"]["max_bytes"]["default"] == "256MiB");
  CHECK_FALSE(kafka["properties"].contains("stop_if"));
  CHECK(schema["properties"]["steps"]["items"]["oneOf"].size() == 6);
  CHECK(schema["$defs"].contains("contract"));
}

TEST_CASE("the reference has a row for each key and no default of a required one") {
  const std::string page = markdown_reference(Page::pipeline);
  CHECK(page.find("| `max_records` | whole number from 1 to 100000000 | `500000` |") != std::string::npos);
  CHECK(page.find("| `connection` | text | required |") != std::string::npos);
  CHECK(page.find("renamed_from") == std::string::npos);
}

}  // namespace weir
