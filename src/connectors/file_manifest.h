#pragma once
// Keeps what a file sink has committed, as small JSON files in a folder of its own under the sink's directory:
//
//   _weir/<writer>.<sink>/owner.json        which pipeline and epoch writes here now
//   _weir/<writer>.<sink>/<N>.json          the manifest of batch N: its link(2) into place is the commit
//   _weir/<writer>.<sink>/scratch/          files that are not committed, or not yet renamed
//
// The newest manifest says what landed. The last `manifests_kept` stay, older ones are removed: their files have been in place
// since the batch after them began.
//
// Threads: one caller at a time. Errors: Fault::external for the disk; Fault::config for a manifest that is not readable.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/file_system.h"
#include "base/result.h"
#include "connectors/sink.h"

namespace weir {

struct ManifestFile {
  std::string path;  // below the sink's directory
  std::uint64_t rows = 0;
  Bytes bytes;
  std::uint64_t checksum = 0;  // XXH3 of the content
  bool operator==(const ManifestFile&) const = default;
};

struct Manifest {
  std::string pipeline;
  std::string sink;
  BatchId id;
  std::vector<ManifestFile> files;
  std::uint64_t rows() const;
  std::uint64_t bytes() const;
  bool operator==(const Manifest&) const = default;
};

std::string to_json(const Manifest& manifest);
Result<Manifest> parse_manifest(const std::string& text);

struct Owner {
  std::string pipeline;
  std::string sink;
  std::string writer;
  Epoch epoch;
};

class ManifestFolder {
 public:
  static constexpr std::size_t manifests_kept = 100;

  // Nothing is touched. `root` is the sink's directory.
  ManifestFolder(const fs::Path& root, const std::string& writer, const std::string& sink);

  const fs::Path& folder() const { return folder_; }
  fs::Path scratch() const { return folder_ / "scratch"; }

  // nullopt: nobody has opened this folder yet.
  Result<std::optional<Owner>> owner() const;
  Status claim(const Owner& owner) const;

  Result<std::optional<Manifest>> find(BatchNumber number) const;
  Result<std::optional<Manifest>> newest() const;
  // The commit. `already_there`: somebody's manifest of this batch stands; look at it with find().
  Result<fs::Linked> commit(const Manifest& manifest) const;
  Status prune() const;
  // Removes what a kill left of a claim.
  Status sweep() const;

  // Another writer's folder, with at least one manifest, that the same sink of the same pipeline made under `root`.
  static Result<std::optional<Owner>> foreign(const fs::Path& root, const Owner& ours);

 private:
  fs::Path path_of(BatchNumber number) const;
  Result<std::vector<BatchNumber>> numbers() const;

  fs::Path folder_;
};

}  // namespace weir
