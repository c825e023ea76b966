#include "delta/protocol_rules.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace weir::delta {
namespace {

// A table may list these without using them; what is in use is found in its configuration and its columns.
constexpr std::array<std::string_view, 5> kept = {"appendOnly", "invariants", "checkConstraints", "generatedColumns",
                                                  "changeDataFeed"};

Status check_versions(const Protocol& protocol) {
  const std::vector<std::string> none;
  if (protocol.reader > 3 || protocol.writer > 7)
    return fail(Fault::config, fmt::format("its protocol ({}, {}) is newer than what Weir knows (3, 7)",
                                           protocol.reader, protocol.writer));
  if (protocol.reader == 3)
    for (const std::string& feature : protocol.reader_features.value_or(none))
      return fail(Fault::config, fmt::format("it has the feature '{}', which Weir does not write", feature));
  if (protocol.writer == 7)
    for (const std::string& feature : protocol.writer_features.value_or(none))
      if (std::find(kept.begin(), kept.end(), feature) == kept.end())
        return fail(Fault::config, fmt::format("it has the feature '{}', which Weir does not write", feature));
  return {};
}

Status check_configuration(const Metadata& metadata) {
  for (const auto& [key, value] : metadata.configuration) {
    if (key.starts_with("delta.constraints."))
      return fail(Fault::config,
                  fmt::format("it has the CHECK constraint '{}', which Weir does not check", key.substr(18)));
    const bool on = value != "false" && value != "none";
    if (on && (key == "delta.enableChangeDataFeed" || key == "delta.enableRowTracking" ||
               key == "delta.columnMapping.mode" || key == "delta.enableInCommitTimestamps"))
      return fail(Fault::config, fmt::format("it has {} = {}, which Weir does not write", key, value));
  }
  if (metadata.provider != "parquet")
    return fail(Fault::config, fmt::format("its files are {}, not Parquet", metadata.provider));
  return {};
}

}  // namespace

Status check_appendable(const Protocol& protocol, const Metadata& metadata, const TableSchema& schema) {
  Status checked = check_versions(protocol);
  if (checked) checked = check_configuration(metadata);
  for (const TableColumn& column : schema.columns)
    if (checked && !column.unsupported.empty())
      checked = fail(Fault::config,
                     fmt::format("its column '{}' has {}, which Weir does not keep", column.name, column.unsupported));
  if (checked) return checked;
  Error error = checked.error();
  error.message =
      "cannot append to this Delta table: " + error.message + "; write to another table, or drop that from it";
  return fail(std::move(error));
}

}  // namespace weir::delta
