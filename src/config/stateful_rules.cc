// The rules of the steps that remember.
#include <set>

#include "config/rules.h"
#include "config/stateful_spec.h"

namespace weir {
namespace {

void check_window(Rules& rules, const WindowSpec& window, const std::string& path) {
  const int kinds = (window.tumbling ? 1 : 0) + (window.sliding ? 1 : 0) + (window.session ? 1 : 0);
  if (kinds != 1)
    return rules.error(path,
                       "a window is of one kind; write {tumbling: 5m}, {sliding: 10m, every: 2m} or {session: 5m}");
  if (window.sliding && !window.every) return rules.error(path + ".every", "a sliding window needs it; add every: 2m");
  if (!window.sliding && window.every)
    return rules.error(path + ".every", "only a sliding window takes this; remove it");
  if (window.sliding && *window.every > *window.sliding)
    rules.error(path + ".every", "is longer than the window, so rows between would be in none; lower it");
  if (window.session && window.offset.count() != 0)
    rules.error(path + ".offset", "a session begins with its first row; remove it");
}

}  // namespace

void check_dedup(Reading& reading, const DedupSpec& dedup, const std::string& path) {
  Rules rules(reading);
  if (dedup.key.empty()) rules.error(path + ".key", "names no column; name at least one");
  std::set<std::string> seen;
  for (std::size_t i = 0; i < dedup.key.size(); ++i)
    if (!seen.insert(dedup.key[i]).second)
      rules.error(path + ".key[" + std::to_string(i) + "]", "this column is named twice; remove one");
}

void check_aggregate(Reading& reading, const AggregateSpec& aggregate, const std::string& path) {
  Rules rules(reading);
  if (aggregate.window) check_window(rules, *aggregate.window, path + ".window");
  if (aggregate.select.empty())
    rules.error(path + ".select", "computes nothing; name at least one column, as {n: \"count(*)\"}");
  for (std::size_t i = 0; i < aggregate.by.size(); ++i)
    if (aggregate.by[i].kind == GroupKeySpec::Kind::expression && aggregate.by[i].expression.size() != 1)
      rules.error(path + ".by[" + std::to_string(i) + "]", "names one column; write each as an entry of its own");
  if (aggregate.window && aggregate.ttl) rules.error(path + ".ttl", "the window bounds the state already; remove it");
  if (!aggregate.window && aggregate.mode == EmitMode::append)
    rules.error(path + ".mode", "without a window no row is ever final; write mode: update, or add a window");
  if (!aggregate.window && !aggregate.ttl)
    rules.lint(path, "without a window or ttl the state grows for ever; add ttl:");
}

}  // namespace weir
