// The rules of the steps that remember.
#include <chrono>
#include <cstdint>
#include <set>

#include "config/rules.h"
#include "config/stateful_spec.h"

namespace weir {
void check_dedup(Reading& reading, const DedupSpec& dedup, const std::string& path) {
  Rules rules(reading);
  if (dedup.key.empty()) rules.error(path + ".key", "names no column; name at least one");
  std::set<std::string> seen;
  for (std::size_t i = 0; i < dedup.key.size(); ++i)
    if (!seen.insert(dedup.key[i]).second)
      rules.error(path + ".key[" + std::to_string(i) + "]", "this column is named twice; remove one");
}

namespace {

// Which windows there are, and what goes with them.
void check_windows(Rules& rules, const TimeWindowSpec& window, const std::string& path) {
  constexpr std::chrono::hours longest{24 * 366 * 1000};
  constexpr std::int64_t most_windows_of_a_row = 10'000;
  const int kinds = (window.tumbling ? 1 : 0) + (window.sliding ? 1 : 0) + (window.session ? 1 : 0);
  if (kinds == 0)
    return rules.error(path, "says no length; write tumbling: 5m, sliding: 10m with every: 2m, or session: 5m");
  if (kinds > 1)
    return rules.error(path + (window.session ? ".session" : ".sliding"),
                       "there is another kind of window beside this one; keep one of tumbling, sliding, session");
  const auto check_length = [&](const std::optional<std::chrono::microseconds>& length, const std::string& key) {
    if (length && *length > longest) rules.error(path + key, "a window is at most a thousand years long");
  };
  check_length(window.tumbling, ".tumbling");
  check_length(window.sliding, ".sliding");
  check_length(window.session, ".session");
  if (window.every && !window.sliding)
    rules.error(path + ".every", "goes with sliding: windows side by side, or sessions, have none; remove it");
  if (window.sliding && !window.every)
    return rules.error(path + ".sliding", "says no step; add every: how far apart the windows begin");
  if (window.sliding && *window.every > *window.sliding)
    return rules.error(
        path + ".every",
        "is longer than the windows, and rows in between would be in none; make it at most their length");
  if (window.sliding && *window.sliding / *window.every > most_windows_of_a_row)
    return rules.error(path + ".every",
                       "puts each row into more than 10000 windows; make it longer, or the windows shorter");
  if (window.session) {
    if (window.offset.count() != 0)
      rules.error(path + ".offset", "a session begins with a row, not by the clock; remove it");
    if (!window.time_zone.empty())
      rules.error(path + ".time_zone", "a session begins with a row, not by the clock; remove it");
    return;
  }
  const std::chrono::microseconds step = window.sliding ? *window.every : *window.tumbling;
  if (window.offset >= step)
    rules.error(path + ".offset", "is a whole window or more; make it shorter than the window, or than every");
  if (window.time_zone.empty()) return;
  const auto check_hours = [&](std::chrono::microseconds length, const std::string& key) {
    if (length % std::chrono::hours(1) != std::chrono::microseconds(0))
      rules.error(path + key, "is not of whole hours: windows by a zone's clocks are; leave time_zone out below that");
  };
  if (window.tumbling) check_hours(*window.tumbling, ".tumbling");
  if (window.sliding) check_hours(*window.sliding, ".sliding");
  if (window.every) check_hours(*window.every, ".every");
}

// What grows, and with it how it is bounded.
void check_bounds(Rules& rules, const AggregateSpec& aggregate, const std::string& path) {
  const bool windows = aggregate.window.kind == WindowSpec::Kind::of_time;
  if (windows && aggregate.ttl)
    rules.error(path + ".ttl", "goes with window: none; windows are forgotten when they close. Remove it");
  if (!windows && aggregate.mode == EmitMode::append)
    rules.error(
        path + ".mode",
        "append gives a row once, when its window is closed, and there is no window; add window: {tumbling: 5m}, "
        "or mode: update");
  if (aggregate.mode == EmitMode::complete && windows)
    rules.lint(
        path + ".mode",
        "complete keeps every window for ever and gives them all with each batch; write update if that grows large");
  else if (aggregate.mode == EmitMode::complete && !aggregate.by.empty() && !aggregate.ttl)
    rules.lint(path + ".mode",
               "complete gives every key with each batch, and none is ever forgotten; write update, or add ttl");
  else if (!windows && !aggregate.by.empty() && !aggregate.ttl)
    rules.lint(path, "keeps every key for ever, so that its state grows without bound; add ttl: 24h, or a window");
}

}  // namespace

void check_aggregate(Reading& reading, const AggregateSpec& aggregate, const std::string& path) {
  Rules rules(reading);
  if (aggregate.window.kind == WindowSpec::Kind::of_time)
    check_windows(rules, aggregate.window.of_time, path + ".window");
  check_bounds(rules, aggregate, path);
  if (aggregate.select.empty())
    rules.error(path + ".select", "computes nothing; name at least one column, as {n: \"count(*)\"}");
  for (std::size_t i = 0; i < aggregate.by.size(); ++i)
    if (aggregate.by[i].kind == GroupKeySpec::Kind::expression && aggregate.by[i].expression.size() != 1)
      rules.error(path + ".by[" + std::to_string(i) + "]", "names one column; write each as an entry of its own");
}

}  // namespace weir
