#include "delta/table.h"

#include "base/json.h"
#include "delta/delta_fixture.h"

using namespace weir;
using namespace weir::test;
using delta::Outcome;

TEST_CASE("a table is made by its first commit and grows by one version a commit") {
  DeltaFixture f;
  delta::Table table = f.table();
  REQUIRE(table.refresh().has_value());
  CHECK_FALSE(table.snapshot().exists());
  CHECK_FALSE(std::filesystem::exists(f.root));
  f.fill(table, 3);
  CHECK(table.snapshot().version == 3);
  CHECK(f.names() == std::vector<std::string>{"00000000000000000000.json", "00000000000000000001.json",
                                              "00000000000000000002.json", "00000000000000000003.json"});
  const delta::Table other = f.read();
  CHECK(other.snapshot().version == 3);
  CHECK(other.snapshot().metadata == table.snapshot().metadata);
  CHECK(other.snapshot().txns.at("app").version == 3);
  // The first action says who wrote it.
  const std::string line = f.text(f.commit_file(2));
  const Json first = parse_json(line.substr(0, line.find('\n'))).value();
  CHECK(first["commitInfo"]["readVersion"] == 1);
  CHECK(first["commitInfo"]["isBlindAppend"] == true);
}

TEST_CASE("writers that know nothing of each other get a version each, FAULTS 52, 54") {
  DeltaFixture f;
  delta::Table a = f.table("a");
  f.fill(a, 0);
  delta::Table b = f.table("b");
  REQUIRE(b.refresh().has_value());
  for (int i = 1; i <= 20; ++i) CHECK(f.commit(a, f.append("a", i, "a" + std::to_string(i))) == Outcome::committed);
  CHECK(f.commit(b, f.append("b", 1, "b1")) == Outcome::committed);  // 20 versions behind
  CHECK(b.snapshot().version == 21);
  CHECK(b.snapshot().txns.at("a").version == 20);
  CHECK(f.commit(a, f.append("a", 21, "a21")) == Outcome::committed);
  CHECK(f.read().snapshot().version == 22);
}

TEST_CASE("another commit that changes what ours rests on stops it, and the next try sees it") {
  DeltaFixture f;
  delta::Table a = f.table("a");
  f.fill(a, 1);
  delta::Table b = f.table("b");
  REQUIRE(b.refresh().has_value());
  SECTION("one of our app ids: a zombie of ours was quicker") {
    f.commit(a, f.append("x", 5, "x5"));
    CHECK(f.commit(b, f.append("x", 5, "x5 again")) == Outcome::changed);
    CHECK(b.snapshot().txns.at("x").version == 5);
  }
  SECTION("the metadata") {
    delta::Transaction change = f.append("a", 2, "");
    change.metadata = a.snapshot().metadata;
    change.metadata->description = "new";
    f.commit(a, change);
    CHECK(f.commit(b, f.append("b", 1, "b1")) == Outcome::changed);
    CHECK(b.snapshot().metadata.description == "new");
  }
  CHECK(f.commit(b, f.append("b", 2, "b2")) == Outcome::committed);
  CHECK(f.read().snapshot().version == 3);
}

TEST_CASE("two that make the same table: one does, the other sees its table, FAULTS 54") {
  DeltaFixture f;
  delta::Table a = f.table("a");
  delta::Table b = f.table("b");
  REQUIRE(a.refresh().has_value());
  REQUIRE(b.refresh().has_value());
  CHECK(f.commit(a, f.creation()) == Outcome::committed);
  CHECK(f.commit(b, f.creation()) == Outcome::changed);
  CHECK(b.snapshot().metadata.id == a.snapshot().metadata.id);
}

TEST_CASE("a lost answer is looked up: the commit stands once, FAULTS 50, 56") {
  DeltaFixture f;
  delta::Table table = f.table();
  f.fill(table, 1);
  arm_fault("delta_sink.linked", 1);
  CHECK(f.commit(table, f.append("app", 2, "f2")) == Outcome::committed);
  CHECK(f.read().snapshot().version == 2);
  arm_fault("delta_sink.link", 1);
  const auto failed = table.commit(f.append("app", 3, "f3"));
  REQUIRE_FALSE(failed.has_value());
  CHECK(failed.error().fault == Fault::external);
  CHECK(f.read().snapshot().version == 2);
  CHECK(f.names().size() == 3);  // no temporary file
  CHECK(f.commit(table, f.append("app", 3, "f3")) == Outcome::committed);
  CHECK(f.read().snapshot().version == 3);
}

TEST_CASE("what a kill leaves aside is no part of the log and goes at the next start, others' stays") {
  DeltaFixture f;
  delta::Table table = f.table("mine");
  f.fill(table, 1);
  arm_crash("delta_sink.before_link", 1);
  CHECK_THROWS_AS((void)table.commit(f.append("app", 2, "f2")), TestCrash);
  disarm_all();
  f.write(f.log(".weir-other-1.tmp"), "x");
  CHECK(f.names().size() == 4);
  CHECK(f.read().snapshot().version == 1);
  REQUIRE(f.table("mine").sweep().has_value());
  CHECK(f.names() ==
        std::vector<std::string>{".weir-other-1.tmp", "00000000000000000000.json", "00000000000000000001.json"});
}

TEST_CASE("a commit that is not readable is said by name, and no version is put behind it") {
  DeltaFixture f;
  delta::Table table = f.table();
  f.fill(table, 2);
  f.write(f.commit_file(3), "{\"txn\":{\"app");
  const Status refreshed = table.refresh();
  REQUIRE_FALSE(refreshed.has_value());
  CHECK(refreshed.error().fault == Fault::external);
  CHECK(refreshed.error().place == f.commit_file(3).string());
  CHECK_FALSE(table.commit(f.append("app", 3, "f3")).has_value());
  CHECK_FALSE(std::filesystem::exists(f.commit_file(4)));
}

TEST_CASE("a log with a hole or without its beginning is refused, FAULTS 23") {
  DeltaFixture f;
  delta::Table table = f.table();
  f.fill(table, 4);
  const int missing = GENERATE(0, 2);
  std::filesystem::remove(f.commit_file(missing));
  const Status refreshed = f.table().refresh();
  REQUIRE_FALSE(refreshed.has_value());
  CHECK(refreshed.error().fault == Fault::config);
  CHECK(refreshed.error().message.find("damaged") != std::string::npos);
}

TEST_CASE("a log that was cleaned while a writer stood still is read anew") {
  DeltaFixture f;
  delta::Table still = f.table("still");
  f.fill(still, 1);
  delta::Table busy = f.table("busy");
  REQUIRE(busy.refresh().has_value());
  for (int i = 1; i <= 12; ++i) f.commit(busy, f.append("busy", i, "b" + std::to_string(i)));
  for (int i = 0; i < 10; ++i) std::filesystem::remove(f.commit_file(i));
  REQUIRE(std::filesystem::exists(f.checkpoint_file(10)));
  REQUIRE(still.refresh().has_value());
  CHECK(still.snapshot().version == 13);
  CHECK(f.commit(still, f.append("still", 1, "s1")) == Outcome::committed);
  CHECK(std::filesystem::exists(f.commit_file(14)));
}
