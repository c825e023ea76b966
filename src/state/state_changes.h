#pragma once
// Collects what a batch changes in the state of its steps, for the one write of the commit. Keys are ordered as bytes.
//
// Threads: one caller at a time. Ownership: owns its bytes.

#include <string>
#include <utility>
#include <vector>

namespace weir {

struct StateChange {
  enum class Kind { put, erase, erase_range };
  Kind kind = Kind::put;
  std::string family;  // of the step: Checkpoint::state_family
  std::string key;
  std::string value;  // erase_range: the end, exclusive
};

class StateChanges {
 public:
  void put(std::string family, std::string key, std::string value) {
    list_.push_back({StateChange::Kind::put, std::move(family), std::move(key), std::move(value)});
  }
  void erase(std::string family, std::string key) {
    list_.push_back({StateChange::Kind::erase, std::move(family), std::move(key), {}});
  }
  // All keys k with begin <= k < end.
  void erase_range(std::string family, std::string begin, std::string end) {
    list_.push_back({StateChange::Kind::erase_range, std::move(family), std::move(begin), std::move(end)});
  }
  const std::vector<StateChange>& list() const { return list_; }
  bool empty() const { return list_.empty(); }

 private:
  std::vector<StateChange> list_;
};

}  // namespace weir
