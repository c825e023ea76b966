#include "base/json.h"
#include "state/checkpoint.h"
#include "state/checkpoint_history.h"
#include "state/checkpoint_layout.h"
#include "state/database.h"

namespace weir {
namespace {

Result<CheckpointSummary> read_once(const fs::Path& path) {
  const auto database = TRY(Database::open(path / layout::database, Database::Mode::read_only));
  const Identity identity = TRY(read_identity(*database));
  History history = TRY(read_history(*database));
  CheckpointSummary summary;
  summary.pipeline = identity.pipeline;
  summary.writer = identity.writer;
  summary.format = identity.format;
  summary.epoch = identity.epoch;
  if (history.plans.size() > history.commits.size()) summary.open_plan = history.plans.back();
  summary.plans = std::move(history.plans);
  summary.commits = std::move(history.commits);
  for (std::string& family : database->families()) {
    if (family.starts_with(layout::state_prefix)) summary.state_families.push_back(std::move(family));
  }
  return summary;
}

}  // namespace

Result<CheckpointSummary> read_checkpoint(const fs::Path& path) {
  if (!fs::exists(path / layout::database))
    return fail(Fault::config, "there is no checkpoint in this directory", path.string());
  // A running worker may remove a file between our listing and our opening it.
  constexpr int attempts = 10;
  auto summary = read_once(path);
  for (int i = 1; i < attempts && !summary; ++i) summary = read_once(path);
  if (!summary && summary.error().place.empty()) summary.error().place = path.string();
  return summary;
}

}  // namespace weir
