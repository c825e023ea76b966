#include "delta/checkpoint.h"

#include <fstream>

#include "base/json.h"
#include "delta/delta_fixture.h"

using namespace weir;
using namespace weir::test;

namespace {

// Paths of the files that a checkpoint says are there.
std::vector<std::string> added(const DeltaFixture& f, int version) {
  return f.query("SELECT \"add\".path FROM read_parquet(" + quote_literal(f.checkpoint_file(version).string()) +
                 ") WHERE \"add\" IS NOT NULL ORDER BY length(\"add\".path), 1");
}

void put_commit(const DeltaFixture& f, int version, const std::string& lines) {
  f.write(f.commit_file(version), lines);
}

std::string remove(const std::string& path, std::int64_t when) {
  return fmt::format(R"({{"remove":{{"path":"{}","deletionTimestamp":{},"dataChange":true}}}})", path, when) + "\n";
}

constexpr std::int64_t now_ms = 1'767'225'600'000;

}  // namespace

TEST_CASE("every tenth commit a checkpoint has all that counts, and is enough without the commits before it") {
  DeltaFixture f;
  delta::Table table = f.table();
  f.fill(table, 25);
  CHECK_FALSE(std::filesystem::exists(f.checkpoint_file(9)));
  CHECK(added(f, 10).size() == 10);
  CHECK(added(f, 20).size() == 20);
  const Json pointer = parse_json(f.text(f.log("_last_checkpoint"))).value();
  CHECK(pointer["version"] == 20);
  CHECK(pointer["numOfAddFiles"] == 20);
  CHECK(pointer["size"] == 23);
  CHECK(pointer["sizeInBytes"] == std::filesystem::file_size(f.checkpoint_file(20)));
  for (int i = 0; i < 20; ++i) std::filesystem::remove(f.commit_file(i));
  const delta::Table read = f.read();
  CHECK(read.snapshot().version == 25);
  CHECK(read.snapshot().metadata == table.snapshot().metadata);
  CHECK(read.snapshot().protocol == table.snapshot().protocol);
  CHECK(read.snapshot().txns.at("app").version == 25);
  const auto names = f.names();
  CHECK(std::none_of(names.begin(), names.end(), [](const std::string& name) { return name.ends_with(".tmp"); }));
}

TEST_CASE("the columns of a checkpoint are those of the protocol") {
  DeltaFixture f;
  delta::Table table = f.table();
  f.fill(table, 3, {{"delta.checkpointInterval", "3"}});
  const auto rows = f.query(
      "SELECT \"add\".path, \"add\".size, \"add\".\"dataChange\", \"add\".stats, \"add\".tags IS NULL FROM "
      "read_parquet(" +
      quote_literal(f.checkpoint_file(3).string()) + ") WHERE \"add\" IS NOT NULL");
  CHECK(rows == std::vector<std::string>{R"(f1|10|false|{"numRecords":1}|true)", R"(f2|10|false|{"numRecords":1}|true)",
                                         R"(f3|10|false|{"numRecords":1}|true)"});
  const auto protocol = f.query(
      "SELECT protocol.\"minReaderVersion\", protocol.\"readerFeatures\", protocol.\"writerFeatures\" "
      "FROM read_parquet(" +
      quote_literal(f.checkpoint_file(3).string()) + ") WHERE protocol IS NOT NULL");
  CHECK(protocol == std::vector<std::string>{"1|NULL|NULL"});
}

TEST_CASE("files that others removed leave the next checkpoint, their removal stays as long as VACUUM needs it") {
  DeltaFixture f;
  delta::Table table = f.table();
  f.fill(table, 9, {{"delta.checkpointInterval", "5"}});
  REQUIRE(added(f, 5).size() == 5);
  put_commit(f, 10,
             remove("f1", now_ms - 1000) + remove("f2", now_ms - std::int64_t{8} * 86'400'000) + remove("f7", now_ms));
  put_commit(f, 11, R"({"add":{"path":"f7","partitionValues":{},"size":2,"modificationTime":1,"dataChange":false}})");
  REQUIRE(table.refresh().has_value());
  f.commit(table, f.append("app", 12, "f12"));
  const int version = 12;
  CHECK(added(f, version) == std::vector<std::string>{"f3", "f4", "f5", "f6", "f7", "f8", "f9", "f12"});
  CHECK(f.query("SELECT \"remove\".path FROM read_parquet(" + quote_literal(f.checkpoint_file(version).string()) +
                ") WHERE \"remove\" IS NOT NULL") == std::vector<std::string>{"f1"});
}

