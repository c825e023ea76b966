#include "formats/record_problem.h"

#include <algorithm>
#include <vector>

#include "formats/value_text.h"

namespace weir {
namespace {

constexpr std::size_t path_bytes_max = 200;

bool is_bare(std::string_view name) {
  return !name.empty() && name.size() <= shown_bytes_max && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '$' || c == '@';
  });
}

void append_step(const RecordPath& step, bool indexes, std::string& out) {
  if (step.index >= 0) {
    out += indexes ? "[" + std::to_string(step.index) + "]" : "[]";
  } else if (is_bare(step.name)) {
    if (!out.empty()) out += '.';
    out += step.name;
  } else {
    out += "[" + quoted_for_message(step.name) + "]";
  }
}

}  // namespace

std::string to_text(const RecordPath* path, bool indexes) {
  std::vector<const RecordPath*> steps;
  for (; path != nullptr; path = path->up) steps.push_back(path);
  std::string out;
  std::reverse(steps.begin(), steps.end());
  for (const RecordPath* step : steps) {
    append_step(*step, indexes, out);
    if (out.size() > path_bytes_max) return out + "...";
  }
  return out;
}

}  // namespace weir
