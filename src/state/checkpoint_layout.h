#pragma once
// Names of what a checkpoint directory and its database hold, shared by its writer and its readers.
//
// Threads: plain values.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/types.h"

namespace weir::layout {

inline constexpr int format = 1;  // of the checkpoint as a whole

// Entries of the directory.
inline constexpr const char* identity_file = "CHECKPOINT";
inline constexpr const char* lease_file = "LEASE";
inline constexpr const char* synced_file = "SYNCED";
inline constexpr const char* database = "db";
inline constexpr const char* database_new = "db.new";  // being made; renamed when it is whole

// Column families.
inline constexpr const char* meta = "default";
inline constexpr const char* plans = "plans";
inline constexpr const char* commits = "commits";
inline constexpr const char* specs = "specs";
inline constexpr std::string_view state_prefix = "state.";

// Keys of meta.
inline constexpr const char* meta_format = "format";
inline constexpr const char* meta_pipeline = "pipeline";
inline constexpr const char* meta_writer = "writer";
inline constexpr const char* meta_secret = "secret";
inline constexpr const char* meta_epoch = "epoch";
inline constexpr const char* meta_last_plan = "last_plan";      // both repeat what the families hold, in another file:
inline constexpr const char* meta_last_commit = "last_commit";  // a family that lost its end is noticed

inline constexpr std::string_view meta_family = "family.";  // + family: this one was made
inline constexpr std::string_view meta_head = "head.";      // + family: what the table in it should hold

// Big-endian, so that keys are in the order of the numbers.
inline std::string batch_key(BatchNumber number) {
  std::string key(8, '\0');
  for (int i = 0; i < 8; ++i) key[static_cast<std::size_t>(i)] = static_cast<char>(number.value >> (56 - 8 * i) & 0xff);
  return key;
}

}  // namespace weir::layout
