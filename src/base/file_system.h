#pragma once
// Reads, writes, syncs and links files. What a commit rests on goes through here, so that what is synced, and when,
// is said in one place.
//
// Errors: Fault::external with the path as place and errno's text ("disk full" for ENOSPC names the remedy). A failed
// fsync ends the process: the kernel may have dropped the dirty pages, a second fsync would lie
// (https://wiki.postgresql.org/wiki/Fsync_Errors). Threads: plain functions over paths.

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/types.h"

namespace weir::fs {

using Path = std::filesystem::path;

bool exists(const Path& path);
Result<Bytes> size_of(const Path& path);

// Whether this process may make files in directory `path` or, where it is not there yet, make it: changes nothing.
Status check_writable(const Path& path);

// The whole file; refuses more than `bytes_max`.
Result<std::string> read_file(const Path& path, Bytes bytes_max = Bytes(std::uint64_t{1} << 30));

// hash64 of the whole file (base/hash.h), in constant memory.
Result<std::uint64_t> hash_file(const Path& path);

// Makes the directory and its parents, each synced into its own parent.
Status make_directories(const Path& path);

// Creates `path`, which must not be there, and syncs the file (not its directory).
Status write_new_file(const Path& path, std::string_view content);

// Replaces `path` in one step: written aside, synced, renamed, directory synced.
Status replace_file(const Path& path, std::string_view content);

Status sync_file(const Path& path);
Status sync_directory(const Path& path);

enum class Linked { done, already_there };

// link(2): gives `from` the second name `to`, never over an existing file. The directory is not synced.
Result<Linked> link_new(const Path& from, const Path& to);

// rename(2): replaces `to`. The directories are not synced.
Status rename_file(const Path& from, const Path& to);

// Removes a file; one that is not there is fine.
Status remove_file(const Path& path);

// Removes a directory and all in it; one that is not there is fine. Not synced.
Status remove_directory(const Path& path);

// Names (not paths) in a directory, sorted; an absent directory is empty.
Result<std::vector<std::string>> list(const Path& directory);

}  // namespace weir::fs
