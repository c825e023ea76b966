#include "connectors/file_manifest.h"

#include <algorithm>
#include <charconv>
#include <numeric>

#include <fmt/format.h>

#include "base/crash_point.h"
#include "base/hash.h"
#include "base/json.h"
#include "connectors/partition_path.h"

namespace weir {
namespace {

constexpr int format_version = 1;
constexpr Bytes manifest_bytes_max{std::uint64_t{64} << 20};
constexpr std::string_view owner_name = "owner.json";

std::optional<std::uint64_t> parse_number(std::string_view text, int base = 10) {
  std::uint64_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// "12.json" -> 12.
std::optional<BatchNumber> batch_of(std::string_view name) {
  if (!name.ends_with(".json")) return std::nullopt;
  const auto number = parse_number(name.substr(0, name.size() - 5));
  return number ? std::optional(BatchNumber(*number)) : std::nullopt;
}

tl::unexpected<Error> damaged(const fs::Path& path, const Error& why) {
  if (why.fault == Fault::external) return fail(why);
  const std::string way_out = why.fault == Fault::data ? "; restore it from a backup" : "";
  return fail(Fault::config, why.message + way_out, path.string());
}

Result<Owner> parse_owner(const std::string& text) {
  const Json json = TRY(parse_stored(text, "owner", format_version));
  JsonFields fields(json, "owner");
  fields.required<std::uint64_t>("format");
  Owner owner;
  owner.pipeline = fields.required<std::string>("pipeline");
  owner.sink = fields.required<std::string>("sink");
  owner.writer = fields.required<std::string>("writer");
  owner.epoch = Epoch(fields.required<std::uint64_t>("epoch"));
  TRY(fields.finish());
  return owner;
}

Result<std::uint64_t> hex_field(JsonFields& fields, const char* name) {
  const auto number = parse_number(fields.required<std::string>(name), 16);
  if (!number) return fail(Fault::data, fmt::format("the stored manifest has no hexadecimal number in {}", name));
  return *number;
}

Result<ManifestFile> parse_file(const Json& json) {
  JsonFields fields(json, "manifest");
  ManifestFile file;
  file.path = fields.required<std::string>("path");
  file.rows = fields.required<std::uint64_t>("rows");
  file.bytes = Bytes(fields.required<std::uint64_t>("bytes"));
  file.checksum = TRY(hex_field(fields, "xxh3"));
  TRY(fields.finish());
  return file;
}

}  // namespace

std::uint64_t Manifest::rows() const {
  return std::accumulate(files.begin(), files.end(), std::uint64_t{0},
                         [](auto sum, const auto& f) { return sum + f.rows; });
}

std::uint64_t Manifest::bytes() const {
  return std::accumulate(files.begin(), files.end(), std::uint64_t{0},
                         [](auto sum, const auto& f) { return sum + f.bytes.value; });
}

std::string to_json(const Manifest& manifest) {
  Json files = Json::array();
  for (const ManifestFile& file : manifest.files)
    files.push_back(
        {{"path", file.path}, {"rows", file.rows}, {"bytes", file.bytes.value}, {"xxh3", to_hex(file.checksum)}});
  const Json json = {{"format", format_version},
                     {"pipeline", manifest.pipeline},
                     {"sink", manifest.sink},
                     {"writer", manifest.id.writer},
                     {"epoch", manifest.id.epoch.value},
                     {"batch", manifest.id.number.value},
                     {"plan_hash", to_hex(manifest.id.plan_hash)},
                     {"files", std::move(files)}};
  return dump_json(json) + "\n";
}

Result<Manifest> parse_manifest(const std::string& text) {
  const Json json = TRY(parse_stored(text, "manifest", format_version));
  JsonFields fields(json, "manifest");
  fields.required<std::uint64_t>("format");
  Manifest manifest;
  manifest.pipeline = fields.required<std::string>("pipeline");
  manifest.sink = fields.required<std::string>("sink");
  manifest.id.writer = fields.required<std::string>("writer");
  manifest.id.epoch = Epoch(fields.required<std::uint64_t>("epoch"));
  manifest.id.number = BatchNumber(fields.required<std::uint64_t>("batch"));
  manifest.id.plan_hash = TRY(hex_field(fields, "plan_hash"));
  if (const Json* const files = fields.array("files"))
    for (const Json& file : *files) manifest.files.push_back(TRY(parse_file(file)));
  TRY(fields.finish());
  return manifest;
}

ManifestFolder::ManifestFolder(const fs::Path& root, const std::string& writer, const std::string& sink)
    : folder_(root / "_weir" / (writer + "." + escape_partition(sink))) {}

fs::Path ManifestFolder::path_of(BatchNumber number) const { return folder_ / fmt::format("{}.json", number.value); }

Result<std::optional<Owner>> ManifestFolder::owner() const {
  const fs::Path path = folder_ / owner_name;
  if (!fs::exists(path)) return std::nullopt;
  const std::string text = TRY(fs::read_file(path, manifest_bytes_max));
  auto owner = parse_owner(text);
  if (!owner) return damaged(path, owner.error());
  return std::move(*owner);
}

Status ManifestFolder::claim(const Owner& owner) const {
  TRY(fs::make_directories(scratch()));
  const Json json = {{"format", format_version},
                     {"pipeline", owner.pipeline},
                     {"sink", owner.sink},
                     {"writer", owner.writer},
                     {"epoch", owner.epoch.value}};
  return fs::replace_file(folder_ / owner_name, dump_json(json) + "\n");
}

Result<std::vector<BatchNumber>> ManifestFolder::numbers() const {
  std::vector<BatchNumber> numbers;
  const auto names = TRY(fs::list(folder_));
  for (const std::string& name : names)
    if (const auto number = batch_of(name)) numbers.push_back(*number);
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

Result<std::optional<Manifest>> ManifestFolder::find(BatchNumber number) const {
  const fs::Path path = path_of(number);
  if (!fs::exists(path)) return std::nullopt;
  // Whoever acts on a manifest must find it again after a power cut.
  TRY(fs::sync_directory(folder_));
  const std::string text = TRY(fs::read_file(path, manifest_bytes_max));
  auto manifest = parse_manifest(text);
  if (!manifest) return damaged(path, manifest.error());
  return std::move(*manifest);
}

Result<std::optional<Manifest>> ManifestFolder::newest() const {
  const auto all = TRY(numbers());
  if (all.empty()) return std::nullopt;
  return find(all.back());
}

Result<fs::Linked> ManifestFolder::commit(const Manifest& manifest) const {
  const fs::Path aside = scratch() / fmt::format("{}.json.{}.tmp", manifest.id.number.value, manifest.id.epoch.value);
  TRY(fs::remove_file(aside));
  TRY(fs::write_new_file(aside, to_json(manifest)));
  CRASH_POINT("file_sink.before_link");
  TRY(fault_point("file_sink.link"));
  const auto linked = TRY(fs::link_new(aside, path_of(manifest.id.number)));
  TRY(fs::sync_directory(folder_));
  CRASH_POINT("file_sink.after_link");
  TRY(fault_point("file_sink.linked"));
  TRY(fs::remove_file(aside));
  return linked;
}

Status ManifestFolder::prune() const {
  auto all = TRY(numbers());
  if (all.size() <= manifests_kept) return {};
  all.resize(all.size() - manifests_kept);
  for (const BatchNumber number : all) TRY(fs::remove_file(path_of(number)));
  return {};
}

Status ManifestFolder::sweep() const {
  const auto names = TRY(fs::list(folder_));
  for (const std::string& name : names)
    if (name.starts_with(owner_name) && name.ends_with(".tmp")) TRY(fs::remove_file(folder_ / name));
  return {};
}

Result<std::optional<Owner>> ManifestFolder::foreign(const fs::Path& root, const Owner& ours) {
  const std::string suffix = "." + escape_partition(ours.sink);
  const auto names = TRY(fs::list(root / "_weir"));
  for (const std::string& name : names) {
    if (!name.ends_with(suffix)) continue;
    const ManifestFolder folder(root, name.substr(0, name.size() - suffix.size()), ours.sink);
    const auto owner = TRY(folder.owner());
    if (!owner || owner->writer == ours.writer || owner->pipeline != ours.pipeline || owner->sink != ours.sink)
      continue;
    if (!TRY(folder.numbers()).empty()) return owner;
  }
  return std::nullopt;
}

}  // namespace weir
