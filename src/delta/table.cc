#include "delta/table.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/check.h"
#include "base/log.h"
#include "base/uuid.h"
#include "delta/checkpoint.h"
#include "delta/configuration.h"

namespace weir::delta {
namespace {

// Whether a commit of another writer changed what ours rests on. Files that others add or remove do not matter to one that
// only appends.
bool disturbs(const CommitActions& other, const Transaction& ours) {
  if (other.protocol || other.metadata) return true;
  return std::any_of(other.txns.begin(), other.txns.end(), [&](const Txn& theirs) {
    return std::any_of(ours.txns.begin(), ours.txns.end(), [&](const Txn& own) { return own.app_id == theirs.app_id; });
  });
}

}  // namespace

Table::Table(fs::Path path, std::string tag, std::shared_ptr<Session> io, const Clock& clock)
    : path_(std::move(path)), log_(path_, std::move(tag)), io_(std::move(io)), clock_(clock) {}

tl::unexpected<Error> Table::unreadable(std::int64_t version, const Error& why) const {
  if (why.fault != Fault::data) return fail(why);
  return fail(Fault::external, "a commit of the log is not readable: " + why.message,
              log_.commit_path(version).string());
}

// Where the newest version that we know is gone, so may be those after it: the log was cleaned while we stood still.
Status Table::refresh() {
  const bool known =
      loaded_ && snapshot_.exists() &&
      (fs::exists(log_.commit_path(snapshot_.version)) || fs::exists(log_.commit_path(snapshot_.version + 1)));
  if (!known) return load();
  bool news = false;
  while (TRY(read_next())) news = true;
  // Whoever acts on a commit must find it again after a power cut.
  if (news) TRY(fs::sync_directory(log_.folder()));
  return {};
}

Result<bool> Table::read_next() {
  const std::int64_t next = snapshot_.version + 1;
  const auto text = TRY(log_.read(next));
  if (!text) return false;
  const auto commit = parse_commit(*text, Files::skip);
  if (!commit) return unreadable(next, commit.error());
  snapshot_.apply(*commit);
  return true;
}

Status Table::load() {
  loaded_ = false;
  snapshot_ = Snapshot();
  checkpoint_.reset();
  const LogListing listing = TRY(log_.list());
  if (listing.commits.empty() && listing.checkpoints.empty()) return {};
  TRY(fs::sync_directory(log_.folder()));
  for (std::size_t i = listing.checkpoints.size(); i-- > 0 && !loaded_;)
    loaded_ = TRY(load_from(listing, &listing.checkpoints[i]));
  if (!loaded_) loaded_ = TRY(load_from(listing, nullptr));
  if (loaded_) return {};
  snapshot_ = Snapshot();
  return fail(
      Fault::config,
      "the log of the table is damaged: no readable checkpoint has all commits after it; restore the folder from a "
      "backup",
      log_.folder().string());
}

// False: not possible from this checkpoint (nullptr: from the beginning); an older one may do.
Result<bool> Table::load_from(const LogListing& listing, const CheckpointFiles* checkpoint) {
  snapshot_ = Snapshot();
  if (checkpoint != nullptr) {
    auto read = read_checkpoint(*io_, *checkpoint);
    if (!read && read.error().fault != Fault::data) return fail(std::move(read).error());
    if (!read) {
      log::warn("a checkpoint of the table is not readable, an older one is used", {{"error", read.error().text()}});
      return false;
    }
    snapshot_ = std::move(*read);
    checkpoint_ = *checkpoint;
  }
  const std::int64_t newest = listing.commits.empty() ? -1 : listing.commits.back();
  while (TRY(read_next())) {}
  return snapshot_.exists() && snapshot_.version >= newest && !snapshot_.metadata.id.empty();
}

std::string Table::text_of(const Transaction& transaction, const std::string& txn_id) const {
  CommitInfo info;
  info.timestamp = clock_.now().value / 1000;
  info.operation = transaction.operation;
  info.parameters = transaction.parameters;
  info.engine = transaction.engine;
  info.txn_id = txn_id;
  if (snapshot_.exists()) info.read_version = snapshot_.version;
  std::uint64_t bytes = 0;
  for (const AddFile& file : transaction.files) bytes += file.size;
  info.metrics = {{"numAddedFiles", std::to_string(transaction.files.size())},
                  {"numAddedBytes", std::to_string(bytes)}};
  std::string out = to_line(info) + "\n";
  if (transaction.protocol) out += to_line(*transaction.protocol) + "\n";
  if (transaction.metadata) out += to_line(*transaction.metadata) + "\n";
  for (const Txn& txn : transaction.txns) out += to_line(txn) + "\n";
  for (const AddFile& file : transaction.files) out += to_line(file) + "\n";
  return out;
}

Result<Outcome> Table::commit(const Transaction& transaction) {
  CHECK(snapshot_.exists() || (transaction.protocol && transaction.metadata), "a table is made with its metadata");
  TRY(fs::make_directories(log_.folder()));
  for (;;) {
    const std::string txn_id = mint_uuid();
    const auto linked = log_.put(snapshot_.version + 1, text_of(transaction, txn_id));
    if (!linked && linked.error().fault != Fault::external) return fail(linked.error());
    const auto settled = TRY(settle(txn_id, transaction));
    if (settled == Outcome::committed) checkpoint_if_due();
    if (settled) return *settled;
    if (!linked) return fail(linked.error());
  }
}

// Reads what stands at the next version: our own attempt, another commit, which ours goes behind (nullopt) or which disturbs it,
// or nothing yet (nullopt).
Result<std::optional<Outcome>> Table::settle(const std::string& txn_id, const Transaction& transaction) {
  const std::int64_t next = snapshot_.version + 1;
  const auto text = TRY(log_.read(next));
  if (!text) return std::nullopt;
  const auto commit = parse_commit(*text, Files::skip);
  if (!commit) return unreadable(next, commit.error());
  snapshot_.apply(*commit);
  loaded_ = true;
  if (commit->txn_id == txn_id) return Outcome::committed;
  TRY(fs::sync_directory(log_.folder()));
  if (disturbs(*commit, transaction)) return Outcome::changed;
  return std::nullopt;
}

void Table::checkpoint_if_due() {
  const std::int64_t interval = Configuration(snapshot_.metadata).checkpoint_interval();
  const auto due = [&] { return snapshot_.version - (checkpoint_ ? checkpoint_->version : 0) >= interval; };
  if (!due()) return;
  if (log_.pointed_checkpoint() > (checkpoint_ ? checkpoint_->version : -1)) find_checkpoint(snapshot_.version);
  if (!due()) return;
  auto written = write_checkpoint(*io_, log_, snapshot_, checkpoint_ ? &*checkpoint_ : nullptr, clock_);
  while (!written && written.error().fault == Fault::data && checkpoint_) {
    find_checkpoint(checkpoint_->version - 1);  // that one was damaged or removed
    written = write_checkpoint(*io_, log_, snapshot_, checkpoint_ ? &*checkpoint_ : nullptr, clock_);
  }
  if (!written)
    log::warn("no checkpoint of the table was written; the next commit tries again",
              {{"error", written.error().text()}});
  else if (fs::exists(log_.checkpoint_path(snapshot_.version)))
    checkpoint_ = CheckpointFiles{snapshot_.version, {log_.checkpoint_path(snapshot_.version)}};
}

// The newest checkpoint up to `version`, whoever wrote it.
void Table::find_checkpoint(std::int64_t version) {
  checkpoint_.reset();
  const auto listing = log_.list();
  if (!listing) return;
  for (const CheckpointFiles& found : listing->checkpoints)
    if (found.version <= version) checkpoint_ = found;
}

}  // namespace weir::delta
