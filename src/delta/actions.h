#pragma once
// The actions of a Delta log that an appending writer reads or writes (PROTOCOL.md of delta-io/delta, "Actions"), and their
// JSON. An action or a field that is not listed here is ignored, as the protocol asks.
//
// Threads: plain values. Errors: parse_commit gives Fault::data naming the line.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace weir::delta {

struct Protocol {
  std::int32_t reader = 1;
  std::int32_t writer = 2;
  std::optional<std::vector<std::string>> reader_features = {};  // exactly for reader 3
  std::optional<std::vector<std::string>> writer_features = {};  // exactly for writer 7
  bool operator==(const Protocol&) const = default;
};

struct Metadata {
  std::string id;  // kept for ever, whatever else changes
  std::optional<std::string> name = {};
  std::optional<std::string> description = {};
  std::string provider = "parquet";
  std::map<std::string, std::string> options = {};
  std::string schema;  // Spark's JSON, see table_schema.h
  std::vector<std::string> partition_columns = {};
  std::map<std::string, std::string> configuration = {};
  std::optional<std::int64_t> created_time = {};  // ms
  bool operator==(const Metadata&) const = default;
};

// A file of the table. Values of all partition columns; nullopt is null, and no value is ever "".
struct AddFile {
  std::string path;  // relative and percent-encoded
  std::map<std::string, std::optional<std::string>> partition_values;
  std::uint64_t size = 0;
  std::int64_t modification_time = 0;  // ms
  std::string stats = {};              // JSON, see statistics.h; empty: none
};

// What a writer remembers in the table: the newest version of each app id counts.
struct Txn {
  std::string app_id;
  std::int64_t version = 0;
  std::optional<std::int64_t> last_updated = {};  // ms
};

struct CommitInfo {
  std::int64_t timestamp = 0;  // ms
  std::string operation;
  std::map<std::string, std::string> parameters = {};
  std::map<std::string, std::string> metrics = {};
  std::string engine;
  std::string txn_id;  // of this attempt, by which it finds its own commit again
  std::optional<std::int64_t> read_version = {};
};

// The newest word on a file: there, or removed. `line` is the action with the fields that belong in a checkpoint.
struct FileAction {
  std::string path;
  bool add = true;
  std::int64_t deletion_timestamp = 0;  // of a removal, ms
  std::string line;
};

// One commit as its reader needs it.
struct CommitActions {
  std::optional<Protocol> protocol;
  std::optional<Metadata> metadata;
  std::vector<Txn> txns;
  std::vector<FileAction> files;
  std::string txn_id;  // of its commitInfo; empty: none
};

enum class Files { skip, read };
Result<CommitActions> parse_commit(std::string_view text, Files files);

// Each one line of a commit, without its end.
std::string to_line(const CommitInfo& info);
std::string to_line(const Protocol& protocol);
std::string to_line(const Metadata& metadata);
std::string to_line(const Txn& txn);
std::string to_line(const AddFile& file);

}  // namespace weir::delta
