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
                    Named<EmitMode>{EmitMode::complete, "complete", "all rows, each batch that changes one"}};
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

// Windows of event time: one of tumbling, sliding and session.
struct TimeWindowSpec {
  std::optional<std::chrono::microseconds> tumbling;
  std::optional<std::chrono::microseconds> sliding;
  std::optional<std::chrono::microseconds> every;    // with sliding
  std::optional<std::chrono::microseconds> session;  // the gap
  std::chrono::microseconds offset{0};
  std::string time_zone;  // empty: UTC
};

template <class V>
void describe(V& v, TimeWindowSpec& s) {
  v.field("tumbling", s.tumbling,
          {.doc = "Windows of this length, side by side from the epoch on.", .min = 0.001, .example = "5m"});
  v.field("sliding", s.sliding,
          {.doc = "Windows of this length that overlap: a row is in each that holds its time.",
           .min = 0.001,
           .example = "10m"});
  v.field(
      "every", s.every,
      {.doc = "With `sliding`: how far apart the windows begin; at most their length.", .min = 0.001, .example = "2m"});
  v.field(
      "session", s.session,
      {.doc = "Windows of rows with less than this between each and the next, of one key: from the first row's time "
              "to the last one's plus this gap.",
       .min = 0.001,
       .example = "5m"});
  v.field("offset", s.offset,
          {.doc = "Moves the windows' starts away from the epoch, in a time zone away from its midnight."});
  v.field("time_zone", s.time_zone,
          {.doc = "Windows of whole hours or days begin and end by the clocks of this zone, as the system's tzdata has "
                  "it: a day then has 23, 24 or 25 hours.",
           .default_text = "UTC",
           .example = "Europe/Berlin"});
}

struct WindowSpec {
  static constexpr bool forms = true;
  enum class Kind { none, of_time };
  Kind kind = Kind::none;
  TimeWindowSpec of_time;
};

template <class V>
void describe(V& v, WindowSpec& s) {
  v.word("none", s.kind, WindowSpec::Kind::none, "no windows: running totals by key");
  v.map(s.of_time, s.kind, WindowSpec::Kind::of_time, {.doc = "windows of event time", .example = "{tumbling: 5m}"});
}

struct AggregateSpec {
  WindowSpec window;
  std::vector<GroupKeySpec> by;
  NamedSql select;  // column -> aggregate, in file order
  EmitMode mode = EmitMode::append;
  OnLate late = OnLate::dead_letter;
  std::optional<std::chrono::microseconds> ttl;  // of a key, without a window
};

template <class V>
void describe(V& v, AggregateSpec& s) {
  v.field("window", s.window, {.doc = "Of event time; makes the columns window_start and window_end."});
  v.field("by", s.by, {.doc = "What rows are grouped by."});
  v.field("select", s.select,
          {.doc = "Columns and their aggregates.",
           .required = true,
           .text = Text::sql,
           .example = "{payments: \"count(*)\"}"});
  v.field("mode", s.mode, {.doc = "When rows come out."});
  v.field("late", s.late, {.doc = "What becomes of a row behind the watermark."});
  v.field("ttl", s.ttl,
          {.doc = "Without a window: a key that has had no row for this much event time is forgotten, and begins anew "
                  "with its next row.",
           .min = 0.001,
           .default_text = "kept for ever",
           .example = "24h"});
}

// The rules of fields that go together; `path` is the step's body, "steps.once.dedup".
void check_dedup(Reading& reading, const DedupSpec& dedup, const std::string& path);
void check_aggregate(Reading& reading, const AggregateSpec& aggregate, const std::string& path);

}  // namespace weir
