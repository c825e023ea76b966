// The rules of the steps that remember.
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

void check_aggregate(Reading& reading, const AggregateSpec& aggregate, const std::string& path) {
  Rules rules(reading);
  const WindowSpec& window = aggregate.window;
  if (window.offset >= window.tumbling && window.tumbling.count() > 0)
    rules.error(path + ".window.offset", "is a whole window or more; make it shorter than the window");
  if (aggregate.select.empty())
    rules.error(path + ".select", "computes nothing; name at least one column, as {n: \"count(*)\"}");
  for (std::size_t i = 0; i < aggregate.by.size(); ++i)
    if (aggregate.by[i].kind == GroupKeySpec::Kind::expression && aggregate.by[i].expression.size() != 1)
      rules.error(path + ".by[" + std::to_string(i) + "]", "names one column; write each as an entry of its own");
}

}  // namespace weir
