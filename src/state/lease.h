#pragma once
// Says who has a checkpoint open: a locked file with host, process and start, for the message that a second one gets.
//
// Threads: one caller. Ownership: given back by the destructor, or by the kernel when the process ends.
// Errors: Fault::config when somebody else holds it, naming them and the ways out.

#include <string>

#include "base/file_system.h"
#include "base/open_file.h"
#include "base/result.h"
#include "base/types.h"

namespace weir {

class Lease {
 public:
  static Result<Lease> take(const fs::Path& file, const std::string& pipeline, Micros now);

 private:
  explicit Lease(fs::OpenFile file) : file_(std::move(file)) {}
  fs::OpenFile file_;
};

}  // namespace weir
