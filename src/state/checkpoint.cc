#include "state/checkpoint.h"

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "base/crash_point.h"
#include "base/hash.h"
#include "state/checkpoint_directory.h"
#include "state/checkpoint_history.h"
#include "state/checkpoint_layout.h"
#include "state/database.h"

namespace weir {
namespace {

// For the power-loss test: it must notice a build that commits without fsync.
Database::Sync commit_sync() {
  if constexpr (test_build) {
    static const bool skipped = std::getenv("WEIR_TEST_NO_COMMIT_SYNC") != nullptr;
    if (skipped) return Database::Sync::no;
  }
  return Database::Sync::yes;
}

struct Kept {
  BatchNumber number;
  std::string spec_hash;
};

}  // namespace

struct Checkpoint::Impl {
  CheckpointDirectory directory;
  std::string writer;
  Epoch epoch;
  std::uint64_t keep = 0;
  std::optional<Commit> last_commit;
  std::optional<Plan> open_plan;
  std::deque<Kept> kept;  // plans in the database, oldest first

  Database& database() { return *directory.database; }

  Status write(const StateChanges& changes, Database::Sync sync = Database::Sync::yes) {
    TRY(database().write(changes.list(), sync));
    // The write counts; a mark that lags behind is only a weaker check.
    if (sync == Database::Sync::yes) [[maybe_unused]]
      const Status marked = directory.mark.set(database().sequence());
    return {};
  }

  Status raise_epoch(Epoch next) {
    StateChanges changes;
    changes.put(layout::meta, layout::meta_epoch, std::to_string(next.value));
    TRY(write(changes));
    epoch = next;
    return {};
  }

  Status load() {
    History history = TRY(read_history(database()));
    for (const Plan& plan : history.plans) kept.push_back({plan.number, plan.spec_hash});
    if (history.plans.size() > history.commits.size()) open_plan = std::move(history.plans.back());
    if (!history.commits.empty()) last_commit = std::move(history.commits.back());
    return {};
  }

