#include <fstream>

#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include "checkpoint_fixture.h"

namespace weir {
namespace {

// While it lives no file of this process grows past `bytes`.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    rlimit limit = before_;
    limit.rlim_cur = bytes;
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() { setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

// A small file system of its own; not possible everywhere.
class SmallDisk {
 public:
  SmallDisk() : mounted_(geteuid() == 0 && mount("none", directory_.path().c_str(), "tmpfs", 0, "size=6m") == 0) {}
  ~SmallDisk() {
    if (mounted_) umount(directory_.path().c_str());
  }
  bool mounted() const { return mounted_; }
  const std::filesystem::path& path() const { return directory_.path(); }

 private:
  TestDirectory directory_;
  bool mounted_;
};

StateChanges large_changes(const std::string& family, BatchNumber number) {
  StateChanges changes;
  std::string value;
  for (std::uint64_t x = number.value, j = 0; j < 10'000; ++j)
    value += std::to_string(x = x * 6364136223846793005ULL + 1442695040888963407ULL);
  changes.put(family, "block " + std::to_string(1'000'000 + number.value), value);
  return changes;
}

void check_disk_full(const Error& error) {
  INFO(error.text());
  CHECK(error.fault == Fault::external);
  CHECK(error.retry == Retry::with_backoff);
  CHECK(error.message.starts_with("disk full: free space on this file system, nothing was lost"));
}

// Runs batches until one fails; gives the plan of that batch, which may or may not have been written.
Plan fill(Checkpoint& checkpoint, const std::string& family) {
  for (int i = 0; i < 1'000; ++i) {
    const Plan plan = plan_of(checkpoint);
    if (const Status planned = checkpoint.write_plan(plan, "text of spec-1"); !planned) {
      check_disk_full(planned.error());
      return plan;
    }
    if (const Status done = checkpoint.commit(commit_of(checkpoint, plan), large_changes(family, plan.number)); !done) {
      check_disk_full(done.error());
      return plan;
    }
  }
  FAIL("the disk never was full");
  return {};
}

void check_still_full_then_free(Checkpoint& checkpoint, const std::string& family, const Plan& plan,
                                const std::function<void()>& free_space) {
  const auto once_more = [&]() -> Status {
    if (!checkpoint.open_plan()) TRY(checkpoint.write_plan(plan, "text of spec-1"));
    return checkpoint.commit(commit_of(checkpoint, plan), large_changes(family, plan.number));
  };
  for (int i = 0; i < 3; ++i) {
    const Status again = once_more();
    if (!again) check_disk_full(again.error());
    if (again) break;  // opening it anew made room
  }
  free_space();
  if (checkpoint.next_number() == plan.number) {
    const Status again = once_more();
    if (!again) FAIL(again.error().text());
  }
  must_run_batch(checkpoint, large_changes(family, checkpoint.next_number()));
}

void check_all_there(const fs::Path& path, BatchNumber last) {
  const auto checkpoint = must_open(path);
  CHECK(checkpoint->last_commit()->number == last);
  std::uint64_t blocks = 0;
  REQUIRE(checkpoint->scan("state.1", "", "", [&](std::string_view, std::string_view value) -> Status {
    ++blocks;
    CHECK(value == large_changes("state.1", BatchNumber(blocks)).list().front().value);
    return {};
  }));
  CHECK(blocks == last.value);
}

TEST_CASE("a limit on file sizes stops a commit, which goes through when the limit is gone") {
  const TestDirectory directory;
  BatchNumber last;
  {
    const auto checkpoint = must_open(directory.path());
    const std::string family = *checkpoint->state_family("1");
    std::optional<FileSizeLimit> limit(1 << 20);
    const Plan plan = fill(*checkpoint, family);
    check_still_full_then_free(*checkpoint, family, plan, [&] { limit.reset(); });
    last = checkpoint->last_commit()->number;
  }
  check_all_there(directory.path(), last);
}

TEST_CASE("a full disk stops a commit, which goes through when there is space again") {
  const SmallDisk disk;
  if (!disk.mounted()) {
    WARN("not run: needs to mount a small file system");
    return;
  }
  BatchNumber last;
  {
    const auto checkpoint = must_open(disk.path() / "c");
    const std::string family = *checkpoint->state_family("1");
    std::ofstream(disk.path() / "ballast") << std::string(3 << 20, 'x');
    const Plan plan = fill(*checkpoint, family);
    check_still_full_then_free(*checkpoint, family, plan, [&] { std::filesystem::remove(disk.path() / "ballast"); });
    last = checkpoint->last_commit()->number;
  }
  check_all_there(disk.path() / "c", last);
}

TEST_CASE("a full disk at the first opening leaves nothing half made behind") {
  const TestDirectory directory;
  {
    const FileSizeLimit limit(100);
    const auto opened = Checkpoint::open(directory.path(), options_of());
    REQUIRE_FALSE(opened);
    CHECK(opened.error().fault == Fault::external);
  }
  CHECK(must_open(directory.path())->fresh());
}

}  // namespace
}  // namespace weir
