#include "delta/log.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "base/crash_point.h"
#include "base/json.h"
#include "base/log.h"
#include "base/uuid.h"

namespace weir::delta {
namespace {

constexpr Bytes commit_bytes_max{std::uint64_t{1} << 30};
constexpr std::size_t version_digits = 20;
constexpr std::size_t part_digits = 10;

std::optional<std::int64_t> number(std::string_view digits) {
  std::int64_t out = 0;
  const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
  if (code != std::errc() || end != digits.data() + digits.size() || digits.front() == '-') return std::nullopt;
  return out;
}

// "0000000001.0000000002.parquet": part 1 of 2.
std::optional<std::pair<std::int64_t, std::int64_t>> part_of(std::string_view name) {
  if (name.size() != 2 * part_digits + 1 + std::string_view(".parquet").size() || name[part_digits] != '.')
    return std::nullopt;
  const auto part = number(name.substr(0, part_digits));
  const auto parts = number(name.substr(part_digits + 1, part_digits));
  if (!part || !parts || !name.ends_with(".parquet")) return std::nullopt;
  return std::pair(*part, *parts);
}

}  // namespace

fs::Path Log::commit_path(std::int64_t version) const { return folder_ / fmt::format("{:020}.json", version); }

fs::Path Log::checkpoint_path(std::int64_t version) const {
  return folder_ / fmt::format("{:020}.checkpoint.parquet", version);
}

Result<LogListing> Log::list() const {
  LogListing out;
  std::map<std::pair<std::int64_t, std::int64_t>, std::vector<fs::Path>> parted;  // (version, parts) -> files
  std::map<std::int64_t, std::vector<fs::Path>> whole;
  const auto names = TRY(fs::list(folder_));
  for (const std::string& name : names) {
    const auto version = name.size() > version_digits ? number(name.substr(0, version_digits)) : std::nullopt;
    if (!version) continue;
    const std::string_view rest = std::string_view(name).substr(version_digits);
    if (rest == ".json") out.commits.push_back(*version);
    if (rest == ".checkpoint.parquet") whole[*version] = {folder_ / name};
    constexpr std::string_view head = ".checkpoint.";
    if (const auto part = rest.starts_with(head) ? part_of(rest.substr(head.size())) : std::nullopt)
      parted[{*version, part->second}].push_back(folder_ / name);
  }
  for (auto& [key, files] : parted)
    if (static_cast<std::int64_t>(files.size()) == key.second) whole.try_emplace(key.first, std::move(files));
  for (auto& [version, files] : whole) out.checkpoints.push_back({version, std::move(files)});
  return out;
}

Result<std::optional<std::string>> Log::read(std::int64_t version) const {
  const fs::Path path = commit_path(version);
  if (!fs::exists(path)) return std::nullopt;
  return TRY(fs::read_file(path, commit_bytes_max));
}

Result<fs::Linked> Log::put(std::int64_t version, std::string_view text) const {
  const fs::Path from = aside();
  TRY(fs::write_new_file(from, text));
  CRASH_POINT("delta_sink.before_link");
  auto linked = [&]() -> Result<fs::Linked> {
    TRY(fault_point("delta_sink.link"));
    const auto done = TRY(fs::link_new(from, commit_path(version)));
    TRY(fs::sync_directory(folder_));
    CRASH_POINT("delta_sink.after_link");
    TRY(fault_point("delta_sink.linked"));
    return done;
  }();
  if (const Status removed = fs::remove_file(from); !removed)
    log::warn("cannot remove a temporary file", {{"error", removed.error().text()}});
  return linked;
}

Status Log::point_to_checkpoint(std::string_view text) const {
  const fs::Path from = aside();
  TRY(fs::write_new_file(from, text));
  TRY(fs::rename_file(from, folder_ / "_last_checkpoint"));
  return fs::sync_directory(folder_);
}

std::int64_t Log::pointed_checkpoint() const {
  const fs::Path path = folder_ / "_last_checkpoint";
  if (!fs::exists(path)) return -1;
  const auto text = fs::read_file(path, Bytes(std::uint64_t{16} << 20));
  if (!text) return -1;
  const auto json = parse_json(*text);
  if (!json || !json->is_object() || !json->contains("version")) return -1;
  const Json& version = (*json)["version"];
  return version.is_number_integer() ? version.get<std::int64_t>() : -1;
}

fs::Path Log::aside() const { return folder_ / fmt::format(".weir-{}-{}.tmp", tag_, mint_uuid()); }

Status Log::sweep() const {
  const auto names = TRY(fs::list(folder_));
  for (const std::string& name : names)
    if (name.starts_with(".weir-" + tag_ + "-") && name.ends_with(".tmp")) TRY(fs::remove_file(folder_ / name));
  return {};
}

}  // namespace weir::delta