  // Adds the removal of batches that `number` pushes out, and of specs that nothing kept names any more.
  std::size_t prune(BatchNumber number, StateChanges& changes) const {
    std::size_t gone = 0;
    while (gone < kept.size() && kept[gone].number.value + keep <= number.value) {
      changes.erase(layout::plans, layout::batch_key(kept[gone].number));
      changes.erase(layout::commits, layout::batch_key(kept[gone].number));
      ++gone;
    }
    for (std::size_t i = 0; i < gone; ++i) {
      bool named = false;
      for (std::size_t j = gone; j < kept.size() && !named; ++j) named = kept[j].spec_hash == kept[i].spec_hash;
      if (!named) changes.erase(layout::specs, kept[i].spec_hash);
    }
    return gone;
  }
};

Checkpoint::Checkpoint(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Checkpoint::~Checkpoint() {
  if (impl_) impl_->directory.mark.sync();
}

Result<std::unique_ptr<Checkpoint>> Checkpoint::open(const fs::Path& path, const OpenOptions& options) {
  CHECK(options.keep > 0);
  const auto placed = [&](Error error) {
    if (error.place.empty()) error.place = path.string();
    return fail(std::move(error));
  };
  auto directory = open_directory(path, options.pipeline, options.now);
  if (!directory) return placed(directory.error());
  auto impl = std::make_unique<Impl>(Impl{*std::move(directory), {}, {}, options.keep, {}, {}, {}});
  impl->writer = impl->directory.identity.writer;
  if (const Status loaded = impl->load(); !loaded) return placed(loaded.error());
  if (const Status raised = impl->raise_epoch(impl->directory.identity.epoch.next()); !raised)
    return placed(raised.error());
  return std::unique_ptr<Checkpoint>(new Checkpoint(std::move(impl)));
}

const std::string& Checkpoint::writer() const { return impl_->writer; }
std::uint64_t Checkpoint::secret() const { return hash64(impl_->directory.identity.secret); }
Epoch Checkpoint::epoch() const { return impl_->epoch; }
bool Checkpoint::fresh() const { return impl_->directory.fresh; }
const std::optional<Commit>& Checkpoint::last_commit() const { return impl_->last_commit; }
const std::optional<Plan>& Checkpoint::open_plan() const { return impl_->open_plan; }

BatchNumber Checkpoint::next_number() const {
  return impl_->last_commit ? impl_->last_commit->number.next() : BatchNumber(1);
}

Result<std::optional<Plan>> Checkpoint::plan(BatchNumber number) const {
  const auto text = TRY(impl_->database().get(layout::plans, layout::batch_key(number)));
  if (!text) return std::nullopt;
  return TRY(decode_plan(*text));
}

Result<std::optional<Commit>> Checkpoint::committed(BatchNumber number) const {
  const auto text = TRY(impl_->database().get(layout::commits, layout::batch_key(number)));
  if (!text) return std::nullopt;
  return TRY(decode_commit(*text));
}

Result<std::optional<std::string>> Checkpoint::spec(std::string_view hash) const {
  return impl_->database().get(layout::specs, hash);
}

Status Checkpoint::write_plan(const Plan& plan, std::string_view spec) {
  CHECK(plan.number == next_number(), "batch numbers have no hole");
  CHECK(!impl_->open_plan || impl_->open_plan->number != plan.number, "an open plan is run, not replaced");
  CHECK(!plan.spec_hash.empty());
  TRY(fault_point("plan.write"));
  CRASH_POINT("plan.before_write");
  StateChanges changes;
  const std::string text = encode(plan);
  changes.put(layout::plans, layout::batch_key(plan.number), text);
  changes.put(layout::meta, layout::meta_last_plan, std::to_string(plan.number.value));
  if (impl_->kept.empty() || impl_->kept.back().spec_hash != plan.spec_hash)
    changes.put(layout::specs, plan.spec_hash, std::string(spec));
  TRY(impl_->write(changes));
  impl_->open_plan = TRY(decode_plan(text));
  impl_->kept.push_back({plan.number, plan.spec_hash});
  CRASH_POINT("plan.after_write");
  return {};
}

Status Checkpoint::drop_open_plan() {
  CHECK(impl_->open_plan.has_value(), "there is an open plan to drop");
  const BatchNumber number = impl_->open_plan->number;
  StateChanges changes;
  changes.erase(layout::plans, layout::batch_key(number));
  changes.put(layout::meta, layout::meta_last_plan, std::to_string(number.value - 1));
  const auto& kept = impl_->kept;
  const auto same = [&](const auto& other) { return other.spec_hash == kept.back().spec_hash; };
  if (std::none_of(kept.begin(), kept.end() - 1, same)) changes.erase(layout::specs, kept.back().spec_hash);
  TRY(impl_->write(changes));
  impl_->open_plan.reset();
  impl_->kept.pop_back();
  return {};
}

Status Checkpoint::amend_plan(BatchNumber number, const std::vector<SinkRejection>& rejections) {
  CHECK(impl_->open_plan && impl_->open_plan->number == number, "only the open plan is amended");
  Plan amended = *impl_->open_plan;
  amended.rejections.insert(amended.rejections.end(), rejections.begin(), rejections.end());
  const std::string text = encode(amended);
  StateChanges changes;
  changes.put(layout::plans, layout::batch_key(number), text);
  TRY(impl_->write(changes));
  // As a replay will read it: bytes that are not UTF-8 have changed.
  impl_->open_plan = TRY(decode_plan(text));
  return {};
}

Status Checkpoint::commit(const Commit& commit, const StateChanges& state) {
  CHECK(impl_->open_plan && impl_->open_plan->number == commit.number, "a commit follows its plan");
  CHECK(commit.number == next_number(), "batch numbers have no hole");
  CHECK(commit.plan_hash == impl_->open_plan->hash(), "a commit names its plan");
  CHECK(commit.epoch == impl_->epoch, "a commit carries the epoch of this opening");
  TRY(fault_point("commit.write"));
  CRASH_POINT("commit.before");
  StateChanges changes = state;
  changes.put(layout::commits, layout::batch_key(commit.number), encode(commit));
  changes.put(layout::meta, layout::meta_last_commit, std::to_string(commit.number.value));
  const std::size_t gone = impl_->prune(commit.number, changes);
  TRY(impl_->write(changes, commit_sync()));
  impl_->kept.erase(impl_->kept.begin(), impl_->kept.begin() + static_cast<std::ptrdiff_t>(gone));
  impl_->last_commit = commit;
  impl_->open_plan.reset();
  CRASH_POINT("commit.after");
  return {};
}

Result<std::string> Checkpoint::state_family(std::string_view step) {
  std::string family = std::string(layout::state_prefix) + std::string(step);
  const std::string mark = std::string(layout::meta_family) + family;
  if (TRY(impl_->database().get(layout::meta, mark))) return family;
  TRY(impl_->database().drop_family(family));  // of an opening that was killed between this and the mark
  TRY(impl_->database().add_family(family));
  StateChanges changes;
  changes.put(layout::meta, mark, "1");
  TRY(impl_->write(changes));
  return family;
}

Status Checkpoint::drop_state(std::string_view step) {
  const std::string own = std::string(layout::state_prefix) + std::string(step);
  std::vector<std::string> families = impl_->database().families();
  std::erase_if(families, [&](const std::string& name) { return name != own && !name.starts_with(own + "."); });
  StateChanges changes;
  for (const std::string& family : families) {
    changes.erase(layout::meta, std::string(layout::meta_family) + family);
    changes.erase(layout::meta, std::string(layout::meta_head) + family);
  }
  TRY(impl_->write(changes));
  // Killed here, what is left of a family is removed when it is made again.
  for (const std::string& family : families) TRY(impl_->database().drop_family(family));
  return {};
}

Result<std::optional<std::string>> Checkpoint::get(const std::string& family, std::string_view key) const {
  return impl_->database().get(family, key);
}

Status Checkpoint::scan(const std::string& family, std::string_view begin, std::string_view end,
                        const std::function<Status(std::string_view, std::string_view)>& row) const {
  return impl_->database().scan(family, begin, end, row);
}

Bytes Checkpoint::disk_bytes() const { return impl_->directory.database->disk_bytes(); }

}  // namespace weir
