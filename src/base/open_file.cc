#include "base/open_file.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/check.h"

namespace weir::fs {
namespace {

tl::unexpected<Error> failed(std::string_view doing, const Path& path) {
  const int code = errno;
  std::string message = "cannot " + std::string(doing) + ": " + std::strerror(code);
  if (code == ENOSPC || code == EDQUOT) message += "; free space on this file system, nothing was lost";
  if (code == EACCES || code == EPERM) message += "; give the daemon's user access";
  return fail(Fault::external, std::move(message), path.string());
}

}  // namespace

Result<OpenFile> OpenFile::open(const Path& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) return failed("open", path);
  return OpenFile(fd, path);
}

OpenFile::OpenFile(OpenFile&& other) noexcept : fd_(std::exchange(other.fd_, -1)), path_(std::move(other.path_)) {}

OpenFile& OpenFile::operator=(OpenFile&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(path_, other.path_);
  return *this;
}

OpenFile::~OpenFile() {
  if (fd_ >= 0) close(fd_);
}

Result<bool> OpenFile::try_lock() {
  // flock belongs to the open file, not to the process: a second OpenFile of our own is refused as well.
  while (flock(fd_, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return false;
    if (errno != EINTR) return failed("lock", path_);
  }
  return true;
}

Result<std::string> OpenFile::read() const {
  std::string content(64 << 10, '\0');
  const ssize_t n = pread(fd_, content.data(), content.size(), 0);
  if (n < 0) return failed("read", path_);
  content.resize(static_cast<std::size_t>(n));
  return content;
}

Status OpenFile::overwrite(std::string_view content) {
  const ssize_t n = pwrite(fd_, content.data(), content.size(), 0);
  if (n < 0) return failed("write", path_);
  if (static_cast<std::size_t>(n) != content.size()) {
    errno = ENOSPC;
    return failed("write", path_);
  }
  if (ftruncate(fd_, n) != 0) return failed("write", path_);
  return {};
}

void OpenFile::sync() {
  if (fdatasync(fd_) != 0) check_failed(__FILE__, __LINE__, "fdatasync(fd_) == 0", path_.string());
}

}  // namespace weir::fs
