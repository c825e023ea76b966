#pragma once
// Holds a small file open to lock it against other processes or to overwrite it in place: a lease, a mark.
//
// Threads: one caller at a time. Ownership: moves; closing gives the lock back. A child process does not inherit it.
// Errors: as in file_system.h; a failed sync ends the process.

#include <string>
#include <string_view>

#include "base/file_system.h"
#include "base/result.h"

namespace weir::fs {

class OpenFile {
 public:
  // Opens for reading and writing; makes the file if it is not there.
  static Result<OpenFile> open(const Path& path);
  OpenFile(OpenFile&& other) noexcept;
  OpenFile& operator=(OpenFile&& other) noexcept;
  ~OpenFile();

  // False if somebody else, this process included, has it locked through another OpenFile.
  Result<bool> try_lock();
  // At most 64 KiB.
  Result<std::string> read() const;
  // Replaces the content; not synced, and a crash of the machine may leave a mixture of old and new bytes.
  Status overwrite(std::string_view content);
  void sync();

 private:
  OpenFile(int fd, Path path) : fd_(fd), path_(std::move(path)) {}
  int fd_ = -1;
  Path path_;
};

}  // namespace weir::fs
