#include "connectors/rate_source.h"

#include "sql/rows.h"

using namespace weir;
using namespace weir::test;

namespace {

struct Rate {
  VirtualClock clock{Micros(0)};
  RateSourceSpec spec;
  std::shared_ptr<Session> session = open_session();

  Rate(std::uint64_t rate, std::int32_t partitions) { spec.rows_per_second = rate, spec.partitions = partitions; }
  RateSource opened(const std::optional<Position>& from = std::nullopt) {
    RateSource source("made", spec, 2, clock);
    REQUIRE(source.verify());
    REQUIRE(source.open(from));
    return source;
  }
};

Fetched fetched(Result<Fetched> result) {
  if (!result) FAIL(result.error().text());
  return std::move(*result);
}

}  // namespace

TEST_CASE("rows come at the pace of the clock, in order of partition and offset") {
  Rate r(2, 2);
  RateSource source = r.opened();
  CHECK(fetched(source.fetch({})).rows() == 0);
  r.clock.advance(std::chrono::milliseconds(1500));
  const Fetched first = fetched(source.fetch({}));
  CHECK(first.ranges ==
        SourceRanges{{"", PartitionId(0), Offset(0), Offset(2)}, {"", PartitionId(1), Offset(0), Offset(1)}});
  CHECK(first.columns->schema() == *source.schema());
  CHECK(lines(*r.session, *first.columns) == std::vector<std::string>{"2026-01-01 00:00:00+00|0|2199023255552",
                                                                      "2026-01-01 00:00:01+00|2|2199023255553",
                                                                      "2026-01-01 00:00:00.5+00|1|2199023255554"});
  CHECK(src_source(first.columns->src().back()) == 2);
  r.clock.advance(std::chrono::milliseconds(500));
  CHECK(source.lag()[1].records == 1);
  CHECK(lines(*r.session, *fetched(source.fetch({})).columns).at(0).starts_with("2026-01-01 00:00:01.5+00|3|"));
}

TEST_CASE("the same ranges give the same rows in another run") {
  Rate r(100'000, 3);
  RateSource source = r.opened();
  r.clock.advance(std::chrono::milliseconds(70));
  const Fetched once = fetched(source.fetch({}));
  CHECK(once.rows() == 7000);
  Rate later(100'000, 3);
  later.clock.advance(std::chrono::hours(1));
  RateSource again = later.opened(
      Position{{"", PartitionId(0), Offset(0)}, {"", PartitionId(1), Offset(0)}, {"", PartitionId(2), Offset(0)}});
  const Fetched replayed = fetched(again.read(once.ranges));
  CHECK(lines(*r.session, *replayed.columns) == lines(*r.session, *once.columns));
  later.clock.advance(std::chrono::milliseconds(10));
  const Fetched next = fetched(again.fetch({}));
  CHECK(next.rows() == 1000);
  CHECK(next.ranges[0].begin == once.ranges[0].end);
}

TEST_CASE("limits, waits and the end") {
  Rate r(1000, 2);
  r.spec.rows = 2500;
  RateSource source = r.opened();
  FetchLimits limits;
  limits.wait_max = std::chrono::milliseconds(100);
  CHECK(fetched(source.fetch(limits)).rows() >= 1);  // waited for the first
  r.clock.advance(std::chrono::seconds(1));
  limits.records_max = 5;
  CHECK(fetched(source.fetch(limits)).rows() == 5);
  limits.records_max = 500'000;
  limits.bytes_max = Bytes(160);
  CHECK(fetched(source.fetch(limits)).rows() == 10);
  limits.bytes_max = Bytes(1 << 20);
  limits.until = *source.end();
  CHECK(limits.until->at(0).next == Offset(1250));
  std::uint64_t last = 0;
  for (int i = 0; i < 1000; ++i) {
    const Fetched more = fetched(source.fetch(limits));
    if (more.rows() > 0) last = static_cast<std::uint64_t>(more.ranges[1].end.value);
    if (more.reached_until) break;
  }
  CHECK(last == 1250);
  r.clock.advance(std::chrono::hours(1));
  CHECK(fetched(source.fetch({})).rows() == 0);
}

TEST_CASE("a position of another number of partitions is refused") {
  Rate r(10, 3);
  RateSource source("made", r.spec, 0, r.clock);
  for (const Position& wrong :
       {Position{{"", PartitionId(0), Offset(4)}, {"", PartitionId(1), Offset(4)}},
        Position{{"", PartitionId(0), Offset(4)}, {"", PartitionId(1), Offset(2)}, {"", PartitionId(2), Offset(4)}}}) {
    const auto refused = source.open(wrong);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().fault == Fault::config);
  }
}
