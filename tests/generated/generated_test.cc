// Random pipelines over random input against SQL over the whole input. README.md says what is drawn.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <random>

#include <catch2/catch.hpp>

#include "base/crash_point.h"
#include "generated/generated_case.h"
#include "generated/oracle.h"
#include "scenarios/runner/player.h"

namespace weir::generated {
namespace {

std::uint64_t number(const char* name, std::uint64_t otherwise) {
  const char* const given = std::getenv(name);
  return given == nullptr ? otherwise : std::strtoull(given, nullptr, 10);
}

// What may go wrong in a case, apart from what only Kafka and Delta sinks pass.
const std::vector<scenario::FaultAt>& fault_kinds() {
  static const std::vector<scenario::FaultAt> kinds = [] {
    std::vector<scenario::FaultAt> out;
    const auto add = [&](scenario::FaultAt::Kind kind, std::string_view name) {
      if (!name.starts_with("kafka_") && !name.starts_with("delta_")) out.push_back({kind, std::string(name), 1});
    };
    for (const std::string_view name : crash_points()) add(scenario::FaultAt::Kind::crash, name);
    for (const std::string_view name : fault_points()) add(scenario::FaultAt::Kind::fault, name);
    return out;
  }();
  return kinds;
}

// Straight; restored at some batch; after a crash or fault; after two of them and a restart.
scenario::Play how_to_play(std::uint64_t seed) {
  std::mt19937_64 random(seed ^ 0x9e3779b97f4a7c15);
  scenario::Play how;
  how.as_written = true;
  const std::uint64_t trouble = random() % 4;
  if (trouble % 2 == 1) how.restore_once_after = static_cast<int>(1 + random() % 8);
  for (std::uint64_t i = trouble / 2 + trouble / 3; i > 0; --i) {
    how.faults.push_back(fault_kinds()[random() % fault_kinds().size()]);
    how.faults.back().hit = static_cast<int>(1 + random() % 4);
  }
  return how;
}

std::vector<Json> parsed(const std::vector<std::string>& lines) {
  std::vector<Json> out;
  for (const std::string& line : lines) out.push_back(Json::parse(line));
  return out;
}

// The last row of each group: of the same group, the one that counts most rows.
std::vector<Json> last_of_each(const Case& generated, const std::vector<Json>& rows) {
  std::vector<std::string> key = {"window_start"};
  key.insert(key.end(), generated.by.begin(), generated.by.end());
  std::map<std::string, Json> last;
  for (const Json& row : rows) {
    std::string text;
    for (const std::string& column : key) text += row.at(column).dump() + "|";
    Json& held = last[text];
    if (held.is_null() || held.at("n").get<std::int64_t>() < row.at("n").get<std::int64_t>()) held = row;
  }
  std::vector<Json> out;
  for (auto& [text, row] : last) out.push_back(std::move(row));
  return out;
}

bool same(const Json& a, const Json& b) {
  if (!a.is_number() || !b.is_number() || (a.is_number_integer() && b.is_number_integer())) return a == b;
  const double x = a.get<double>(), y = b.get<double>();
  return x == y || std::abs(x - y) <= 1e-9 * std::max(std::abs(x), std::abs(y));
}

// What Weir has beyond, or lacks; empty where the rows are the same. Columns that may be inexact are last, so that sorted rows
// lie beside each other.
std::string difference(const Case& generated, std::vector<Json> got, std::vector<Json> wanted) {
  const auto text = [&](const Json& row) {
    std::string out;
    for (const std::string& column : generated.columns())
      out += row.contains(column) ? row.at(column).dump() + "|" : "absent|";
    return out;
  };
  const auto order = [&](const Json& a, const Json& b) { return text(a) < text(b); };
  std::sort(got.begin(), got.end(), order);
  std::sort(wanted.begin(), wanted.end(), order);
  std::string out;
  for (std::size_t i = 0; i < std::max(got.size(), wanted.size()); ++i) {
    if (i >= got.size()) return out + "lacks " + wanted[i].dump() + "\n";
    if (i >= wanted.size()) return out + "beyond " + got[i].dump() + "\n";
    for (const std::string& column : generated.columns())
      if (!got[i].contains(column) || !same(got[i].at(column), wanted[i].at(column)))
        return "got " + got[i].dump() + "\nnot " + wanted[i].dump() + "\n";
    if (got[i].size() != generated.columns().size()) return "columns of " + got[i].dump() + "\n";
  }
  return out;
}

TEST_CASE("generated pipelines give what SQL over the whole input gives, however they are cut and stopped") {
  const std::uint64_t first = number("WEIR_SEED", std::random_device()());
  const std::uint64_t cases = number("WEIR_CASES", 1000);
  std::uint64_t rows = 0, windows = 0;
  for (std::uint64_t seed = first; seed < first + cases; ++seed) {
    const Case generated = draw(seed);
    const scenario::Scenario played = generated.scenario();
    const scenario::Play how = how_to_play(seed);
    const scenario::Outcome outcome = scenario::play(played, how);
    INFO("WEIR_SEED=" << seed << " WEIR_CASES=1\n" << played.pipeline);
    REQUIRE(outcome.error == "");
    std::vector<Json> got = parsed(outcome.rows.at("out"));
    if (generated.update) got = last_of_each(generated, got);
    const std::vector<Json> wanted = expected_rows(generated);
    REQUIRE(difference(generated, got, wanted) == "");
    REQUIRE(outcome.rows.at("dead_letter").size() == generated.unreadable);
    rows += wanted.size();
    windows += generated.window ? wanted.size() : 0;
  }
  WARN("seeds from " << first << ": " << cases << " pipelines, " << rows << " rows wanted, " << windows
                     << " of windows");
  if (cases >= 100) REQUIRE(windows > cases);
}

TEST_CASE("the same cuts give the same bytes, doubles included, whatever stops the run") {
  const std::uint64_t first = number("WEIR_SEED", std::random_device()());
  const std::uint64_t cases = std::max<std::uint64_t>(1, number("WEIR_CASES", 1000) / 10);
  for (std::uint64_t seed = first; seed < first + cases; ++seed) {
    const scenario::Scenario played = draw(seed).scenario();
    scenario::Play straight;
    straight.as_written = true;
    scenario::Play stopped = how_to_play(seed);
    stopped.restore_once_after = static_cast<int>(1 + seed % 5);
    INFO("WEIR_SEED=" << seed << " WEIR_CASES=1\n" << played.pipeline);
    REQUIRE(scenario::play(played, straight).rows.at("out") == scenario::play(played, stopped).rows.at("out"));
  }
}

}  // namespace
}  // namespace weir::generated
