#pragma once
// The steps that remember: dedup, and aggregate with its windows.
//
// Threads: plain values.

#include <array>
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/about.h"
#include "config/stateless_spec.h"

namespace weir {

class Reading;

enum class Keep { first };
enum class OnLate { dead_letter, drop };
enum class EmitMode { append, update, complete };

constexpr auto names_of(Keep) { return std::array{Named<Keep>{Keep::first, "first", "the first that arrived"}}; }
constexpr auto names_of(OnLate) {
  return std::array{Named<OnLate>{OnLate::dead_letter, "dead_letter", "the row is a dead letter, LATE_RECORD"},
                    Named<OnLate>{OnLate::drop, "drop", "the row is dropped, and counted"}};
}
constexpr auto names_of(EmitMode) {
  return std::array{Named<EmitMode>{EmitMode::append, "append", "each row once, when its window is closed"},
                    Named<EmitMode>{EmitMode::update, "update", "the rows that changed, each batch"},
                    Named<EmitMode>{EmitMode::complete, "complete", "all rows, each batch", true}};
}

struct DedupSpec {
  std::vector<std::string> key;  // columns
  Keep keep = Keep::first;
  std::optional<std::chrono::microseconds> within;  // default: the watermark's delay bounds it
  OnLate late = OnLate::dead_letter;
};

template <class V>
void describe(V& v, DedupSpec& s) {
  v.field("key", s.key,
          {.doc = "Columns that are the same in duplicates.", .required = true, .example = "[payment_id]"});
  v.field("keep", s.keep, {.doc = "Which of them goes on."});
  v.field(
      "within", s.within,
      {.doc = "How far apart in event time duplicates may lie.", .min = 0, .default_text = "the watermark's delay"});
  v.field("late", s.late, {.doc = "What becomes of a row behind the watermark."});
}

// `by`: a column, or {name: expression}.
struct GroupKeySpec {
  static constexpr bool forms = true;
  enum class Kind { column, expression };
  Kind kind = Kind::column;
  std::string column;
  std::map<std::string, std::string> expression;  // of one entry
};

template <class V>
void describe(V& v, GroupKeySpec& s) {
  v.text(s.column, s.kind, GroupKeySpec::Kind::column, {.doc = "a column", .example = "merchant_id"});
  v.map(s.expression, s.kind, GroupKeySpec::Kind::expression,
        {.doc = "a column made by SQL", .text = Text::sql, .example = "{hour: \"date_trunc('hour', event_time)\"}"});
}

struct WindowSpec {
  std::chrono::microseconds tumbling{0};
  std::chrono::microseconds offset{0};
};

template <class V>
void describe(V& v, WindowSpec& s) {
  v.field("tumbling", s.tumbling,
          {.doc = "Windows of this length, side by side from the epoch on.",
           .required = true,
           .min = 0.001,
           .example = "5m"});
  v.field("offset", s.offset, {.doc = "Moves the windows' starts away from the epoch."});
  v.later("sliding");
  v.later("every");
  v.later("session");
  v.later("time_zone");
}

struct AggregateSpec {
  WindowSpec window;
  std::vector<GroupKeySpec> by;
  NamedSql select;  // column -> aggregate, in file order
  EmitMode mode = EmitMode::append;
  OnLate late = OnLate::dead_letter;
};

template <class V>
void describe(V& v, AggregateSpec& s) {
  v.field("window", s.window,
          {.doc = "Of event time; makes the columns window_start and window_end.",
           .required = true,
           .example = "{tumbling: 5m}"});
  v.field("by", s.by, {.doc = "What rows are grouped by."});
  v.field("select", s.select,
          {.doc = "Columns and their aggregates.",
           .required = true,
           .text = Text::sql,
           .example = "{payments: \"count(*)\"}"});
  v.field("mode", s.mode, {.doc = "When rows come out."});
  v.field("late", s.late, {.doc = "What becomes of a row behind the watermark."});
  v.later("ttl");
}

// The rules of fields that go together; `path` is the step's body, "steps.once.dedup".
void check_dedup(Reading& reading, const DedupSpec& dedup, const std::string& path);
void check_aggregate(Reading& reading, const AggregateSpec& aggregate, const std::string& path);

}  // namespace weir
