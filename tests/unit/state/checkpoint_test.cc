#include "state/checkpoint.h"

#include <fstream>

#include "checkpoint_fixture.h"

namespace weir {
namespace {

TEST_CASE("a new checkpoint is at the beginning") {
  const TestDirectory directory;
  const auto checkpoint = must_open(directory.path() / "deep" / "down");
  CHECK(checkpoint->fresh());
  CHECK(checkpoint->epoch() == Epoch(1));
  CHECK(checkpoint->writer().size() == 36);
  CHECK(checkpoint->secret() != 0);
  CHECK_FALSE(checkpoint->last_commit());
  CHECK_FALSE(checkpoint->open_plan());
  CHECK(checkpoint->next_number() == BatchNumber(1));
  CHECK_FALSE(*checkpoint->plan(BatchNumber(1)));
}

TEST_CASE("what was committed is there after each opening, the writer stays, the epoch rises") {
  const TestDirectory directory;
  std::string writer;
  std::uint64_t secret = 0;
  for (std::uint64_t n = 1; n <= 5; ++n) {
    const auto checkpoint = must_open(directory.path());
    CHECK(checkpoint->fresh() == (n == 1));
    if (n == 1) writer = checkpoint->writer();
    CHECK(checkpoint->writer() == writer);
    if (n == 1) secret = checkpoint->secret();
    CHECK(checkpoint->secret() == secret);
    CHECK(checkpoint->epoch() == Epoch(n));
    CHECK(checkpoint->next_number() == BatchNumber(n));
    if (n > 1) {
      CHECK(checkpoint->last_commit()->number == BatchNumber(n - 1));
      CHECK(checkpoint->last_commit()->epoch == Epoch(n - 1));
      const auto plan = checkpoint->plan(BatchNumber(n - 1));
      REQUIRE((plan && *plan));
      CHECK(end_of((*plan)->source("in")->ranges).front().next == Offset(static_cast<std::int64_t>(10 * (n - 1))));
      CHECK(**checkpoint->committed(BatchNumber(n - 1)) == *checkpoint->last_commit());
    }
    must_run_batch(*checkpoint);
  }
}

TEST_CASE("a plan without its commit is found, with its spec and what was added to it") {
  const TestDirectory directory;
  Plan plan;
  {
    const auto checkpoint = must_open(directory.path());
    must_run_batch(*checkpoint);
    plan = plan_of(*checkpoint, "spec-2");
    REQUIRE(checkpoint->write_plan(plan, "other text"));
    REQUIRE(checkpoint->amend_plan(plan.number, {{"out", 3, "amount", "too large"}}));
    REQUIRE(checkpoint->amend_plan(plan.number, {{"out", 4, "", "bytes \xff\xfe"}}));
  }
  const auto checkpoint = must_open(directory.path());
  REQUIRE(checkpoint->open_plan());
  CHECK(checkpoint->open_plan()->hash() == plan.hash());
  REQUIRE(checkpoint->open_plan()->rejections.size() == 2);
  CHECK(checkpoint->open_plan()->rejections[0] == SinkRejection{"out", 3, "amount", "too large"});
  CHECK(**checkpoint->spec("spec-2") == "other text");
  CHECK(checkpoint->last_commit()->number == BatchNumber(1));

  REQUIRE(checkpoint->commit(commit_of(*checkpoint, *checkpoint->open_plan())));
  CHECK_FALSE(checkpoint->open_plan());
  CHECK(checkpoint->next_number() == BatchNumber(3));
}

TEST_CASE("state changes are there exactly with their commit") {
  const TestDirectory directory;
  std::string family;
  {
    const auto checkpoint = must_open(directory.path());
    family = *checkpoint->state_family("7");
    StateChanges changes;
    for (const char* key : {"a", "b", "c", "d"}) changes.put(family, key, "1");
    must_run_batch(*checkpoint, changes);
    StateChanges more;
    more.erase_range(family, "b", "d");
    more.erase(family, "a");
    more.put(family, "e", "2");
    must_run_batch(*checkpoint, more);
  }
  const auto checkpoint = must_open(directory.path());
  std::string seen;
  REQUIRE(checkpoint->scan(family, "", "", [&](std::string_view key, std::string_view value) -> Status {
    seen += std::string(key) + "=" + std::string(value) + ";";
    return {};
  }));
  CHECK(seen == "d=1;e=2;");
  CHECK(**checkpoint->get(family, "e") == "2");
  CHECK_FALSE(*checkpoint->get(family, "a"));

  const std::string part = *checkpoint->state_family("7.members0"), other = *checkpoint->state_family("70");
  StateChanges changes;
  changes.put(part, "p", "1");
  changes.put(other, "o", "1");
  must_run_batch(*checkpoint, changes);
  REQUIRE(checkpoint->drop_state("7"));
  CHECK(*checkpoint->state_family("7") == family);
  CHECK_FALSE(*checkpoint->get(family, "e"));
  CHECK(*checkpoint->state_family("7.members0") == part);
  CHECK_FALSE(*checkpoint->get(part, "p"));
  CHECK(*checkpoint->get(other, "o"));
}

TEST_CASE("only the last batches and the specs they name are kept") {
  const TestDirectory directory;
  OpenOptions options = options_of();
  options.keep = 5;
  {
    const auto checkpoint = must_open(directory.path(), options);
    for (int n = 1; n <= 8; ++n) must_run_batch(*checkpoint, {}, n <= 2 ? "old" : n == 3 ? "middle" : "new");
    CHECK_FALSE(*checkpoint->plan(BatchNumber(3)));
    CHECK_FALSE(*checkpoint->committed(BatchNumber(3)));
    CHECK(*checkpoint->plan(BatchNumber(4)));
    CHECK_FALSE(*checkpoint->spec("old"));
    CHECK_FALSE(*checkpoint->spec("middle"));
    CHECK(**checkpoint->spec("new") == "text of new");
    must_run_batch(*checkpoint, {}, "old");
    for (int n = 0; n < 3; ++n) must_run_batch(*checkpoint, {}, "new");
  }
  const auto checkpoint = must_open(directory.path(), options);
  CHECK(**checkpoint->spec("old") == "text of old");
  CHECK(checkpoint->next_number() == BatchNumber(13));
  const auto summary = read_checkpoint(directory.path());
  REQUIRE(summary);
  CHECK(summary->plans.size() == 5);
  CHECK(summary->commits.front().number == BatchNumber(8));
}

TEST_CASE("a checkpoint of another pipeline is refused and left as it is") {
  const TestDirectory directory;
  must_run_batch(*must_open(directory.path(), options_of("payments")));
  const auto opened = Checkpoint::open(directory.path(), options_of("orders"));
  REQUIRE_FALSE(opened);
  CHECK(opened.error().fault == Fault::config);
  CHECK(opened.error().message ==
        "the checkpoint belongs to the pipeline 'payments', this one is 'orders': give this pipeline another "
        "checkpoint.path, or its old name back");
  CHECK(opened.error().place == directory.path().string());
  std::filesystem::remove(directory.path() / "CHECKPOINT");  // the database knows it, too
  CHECK(Checkpoint::open(directory.path(), options_of("orders")).error().message == opened.error().message);
  CHECK(must_open(directory.path())->epoch() == Epoch(2));
}

TEST_CASE("a directory that holds something else is refused") {
  const TestDirectory directory;
  std::ofstream(directory.path() / "notes.txt") << "mine";
  const auto opened = Checkpoint::open(directory.path(), options_of());
  REQUIRE_FALSE(opened);
  CHECK(opened.error().fault == Fault::config);
  CHECK(opened.error().message ==
        "the directory holds something else than a checkpoint (notes.txt): choose an empty one for checkpoint.path");
  CHECK(std::distance(std::filesystem::directory_iterator(directory.path()), {}) == 1);
}

TEST_CASE("a checkpoint of a newer format is refused before anything is touched") {
  const TestDirectory directory;
  must_run_batch(*must_open(directory.path()));
  std::ofstream(directory.path() / "CHECKPOINT") << R"({"format":2,"shard":"1/2"})";
  const auto opened = Checkpoint::open(directory.path(), options_of());
  REQUIRE_FALSE(opened);
  CHECK(opened.error().fault == Fault::config);
  CHECK(
      opened.error().message ==
      "the checkpoint was written by a newer Weir (format 2, this one reads up to 1): run that version or a newer one");
  std::filesystem::remove(directory.path() / "CHECKPOINT");
  CHECK(must_open(directory.path())->epoch() == Epoch(2));
}

TEST_CASE("an opening that was killed while it made the database is begun anew") {
  const TestDirectory directory;
  std::filesystem::create_directories(directory.path() / "db.new");
  std::ofstream(directory.path() / "db.new" / "CURRENT") << "half";
  CHECK(must_open(directory.path())->fresh());
}

TEST_CASE("a running checkpoint can be looked at") {
  const TestDirectory directory;
  const auto checkpoint = must_open(directory.path());
  for (int i = 0; i < 3; ++i) must_run_batch(*checkpoint);
  REQUIRE(checkpoint->state_family("4"));
  REQUIRE(checkpoint->write_plan(plan_of(*checkpoint), "text of spec-1"));
  const auto summary = read_checkpoint(directory.path());
  REQUIRE(summary);
  CHECK(summary->pipeline == "payments");
  CHECK(summary->writer == checkpoint->writer());
  CHECK(summary->epoch == Epoch(1));
  CHECK(summary->commits.size() == 3);
  CHECK(summary->open_plan->number == BatchNumber(4));
  CHECK(summary->state_families == std::vector<std::string>{"state.4"});
  REQUIRE(checkpoint->commit(commit_of(*checkpoint, *checkpoint->open_plan())));  // the look changed nothing

  const TestDirectory empty;
  CHECK(read_checkpoint(empty.path()).error().fault == Fault::config);
}

TEST_CASE("10,000 batches leave a small checkpoint") {
  const TestDirectory directory;
  {
    const auto checkpoint = must_open(directory.path());
    for (int i = 0; i < 10'000; ++i) must_run_batch(*checkpoint);
  }
  const auto checkpoint = must_open(directory.path());
  CHECK(checkpoint->next_number() == BatchNumber(10'001));
  CHECK(checkpoint->disk_bytes().value < (64 << 20));
}

TEST_CASE("an open plan can be dropped and decided anew") {
  const TestDirectory directory;
  {
    const auto checkpoint = must_open(directory.path());
    must_run_batch(*checkpoint);
    REQUIRE(checkpoint->write_plan(plan_of(*checkpoint, "spec-old"), "old text"));
    REQUIRE(checkpoint->drop_open_plan());
    CHECK_FALSE(checkpoint->open_plan().has_value());
  }
  {
    const auto checkpoint = must_open(directory.path());
    CHECK_FALSE(checkpoint->open_plan().has_value());
    CHECK(checkpoint->next_number() == BatchNumber(2));
    REQUIRE(checkpoint->write_plan(plan_of(*checkpoint, "spec-new"), "new text"));
  }
  const auto checkpoint = must_open(directory.path());
  CHECK(checkpoint->open_plan()->spec_hash == "spec-new");
}

TEST_CASE("the plan of the first batch can be dropped too") {
  const TestDirectory directory;
  {
    const auto checkpoint = must_open(directory.path());
    REQUIRE(checkpoint->write_plan(plan_of(*checkpoint), "text"));
    REQUIRE(checkpoint->drop_open_plan());
  }
  const auto checkpoint = must_open(directory.path());
  CHECK(checkpoint->next_number() == BatchNumber(1));
}

}  // namespace
}  // namespace weir
