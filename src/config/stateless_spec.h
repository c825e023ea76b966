#pragma once
// The steps that look at one row at a time: filter, select, expect, flatten. Threads: plain values.

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "config/about.h"

namespace weir {

// Names and their SQL, in file order; written as a map.
using NamedSql = std::vector<std::pair<std::string, std::string>>;

enum class OnFail { dead_letter, warn, fail };

constexpr auto names_of(OnFail) {
  return std::array{Named<OnFail>{OnFail::dead_letter, "dead_letter", "the row is a dead letter, EXPECTATION_FAILED"},
                    Named<OnFail>{OnFail::warn, "warn", "the row goes on and is counted"},
                    Named<OnFail>{OnFail::fail, "fail", "the pipeline stops before the batch is committed"}};
}

struct ExpectationSpec {
  static constexpr bool keyed_by_name = true;
  std::string name;
  std::string check;  // SQL; must be TRUE, NULL fails
  OnFail on_fail = OnFail::dead_letter;
  std::string owner;
};

template <class V>
void describe(V& v, ExpectationSpec& s) {
  v.field("check", s.check,
          {.doc = "SQL that must be true of a row; null fails.",
           .required = true,
           .text = Text::sql,
           .example = "\"amount > 0\""});
  v.field("on_fail", s.on_fail, {.doc = "What becomes of a row that fails."});
  v.field("owner", s.owner, {.doc = "Who is told; a label of the metrics."});
  v.later("references");
  v.later("column");
}

struct FilterSpec {
  static constexpr bool whole = true;
  std::string condition;  // SQL; rows where it is TRUE go on
};

template <class V>
void describe(V& v, FilterSpec& s) {
  v.itself(s.condition, {.doc = "SQL; rows of which it is true go on, the others are counted as FILTERED.",
                         .text = Text::sql,
                         .example = "\"amount >= 1\""});
}

// Written as a map from each column's name to its SQL; "*": true keeps all that is there. The readers know
// it.
struct SelectSpec {
  bool all = false;  // "*": true
  NamedSql columns;  // name -> SQL, in file order
};

struct ExpectSpec {
  static constexpr bool whole = true;
  std::vector<ExpectationSpec> rules;
};

template <class V>
void describe(V& v, ExpectSpec& s) {
  v.itself(s.rules, {.doc = "Expectations by name."});
}

struct FlattenSpec {
  std::string column;
  std::string as;  // default: the column's name
  bool outer = false;
  std::string position;  // empty: none
};

template <class V>
void describe(V& v, FlattenSpec& s) {
  v.field("column", s.column,
          {.doc = "The array: a row for each of its elements takes the place of the row.",
           .required = true,
           .example = "items"});
  v.field(
      "as", s.as,
      {.doc = "What the element is called, which stands in the array's place.", .default_text = "the array's name"});
  v.field(
      "outer", s.outer,
      {.doc =
           "Whether a row with an empty or null array goes on, with a null element; else it is counted as FILTERED."});
  v.field("position", s.position,
          {.doc = "A column for the element's place in the array, from 1 on.", .default_text = "none"});
}

}  // namespace weir
