#include "state/checkpoint_directory.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/json.h"
#include "base/log.h"
#include "base/uuid.h"
#include "state/checkpoint_layout.h"
#include "state/state_changes.h"

namespace weir {
namespace {

bool ours(const std::string& name) {
  constexpr std::array<std::string_view, 5> names = {layout::identity_file, layout::lease_file, layout::synced_file,
                                                     layout::database, layout::database_new};
  if (std::find(names.begin(), names.end(), name) != names.end()) return true;
  return name.starts_with(std::string(layout::identity_file) + ".") && name.ends_with(".tmp");
}

// A directory of somebody else must not be taken over, nor a mistyped path be filled.
Status refuse_foreign(const fs::Path& path) {
  if (fs::exists(path / layout::database)) return {};
  for (const std::string& name : TRY(fs::list(path))) {
    if (!ours(name)) {
      return fail(Fault::config, fmt::format("the directory holds something else than a checkpoint ({}): choose an "
                                             "empty one for checkpoint.path",
                                             name));
    }
  }
  return {};
}

Status refuse_other(const Identity& identity, const std::string& pipeline) {
  if (identity.pipeline == pipeline) return {};
  return fail(Fault::config, fmt::format("the checkpoint belongs to the pipeline '{}', this one is '{}': give this "
                                         "pipeline another checkpoint.path, or its old name back",
                                         identity.pipeline, pipeline));
}

Status write_identity(const fs::Path& path, const Identity& identity) {
  const Json json{{"format", identity.format}, {"pipeline", identity.pipeline}, {"writer", identity.writer}};
  return fs::replace_file(path / layout::identity_file, dump_json(json) + "\n");
}

// What CHECKPOINT says, to refuse before the database is touched; nullopt where it cannot be read.
std::optional<Identity> read_identity_file(const fs::Path& path) {
  const auto text = fs::read_file(path / layout::identity_file, Bytes(64 << 10));
  if (!text) return std::nullopt;
  const auto json = parse_json(*text);
  if (!json) return std::nullopt;
  JsonFields fields(*json, "checkpoint");
  Identity identity;
  identity.format = fields.required<std::int32_t>("format");
  if (identity.format > layout::format) return identity;  // the other fields may be different ones
  identity.pipeline = fields.required<std::string>("pipeline");
  identity.writer = fields.required<std::string>("writer");
  if (!fields.finish()) return std::nullopt;
  return identity;
}

Status make_database(const fs::Path& path, const std::string& pipeline) {
  const fs::Path aside = path / layout::database_new;
  TRY(fs::remove_directory(aside));  // of an opening that was killed
  {
    const auto database =
        TRY(Database::open(aside, Database::Mode::create, {layout::plans, layout::commits, layout::specs}));
    StateChanges changes;
    changes.put(layout::meta, layout::meta_format, std::to_string(layout::format));
    changes.put(layout::meta, layout::meta_pipeline, pipeline);
    changes.put(layout::meta, layout::meta_writer, mint_uuid());
    changes.put(layout::meta, layout::meta_secret, mint_uuid());
    changes.put(layout::meta, layout::meta_epoch, "0");
    changes.put(layout::meta, layout::meta_last_plan, "0");
    changes.put(layout::meta, layout::meta_last_commit, "0");
    TRY(database->write(changes.list(), Database::Sync::yes));
  }
  TRY(fs::sync_directory(aside));
  TRY(fs::rename_file(aside, path / layout::database));
  return fs::sync_directory(path);
}

}  // namespace

Result<CheckpointDirectory> open_directory(const fs::Path& path, const std::string& pipeline, Micros now) {
  TRY(refuse_foreign(path));
  TRY(fs::make_directories(path));
  Lease lease = TRY(Lease::take(path / layout::lease_file, pipeline, now));
  const std::optional<Identity> said = read_identity_file(path);
  if (said) {
    TRY(refuse_newer(*said));
    TRY(refuse_other(*said, pipeline));
  }
  const bool fresh = !fs::exists(path / layout::database);
  if (fresh) {
    if (fs::exists(path / layout::identity_file) || fs::exists(path / layout::synced_file))
      return fail(damaged("its database (db) is gone"));
    TRY(make_database(path, pipeline));
  }
  auto database = TRY(Database::open(path / layout::database, Database::Mode::existing));
  const Identity identity = TRY(read_identity(*database));
  TRY(refuse_other(identity, pipeline));
  SyncedMark mark = TRY(SyncedMark::open(path / layout::synced_file));
  if (!mark.sequence()) {
    if (!fresh) log::warn("the checkpoint's SYNCED mark is made anew");
  } else if (database->sequence() < *mark.sequence()) {
    return fail(damaged("writes that were synced are gone from the end of its log"));
  }
  if (!said || said->writer != identity.writer) TRY(write_identity(path, identity));
  return CheckpointDirectory{std::move(lease), std::move(mark), std::move(database), identity, fresh};
}

}  // namespace weir
