#include "cli/progress_view.h"

#include <algorithm>
#include <sstream>

#include <catch2/catch.hpp>

using namespace weir;

namespace {

BatchProgress batch(std::uint64_t number, std::uint64_t rows) {
  BatchProgress out;
  out.number = BatchNumber(number);
  SourceProgress source;
  source.source = "payments";
  source.rows = rows;
  source.lag = {{"payments", PartitionId(0), 1234, std::nullopt}};
  out.sources = {source};
  out.sinks = {{"lake", rows - 30, 0, 1, false}};
  out.dropped = {{"real", DropReason::filtered, 10}};
  out.dead_letters = {{"payments", Code::json_parse_error, 15}, {"known", Code::expectation_failed, 5}};
  out.durations[static_cast<std::size_t>(Phase::write)] = std::chrono::milliseconds(42);
  return out;
}

std::size_t lines_of(const std::ostringstream& out) {
  const std::string text = out.str();
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

bool has(const std::ostringstream& out, const std::string& text) { return out.str().find(text) != std::string::npos; }

}  // namespace

TEST_CASE("progress is a line a second where there is no terminal") {
  VirtualClock clock{Micros(0)};
  std::ostringstream out;
  ProgressView view("payments", out, false, clock);
  view.draw();
  view.draw();
  CHECK(lines_of(out) == 1);
  CHECK_FALSE(has(out, "\x1b"));
  clock.advance(std::chrono::seconds(1));
  view.committed(batch(1, 5000));
  clock.advance(std::chrono::seconds(1));
  view.committed(batch(2, 5000));
  view.draw();
  CHECK(has(out, "5,000 rows/s"));
  CHECK(has(out, "lag    1,234"));
  CHECK(has(out, "in    10,000"));
  CHECK(has(out, "dead     40"));
  CHECK(view.totals().rows_dropped() == 20);
  CHECK(view.totals().dead_letters.at(Code::json_parse_error) == 30);
}

TEST_CASE("on a terminal it is drawn in place, with dead letters by code") {
  VirtualClock clock{Micros(0)};
  std::ostringstream out;
  ProgressView view("payments", out, true, clock);
  view.committed(batch(1, 5000));
  view.draw();
  CHECK(has(out, "JSON_PARSE_ERROR           15  ####"));
  CHECK(has(out, "write 42"));
  CHECK_FALSE(has(out, "\x1b"));
  const auto lines = lines_of(out);
  view.waiting({Fault::external, Retry::with_backoff, "no broker answers\x1b[2J", "payments"}, std::chrono::seconds(2));
  view.draw();
  CHECK(has(out, "\x1b[" + std::to_string(lines) + "A\x1b[J"));
  CHECK(has(out, "waiting, next try in 2.0 s: payments: no broker answers\\x1b[2J"));
}

TEST_CASE("numbers are grouped by thousands") {
  CHECK(grouped(0) == "0");
  CHECK(grouped(999) == "999");
  CHECK(grouped(1000) == "1,000");
  CHECK(grouped(1234567) == "1,234,567");
}
