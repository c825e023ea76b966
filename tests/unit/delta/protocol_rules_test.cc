#include "delta/protocol_rules.h"

#include <catch2/catch.hpp>

using namespace weir;
using namespace weir::delta;

namespace {

using Names = std::vector<std::string>;

std::string refusal(const Protocol& protocol, const Metadata& metadata = {}, const TableSchema& schema = {}) {
  const Status checked = check_appendable(protocol, metadata, schema);
  if (checked) return {};
  CHECK(checked.error().fault == Fault::config);
  return checked.error().message;
}

Metadata with(const std::string& key, const std::string& value) {
  Metadata out;
  out.configuration[key] = value;
  return out;
}

}  // namespace

TEST_CASE("tables that Weir appends to") {
  CHECK(refusal({1, 2, {}, {}}).empty());
  CHECK(refusal({1, 7, {}, Names{"appendOnly", "invariants"}}).empty());
  CHECK(refusal({1, 4, {}, {}}, with("delta.enableChangeDataFeed", "false")).empty());
  CHECK(refusal({2, 5, {}, {}}, with("delta.columnMapping.mode", "none")).empty());
  CHECK(refusal({1, 2, {}, {}}, with("delta.appendOnly", "true")).empty());
}

TEST_CASE("tables that ask more of a writer") {
  CHECK(refusal({4, 7, {}, {}}).find("newer than what Weir knows") != std::string::npos);
  CHECK(refusal({1, 8, {}, {}}).find("newer than what Weir knows") != std::string::npos);
  for (const char* feature : {"deletionVectors", "columnMapping", "identityColumns", "rowTracking", "domainMetadata",
                              "v2Checkpoint", "inCommitTimestamp", "somethingNew"}) {
    CHECK(refusal({1, 7, {}, Names{feature}}).find(feature) != std::string::npos);
    CHECK(refusal({3, 7, Names{feature}, Names{}}).find(feature) != std::string::npos);
  }
  CHECK(refusal({1, 3, {}, {}}, with("delta.constraints.positive", "a > 0")).find("'positive'") != std::string::npos);
  CHECK(refusal({1, 4, {}, {}}, with("delta.enableChangeDataFeed", "true")).find("ChangeDataFeed") !=
        std::string::npos);
  CHECK(refusal({2, 5, {}, {}}, with("delta.columnMapping.mode", "name")).find("columnMapping") != std::string::npos);
  CHECK(refusal({1, 7, {}, Names{}}, with("delta.enableRowTracking", "true")).find("RowTracking") != std::string::npos);
  TableSchema schema;
  schema.columns.push_back({"c", {}, "long", true, false, "a generated value"});
  CHECK(refusal({1, 4, {}, {}}, {}, schema).find("column 'c' has a generated value") != std::string::npos);
}
