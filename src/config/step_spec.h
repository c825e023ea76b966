#pragma once
// The steps of a pipeline, in file order. Threads: plain values.

#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace weir {

enum class OnFail { dead_letter, warn, fail };

struct ExpectationSpec {
  std::string name;
  std::string check;  // SQL; must be TRUE, NULL fails
  OnFail on_fail = OnFail::dead_letter;
  std::string owner;
};

struct FilterSpec {
  std::string condition;  // SQL; rows where it is TRUE go on
};

struct SelectSpec {
  bool all = false;                                          // "*": true
  std::vector<std::pair<std::string, std::string>> columns;  // name -> SQL, in file order
};

struct ExpectSpec {
  std::vector<ExpectationSpec> rules;
};

struct StepSpec {
  std::string name;
  std::string from;  // resolved: the entry before where the file leaves it out
  std::variant<FilterSpec, SelectSpec, ExpectSpec> body;
};

}  // namespace weir