TEST_CASE("partition values and texts survive from checkpoint to checkpoint") {
  DeltaFixture f;
  delta::Table table = f.table();
  f.fill(table, 0, {{"delta.checkpointInterval", "1"}});
  delta::Transaction odd = f.append("app", 1, "");
  odd.files.push_back(
      {"a%2520b", {{"p", "é\"😀\n/="}, {"q", std::nullopt}}, 3, 4, R"({"numRecords":1,"maxValues":{"i":"\\u0000"}})"});
  f.commit(table, odd);
  f.commit(table, f.append("app", 2, "f2"));
  f.commit(table, f.append("app", 3, "f3"));
  CHECK(f.query("SELECT \"add\".path, \"add\".\"partitionValues\"['p'], \"add\".\"partitionValues\"['q'], "
                "\"add\".stats FROM read_parquet(" +
                quote_literal(f.checkpoint_file(3).string()) + ") WHERE \"add\".path LIKE 'a%'") ==
        std::vector<std::string>{R"(a%2520b|é"😀)"
                                 "\n"
                                 R"(/=|NULL|{"numRecords":1,"maxValues":{"i":"\\u0000"}})"});
}

TEST_CASE("any single damaged part of the log's shortcuts is survived, G19") {
  DeltaFixture f;
  delta::Table table = f.table();
  f.fill(table, 24);
  const std::string damage = GENERATE("empty", "text", "cut", "gone");
  const std::string what = GENERATE("_last_checkpoint", "checkpoint");
  INFO(damage << " " << what);
  const auto path = what == "checkpoint" ? f.checkpoint_file(20) : f.log("_last_checkpoint");
  const std::string content = f.text(path);
  std::filesystem::remove(path);
  if (damage == "empty") f.write(path, "");
  if (damage == "text") f.write(path, "{\"version\":\"x\"}");
  if (damage == "cut") f.write(path, content.substr(0, content.size() / 2));
  delta::Table read = f.read();
  CHECK(read.snapshot().version == 24);
  CHECK(read.snapshot().txns.at("app").version == 24);
  for (int i = 25; i <= 31; ++i) f.commit(read, f.append("app", i, "f" + std::to_string(i)));
  CHECK(added(f, std::filesystem::exists(f.checkpoint_file(30)) ? 30 : 25).size() >= 25);
  CHECK(f.read().snapshot().version == 31);
}

TEST_CASE("a pointer to a checkpoint that is not there is survived") {
  DeltaFixture f;
  delta::Table table = f.table();
  f.fill(table, 12);
  f.write(f.log("_last_checkpoint"), R"({"version":99,"size":1})");
  CHECK(f.read().snapshot().version == 12);
}

TEST_CASE("a checkpoint that cannot be written fails nothing and is tried again") {
  DeltaFixture f;
  delta::Table table = f.table();
  f.fill(table, 9);
  arm_fault("delta_sink.checkpoint", 1);
  CHECK(f.commit(table, f.append("app", 10, "f10")) == delta::Outcome::committed);
  CHECK_FALSE(std::filesystem::exists(f.checkpoint_file(10)));
  CHECK(f.commit(table, f.append("app", 11, "f11")) == delta::Outcome::committed);
  CHECK(added(f, 11).size() == 11);
}

TEST_CASE("a kill while a checkpoint is written leaves a whole log") {
  DeltaFixture f;
  delta::Table table = f.table();
  f.fill(table, 9);
  arm_crash("delta_sink.mid_checkpoint", 1);
  CHECK_THROWS_AS((void)table.commit(f.append("app", 10, "f10")), TestCrash);
  disarm_all();
  CHECK_FALSE(std::filesystem::exists(f.checkpoint_file(10)));
  delta::Table next = f.read();
  CHECK(next.snapshot().version == 10);
  f.commit(next, f.append("app", 11, "f11"));
  CHECK(added(f, 11).size() == 11);
}

TEST_CASE("checkpoints that others wrote are read: in parts, with columns of their own") {
  DeltaFixture f;
  delta::Table table = f.table();
  f.fill(table, 11);
  const std::string from = "read_parquet(" + quote_literal(f.checkpoint_file(10).string()) + ")";
  const auto part = [&](int number, const std::string& sql) {
    const auto path = f.log(fmt::format("{:020}.checkpoint.{:010}.{:010}.parquet", 10, number, 2));
    REQUIRE(f.io->run("COPY (" + sql + ") TO " + quote_literal(path.string()) + " (FORMAT parquet)").has_value());
  };
  part(1, "SELECT metaData, protocol, {'domain': 'x'} AS domainMetadata FROM " + from + " WHERE \"add\" IS NULL");
  part(2,
       "SELECT txn, struct_pack(path := \"add\".path, size := \"add\".size, stats_parsed := {'numRecords': 1}) AS "
       "\"add\" FROM " +
           from + " WHERE \"metaData\" IS NULL AND protocol IS NULL");
  std::filesystem::remove(f.checkpoint_file(10));
  for (int i = 0; i <= 10; ++i) std::filesystem::remove(f.commit_file(i));
  delta::Table read = f.read();
  CHECK(read.snapshot().version == 11);
  CHECK(read.snapshot().txns.at("app").version == 11);
  for (int i = 12; i <= 20; ++i) f.commit(read, f.append("app", i, "f" + std::to_string(i)));
  CHECK(added(f, 20).size() == 20);
}
