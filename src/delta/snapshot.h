#pragma once
// What a writer keeps in memory of a table at one version: all that counts but its files.
//
// Threads: plain values.

#include <cstdint>
#include <map>
#include <string>

#include "delta/actions.h"

namespace weir::delta {

struct Snapshot {
  std::int64_t version = -1;  // -1: there is no table
  Protocol protocol;
  Metadata metadata;
  std::map<std::string, Txn> txns;  // the newest by app id

  bool exists() const { return version >= 0; }
  // Moves on by one commit.
  void apply(const CommitActions& commit);
};

}  // namespace weir::delta
