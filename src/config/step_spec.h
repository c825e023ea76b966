#pragma once
// The steps of a pipeline, in file order. Threads: plain values.

#include <array>
#include <string>
#include <variant>

#include "config/about.h"
#include "config/stateful_spec.h"
#include "config/stateless_spec.h"

namespace weir {

enum class OnOtherState { refuse, reset };

constexpr auto names_of(OnOtherState) {
  return std::array{Named<OnOtherState>{OnOtherState::refuse, "refuse", "stop, and say what is different"},
                    Named<OnOtherState>{OnOtherState::reset, "reset", "forget it and begin anew"}};
}

struct StepSpec {
  std::string name;
  std::string from;  // resolved: the entry before where the file leaves it out
  std::variant<FilterSpec, SelectSpec, ExpectSpec, FlattenSpec, DedupSpec, AggregateSpec> body;

  OnOtherState state = OnOtherState::refuse;

  // Whether it can be one SQL statement with its like.
  bool is_in_chain() const { return !is_stateful() && !std::holds_alternative<FlattenSpec>(body); }
  // Whether it remembers rows from batch to batch.
  bool is_stateful() const {
    return std::holds_alternative<DedupSpec>(body) || std::holds_alternative<AggregateSpec>(body);
  }
};

template <class V>
void describe(V& v, StepSpec& s) {
  v.field(
      "name", s.name,
      {.doc = "What the step is called, and the identity of its state.", .required = true, .text = Text::identifier});
  v.field("from", s.from,
          {.doc = "The source or earlier step whose rows it takes.", .default_text = "the entry before"});
  v.one_of(s.body, Body<FilterSpec>{"filter", "Keeps rows."}, Body<SelectSpec>{"select", "Makes columns."},
           Body<ExpectSpec>{"expect", "Holds rows to rules."},
           Body<FlattenSpec>{"flatten", "Makes a row of each element of an array."},
           Body<DedupSpec>{"dedup", "Lets the first row of each key through."},
           Body<AggregateSpec>{"aggregate", "Counts and sums rows by window and columns."}, LaterBody{"join"},
           LaterBody{"union"}, LaterBody{"script"}, LaterBody{"top"}, LaterBody{"changes"});
  v.field(
      "state", s.state,
      {.doc = "When the state in the checkpoint was made by another key, window or aggregate than is written here."});
  v.later("renamed_from");
}

}  // namespace weir
