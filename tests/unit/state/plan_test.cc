#include "state/plan.h"

#include <catch2/catch.hpp>

#include "state/commit.h"

namespace weir {
namespace {

Plan whole_plan() {
  Plan plan;
  plan.number = BatchNumber(7);
  plan.spec_hash = "abc";
  plan.clock = Micros(1'700'000'000'000'000);
  plan.trigger = "interval";
  plan.sources = {
      {"payments",
       {{"payments", PartitionId(0), Offset(10), Offset(20), "uuid"}, {"", PartitionId(1), Offset(-1), Offset(0)}},
       Micros(-5),
       {{"payments", PartitionId(1)}}}};
  plan.tables = {{"merchants", "v12"}};
  plan.rejections = {{"lake", std::uint64_t{1} << 41, "amount", "too large"}, {"lake", 3}};
  return plan;
}

TEST_CASE("a plan reads back as it was") {
  const Plan plan = whole_plan();
  const auto read = decode_plan(encode(plan));
  REQUIRE(read);
  CHECK(*read == plan);
  CHECK(encode(*read) == encode(plan));
}

TEST_CASE("the text of a plan is pinned: sinks hold its hash for ever") {
  Plan plan;
  plan.number = BatchNumber(1);
  plan.spec_hash = "s";
  plan.clock = Micros(5);
  plan.sources = {{"in", {{"t", PartitionId(0), Offset(0), Offset(9)}}}};
  CHECK(
      encode(plan) ==
      R"({"format":1,"batch":1,"spec":"s","clock":5,"sources":[{"source":"in","ranges":[{"topic":"t","partition":0,"begin":0,"end":9}]}]})");
  CHECK(plan.hash() == 3947720705839184842);
}

TEST_CASE("the hash covers every decision but not the amendments") {
  const Plan plan = whole_plan();
  CHECK(plan.hash() >> 63 == 0);
  Plan amended = plan;
  amended.rejections.clear();
  CHECK(amended.hash() == plan.hash());

  const auto differs = [&](auto change) {
    Plan other = plan;
    change(other);
    CHECK(other.hash() != plan.hash());
    CHECK(*decode_plan(encode(other)) == other);
  };
  differs([](Plan& p) { p.number = p.number.next(); });
  differs([](Plan& p) { p.spec_hash = "x"; });
  differs([](Plan& p) { p.clock = Micros(1); });
  differs([](Plan& p) { p.trigger.clear(); });
  differs([](Plan& p) { p.sources[0].source = "x"; });
  differs([](Plan& p) { p.sources[0].ranges[0].end = Offset(21); });
  differs([](Plan& p) { p.sources[0].ranges[0].topic_id.clear(); });
  differs([](Plan& p) { p.sources[0].watermark.reset(); });
  differs([](Plan& p) { p.sources[0].idle.clear(); });
  differs([](Plan& p) { p.tables[0].version = "v13"; });
}

TEST_CASE("a plan of a newer format is refused, and so is a field of one") {
  const auto newer = decode_plan(R"({"format":2,"batch":1})");
  REQUIRE_FALSE(newer);
  CHECK(newer.error().fault == Fault::config);
  CHECK(newer.error().message.find("newer Weir") != std::string::npos);

  std::string text = encode(whole_plan());
  text.insert(text.size() - 1, R"(,"shard":1)");
  const auto unknown = decode_plan(text);
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().message == "the stored plan has a field that this version does not know: shard");
}

TEST_CASE("a damaged plan is an error at any cut and any changed byte, never a crash") {
  const std::string text = encode(whole_plan());
  for (std::size_t cut = 0; cut < text.size(); ++cut) CHECK_FALSE(decode_plan(text.substr(0, cut)));
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] = '}';
    const auto read = decode_plan(changed);
    if (read) CHECK(encode(*read) == changed);  // inside a string
  }
  for (const char* wrong : {"[]", "3", "{}", R"({"format":"1"})", R"({"format":1,"batch":-1,"spec":"","clock":0})",
                            R"({"format":1,"batch":1,"spec":"","clock":18446744073709551615})"})
    CHECK_FALSE(decode_plan(wrong));
}

Commit whole_commit() {
  Commit commit;
  commit.number = BatchNumber(7);
  commit.plan_hash = ~std::uint64_t{0} >> 1;
  commit.epoch = Epoch(3);
  commit.time = Micros(9);
  commit.books = {100, 90, 2, {{"FILTERED", 5}, {"JSON_PARSE_ERROR", 3}}};
  commit.sinks = {{"lake", 90, 2, 4096}, {"console", 90}};
  commit.times = {{"payments", "payments", PartitionId(0), Micros(-3)}};
  return commit;
}

TEST_CASE("a commit reads back as it was") {
  const Commit commit = whole_commit();
  const auto read = decode_commit(encode(commit));
  REQUIRE(read);
  CHECK(*read == commit);
  CHECK(*decode_commit(encode(Commit{})) == Commit{});
}

TEST_CASE("a damaged or newer commit is refused") {
  const std::string text = encode(whole_commit());
  for (std::size_t cut = 0; cut < text.size(); ++cut) CHECK_FALSE(decode_commit(text.substr(0, cut)));
  const auto newer = decode_commit(R"({"format":2})");
  REQUIRE_FALSE(newer);
  CHECK(newer.error().fault == Fault::config);
}

}  // namespace
}  // namespace weir
