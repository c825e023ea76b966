#include "delta/actions.h"

#include <catch2/catch.hpp>

#include "base/json.h"

using namespace weir;
using namespace weir::delta;

TEST_CASE("what is written is read again, action by action") {
  const Protocol protocol{3, 7, std::vector<std::string>{"x"}, std::vector<std::string>{"x", "appendOnly"}};
  Metadata metadata;
  metadata.id = "some id";
  metadata.schema = R"({"type":"struct","fields":[]})";
  metadata.partition_columns = {"a", "b"};
  metadata.configuration = {{"delta.appendOnly", "true"}};
  metadata.description = "it \"is\"\n😀";
  metadata.created_time = 5;
  const Txn txn{"w/s/n", 9'223'372'036'854'775'807, 6};
  CommitInfo info{1, "WRITE", {{"mode", "Append"}}, {}, "Weir", "an id", 3};
  const std::string text =
      to_line(info) + "\n" + to_line(protocol) + "\n" + to_line(metadata) + "\n" + to_line(txn) + "\n";
  const CommitActions read = parse_commit(text, Files::read).value();
  CHECK(read.protocol == protocol);
  CHECK(read.metadata == metadata);
  CHECK(read.txn_id == "an id");
  REQUIRE(read.txns.size() == 1);
  CHECK(read.txns[0].app_id == txn.app_id);
  CHECK(read.txns[0].version == txn.version);
  CHECK(read.txns[0].last_updated == 6);
}

TEST_CASE("features stand in a protocol only where its versions say so, an empty configuration always") {
  CHECK(to_line(Protocol{}) == R"({"protocol":{"minReaderVersion":1,"minWriterVersion":2}})");
  const Json metadata = parse_json(to_line(Metadata{})).value()["metaData"];
  CHECK(metadata["configuration"] == Json::object());
  CHECK(metadata["format"] == Json({{"provider", "parquet"}, {"options", Json::object()}}));
}

TEST_CASE("an added file names all partition columns, null where there is no value, and no deletion vector") {
  const AddFile file{"a%20b", {{"x", std::nullopt}, {"y", "é\"\n"}}, 12, 34, R"({"numRecords":1})"};
  const Json add = parse_json(to_line(file)).value()["add"];
  CHECK(add["partitionValues"]["x"].is_null());
  CHECK(add["partitionValues"]["y"] == "é\"\n");
  CHECK(add["stats"] == R"({"numRecords":1})");
  CHECK(add["dataChange"] == true);
  CHECK_FALSE(add.contains("deletionVector"));
  CHECK_FALSE(parse_json(to_line(AddFile{"p", {}, 1, 1, ""})).value()["add"].contains("stats"));
}

TEST_CASE("unknown actions, unknown fields, nulls and empty lines are ignored") {
  const auto read = parse_commit(
      "\n{\"surprise\":{\"a\":[1]}}\r\n{\"txn\":{\"appId\":\"a\",\"version\":1,\"more\":{}},"
      "\"add\":null}\n\n{\"cdc\":{\"path\":\"x\"}}",
      Files::read);
  REQUIRE(read.has_value());
  CHECK(read->txns.size() == 1);
  CHECK(read->files.empty());
}

TEST_CASE("what a checkpoint keeps of a file: its own words, without newness and what it does not know") {
  const auto read = parse_commit(
      R"({"add":{"path":"p","partitionValues":{},"size":1,"modificationTime":2,"dataChange":true,"clusteringProvider":"x","stats":"{}"}})"
      "\n"
      R"({"remove":{"path":"q","deletionTimestamp":7,"dataChange":true,"extendedFileMetadata":true,"partitionValues":{},"size":1,"stats":"{}"}})",
      Files::read);
  REQUIRE(read->files.size() == 2);
  CHECK(read->files[0].add);
  CHECK(read->files[0].line ==
        R"({"add":{"path":"p","partitionValues":{},"size":1,"modificationTime":2,"stats":"{}","dataChange":false}})");
  CHECK_FALSE(read->files[1].add);
  CHECK(read->files[1].deletion_timestamp == 7);
  CHECK(read->files[1].line.find("stats") == std::string::npos);
}

TEST_CASE("damage is named by its line") {
  const std::string bad =
      GENERATE("{", "[]", R"({"txn":{"appId":"a"}})", R"({"txn":{"appId":1,"version":1}})",
               R"({"protocol":{"minReaderVersion":1}})", R"({"metaData":"x"})",
               R"({"metaData":{"id":"a","schemaString":"{}","partitionColumns":[1]}})", R"({"add":{"size":1}})");
  const auto read = parse_commit("{\"commitInfo\":{}}\n" + bad, Files::read);
  REQUIRE_FALSE(read.has_value());
  CHECK(read.error().fault == Fault::data);
  INFO(read.error().message);
  CHECK((bad == "{" || read.error().message.find("line 2") != std::string::npos));
}
