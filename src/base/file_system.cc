#include "base/file_system.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/check.h"
#include "base/uuid.h"

namespace weir::fs {
namespace {

tl::unexpected<Error> errno_error(std::string_view doing, const Path& path, int code) {
  std::string message = fmt::format("cannot {}: {}", doing, std::strerror(code));
  if (code == ENOSPC || code == EDQUOT) message += "; free space on this file system, nothing was lost";
  if (code == EACCES || code == EPERM) message += "; give the daemon's user access";
  return fail(Fault::external, std::move(message), path.string());
}

// Owns a descriptor.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }
  bool ok() const { return fd_ >= 0; }

 private:
  int fd_;
};

void sync_or_die(int fd, const Path& path) {
  if (fsync(fd) == 0) return;
  const std::string text = fmt::format("fsync of {}: {}", path.string(), std::strerror(errno));
  check_failed(__FILE__, __LINE__, "fsync(fd) == 0", text);
}

Status write_all(int fd, std::string_view content, const Path& path) {
  while (!content.empty()) {
    const ssize_t n = ::write(fd, content.data(), content.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno_error("write", path, errno);
    content.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

}  // namespace

bool exists(const Path& path) {
  struct stat info{};
  return lstat(path.c_str(), &info) == 0;
}

Result<Bytes> size_of(const Path& path) {
  struct stat info{};
  if (stat(path.c_str(), &info) != 0) return errno_error("read the size", path, errno);
  return Bytes(static_cast<std::uint64_t>(info.st_size));
}

Status check_writable(const Path& path) {
  struct stat info{};
  if (stat(path.c_str(), &info) != 0) {
    if (errno != ENOENT) return errno_error("use the directory", path, errno);
    const Path parent = path.has_parent_path() ? path.parent_path() : Path(".");
    if (parent == path) return errno_error("use the directory", path, ENOENT);
    return check_writable(parent);
  }
  if (!S_ISDIR(info.st_mode)) return errno_error("use as a directory", path, ENOTDIR);
  if (access(path.c_str(), W_OK | X_OK) != 0) return errno_error("write in the directory", path, errno);
  return {};
}

Result<std::string> read_file(const Path& path, Bytes bytes_max) {
  const Descriptor fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.ok()) return errno_error("open", path, errno);
  std::string content;
  char buffer[65536];
  for (;;) {
    const ssize_t n = ::read(fd.get(), buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno_error("read", path, errno);
    if (n == 0) return content;
    content.append(buffer, static_cast<std::size_t>(n));
    if (content.size() > bytes_max.value)
      return fail(Fault::config, fmt::format("the file is larger than {} bytes", bytes_max.value), path.string());
  }
}

Result<std::uint64_t> hash_file(const Path& path) {
  const Descriptor fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.ok()) return errno_error("open", path, errno);
  const std::unique_ptr<XXH3_state_t, XXH_errorcode (*)(XXH3_state_t*)> state(XXH3_createState(), XXH3_freeState);
  XXH3_64bits_reset(state.get());
  char buffer[65536];
  for (;;) {
    const ssize_t n = ::read(fd.get(), buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno_error("read", path, errno);
    if (n == 0) return XXH3_64bits_digest(state.get());
    XXH3_64bits_update(state.get(), buffer, static_cast<std::size_t>(n));
  }
}

Status make_directories(const Path& path) {
  if (path.empty() || fs::exists(path)) return {};
  if (path.has_parent_path() && path.parent_path() != path) TRY(make_directories(path.parent_path()));
  if (mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) return errno_error("make the directory", path, errno);
  return sync_directory(path.has_parent_path() ? path.parent_path() : Path("."));
}

Status write_new_file(const Path& path, std::string_view content) {
  const Descriptor fd(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (!fd.ok()) return errno_error("create", path, errno);
  TRY(write_all(fd.get(), content, path));
  sync_or_die(fd.get(), path);
  return {};
}

Status replace_file(const Path& path, std::string_view content) {
  const Path aside = path.string() + "." + mint_uuid().substr(0, 8) + ".tmp";
  const Status written = write_new_file(aside, content);
  if (!written) {
    unlink(aside.c_str());
    return written;
  }
  TRY(rename_file(aside, path));
  return sync_directory(path.has_parent_path() ? path.parent_path() : Path("."));
}

Status sync_file(const Path& path) {
  const Descriptor fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.ok()) return errno_error("open", path, errno);
  sync_or_die(fd.get(), path);
  return {};
}

Status sync_directory(const Path& path) {
  const Descriptor fd(open(path.empty() ? "." : path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.ok()) return errno_error("open the directory", path, errno);
  sync_or_die(fd.get(), path);
  return {};
}

Result<Linked> link_new(const Path& from, const Path& to) {
  if (link(from.c_str(), to.c_str()) == 0) return Linked::done;
  if (errno == EEXIST) return Linked::already_there;
  return errno_error("link", to, errno);
}

Status rename_file(const Path& from, const Path& to) {
  if (rename(from.c_str(), to.c_str()) != 0) return errno_error("rename", from, errno);
  return {};
}

Status remove_file(const Path& path) {
  if (unlink(path.c_str()) != 0 && errno != ENOENT) return errno_error("remove", path, errno);
  return {};
}

Status remove_directory(const Path& path) {
  std::error_code code;
  std::filesystem::remove_all(path, code);
  if (code) return errno_error("remove the directory", path, code.value());
  return {};
}

Result<std::vector<std::string>> list(const Path& directory) {
  std::vector<std::string> names;
  DIR* const dir = opendir(directory.c_str());
  if (dir == nullptr) {
    if (errno == ENOENT) return names;
    return errno_error("list", directory, errno);
  }
  while (const dirent* const entry = readdir(dir)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  closedir(dir);
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace weir::fs
