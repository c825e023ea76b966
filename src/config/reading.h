#pragma once
// One load in progress: the problems found so far, where each value stands, and how single values are read.
// The struct readers (reader.h) walk a tree with it.
//
// Threads: one. Ownership: the SourceFiles that nodes point to live as long as the Reading.

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/types.h"
#include "config/about.h"
#include "config/contract_spec.h"
#include "config/diagnostic.h"
#include "config/load.h"
#include "config/node.h"
#include "config/secret.h"

namespace weir {

// A node on its way to a member: what it is called and where its key stands.
struct Cursor {
  const Node& node;
  std::string path;
  Place key;  // where a missing or empty value is reported

  const Place& place() const { return node.kind == Node::Kind::null ? key : node.place; }
  Cursor at(const Entry& entry) const { return {entry.value, join_path(path, entry.key), entry.key_place}; }
  // An entry of a list goes by its name where it has one: "steps.big", else "steps[1]".
  Cursor at(std::size_t index) const {
    const Node& item = node.items[index];
    const Entry* name = item.find("name");
    if (name != nullptr && name->value.kind == Node::Kind::scalar)
      return {item, join_path(path, name->value.text), item.place};
    return {item, path + "[" + std::to_string(index) + "]", item.place};
  }
};

// The absolute folder that a file is in.
std::string folder_of(const std::string& path);

class Reading {
 public:
  explicit Reading(const LoadOptions& options) : options_(options) {}

  const LoadOptions& options() const { return options_; }
  SourceFile& add_file(std::string name, std::string folder) {
    return files_.emplace_back(SourceFile{std::move(name), std::move(folder)});
  }
  // Reads a file and parses it; problems are reported. `asked_at`: the place that names the file, if any.
  Node parse_file(const std::string& path, const std::string& shown_as, const Cursor* asked_at);

  void error(const Cursor& at, std::string message) {
    report(Severity::error, at.place(), at.path, std::move(message));
  }
  void error_at_key(const Cursor& at, std::string message) {
    report(Severity::error, at.key, at.path, std::move(message));
  }
  void report(Severity severity, const Place& place, std::string path, std::string message);
  Diagnostics& problems() { return problems_; }
  bool has_errors() const;
  // Whether a problem stands at this path, or below or right above it.
  bool reported(std::string_view path) const;

  void note(const Cursor& at);
  SpecPlaces& places() { return places_; }

  // Read a scalar. False: reported, the target is unchanged.
  bool read(const Cursor& at, bool& target, const About& about);
  bool read(const Cursor& at, std::int32_t& target, const About& about);
  bool read(const Cursor& at, std::int64_t& target, const About& about);
  bool read(const Cursor& at, std::uint32_t& target, const About& about);
  bool read(const Cursor& at, std::uint64_t& target, const About& about);
  bool read(const Cursor& at, double& target, const About& about);
  bool read(const Cursor& at, std::string& target, const About& about);
  bool read(const Cursor& at, Secret& target, const About& about);
  bool read(const Cursor& at, std::chrono::microseconds& target, const About& about);
  bool read(const Cursor& at, Bytes& target, const About& about);
  bool read(const Cursor& at, Micros& target, const About& about);
  // The text of a scalar, references replaced. Nothing, unreported, where references are not to be resolved.
  std::optional<std::string> text(const Cursor& at);
  // The index of the text among `names`; `later` of them are refused as not in this version.
  std::optional<std::size_t> one_of(const Cursor& at, const std::vector<std::string_view>& names,
                                    const std::vector<std::string_view>& later);

  bool expect_map(const Cursor& at, std::string_view what = "a map");
  bool expect_list(const Cursor& at);
  void refuse_later(const Cursor& at);
  std::string resolve_path(const Cursor& at, const std::string& path);

  // Contracts known by name to `format.contract`.
  std::map<std::string, std::pair<std::string, ContractSpec>, std::less<>> contracts;
  std::vector<std::string> used_contracts;

 private:
  template <class T>
  bool read_integer(const Cursor& at, T& target, const About& about);
  std::optional<Interpolated> interpolated(const Cursor& at, bool secret);
  bool is_unresolved(const Interpolated& value) const { return value.has_reference && !options_.resolve_references; }
  bool in_range(const Cursor& at, double value, const About& about, std::string_view unit);

  const LoadOptions& options_;
  std::deque<SourceFile> files_;
  Diagnostics problems_;
  SpecPlaces places_;
};

}  // namespace weir
