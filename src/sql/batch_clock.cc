#include "sql/batch_clock.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "sql/ast.h"

namespace weir {
namespace {

thread_local std::optional<Micros> current_clock;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)

// In UTC, as all time here is.
constexpr std::array<std::pair<std::string_view, std::string_view>, 10> meanings{{
    {"now", "CAST($weir_now AS TIMESTAMP WITH TIME ZONE)"},
    {"current_timestamp", "CAST($weir_now AS TIMESTAMP WITH TIME ZONE)"},
    {"get_current_timestamp", "CAST($weir_now AS TIMESTAMP WITH TIME ZONE)"},
    {"transaction_timestamp", "CAST($weir_now AS TIMESTAMP WITH TIME ZONE)"},
    {"today", "CAST(CAST($weir_now AS TIMESTAMP WITH TIME ZONE) AS DATE)"},
    {"current_date", "CAST(CAST($weir_now AS TIMESTAMP WITH TIME ZONE) AS DATE)"},
    {"localtimestamp", "CAST(CAST($weir_now AS TIMESTAMP WITH TIME ZONE) AS TIMESTAMP)"},
    {"current_localtimestamp", "CAST(CAST($weir_now AS TIMESTAMP WITH TIME ZONE) AS TIMESTAMP)"},
    {"localtime", "CAST(CAST(CAST($weir_now AS TIMESTAMP WITH TIME ZONE) AS TIMESTAMP) AS TIME)"},
    {"current_localtime", "CAST(CAST(CAST($weir_now AS TIMESTAMP WITH TIME ZONE) AS TIMESTAMP) AS TIME)"},
}};

std::string_view meaning_of(std::string_view lower_name) {
  const auto found =
      std::find_if(meanings.begin(), meanings.end(), [&](const auto& one) { return one.first == lower_name; });
  return found == meanings.end() ? std::string_view() : found->second;
}

std::string name_of(const Json& node) {
  std::string name;
  const std::string kind = node.value("class", "");
  if (kind == "FUNCTION" && node["children"].empty()) name = node["function_name"].get<std::string>();
  if (kind == "COLUMN_REF" && node["column_names"].size() == 1) name = node["column_names"][0].get<std::string>();
  for (char& c : name)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return name;
}

}  // namespace

BatchClock::BatchClock(Micros now) : before_(std::exchange(current_clock, now)) {}
BatchClock::~BatchClock() { current_clock = before_; }
std::optional<Micros> BatchClock::current() { return current_clock; }

bool is_clock_name(std::string_view lower_name) { return !meaning_of(lower_name).empty(); }

bool asks_for_time(const Json& node) { return node.is_object() && is_clock_name(name_of(node)); }

Status use_clock(Session& session, Json& node) {
  node = TRY(parse_expression(session, meaning_of(name_of(node))));
  return {};
}

}  // namespace weir
