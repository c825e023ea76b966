#include "pipeline/fetcher.h"

#include <chrono>
#include <thread>

#include <catch2/catch.hpp>

namespace weir {
namespace {

SystemClock system_clock;

// Gives one more record at each fetch; fails once when told.
class CountingSource final : public Source {
 public:
  int fetched = 0;
  bool fail_next = false;
  Position reported;

  Status verify() override { return {}; }
  Status open(const std::optional<Position>&) override { return {}; }
  Result<Fetched> fetch(const FetchLimits&) override {
    if (std::exchange(fail_next, false)) return fail(Fault::external, "away");
    Fetched out;
    out.ranges.push_back({"t", PartitionId(0), Offset(fetched), Offset(fetched + 1)});
    out.records.records.resize(1);
    ++fetched;
    return out;
  }
  Result<Fetched> read(const SourceRanges&) override { return Fetched{}; }
  Result<Position> end() override { return Position{}; }
  std::vector<PartitionLag> lag() override { return {}; }
  void report(const Position& committed) override { reported = committed; }
  std::optional<Schema> schema() const override { return std::nullopt; }
};

struct Two {
  std::vector<SourceNode> nodes;
  CountingSource* first;
  CountingSource* second;
  Two() {
    nodes.resize(2);
    for (SourceNode& node : nodes) node.source = std::make_unique<CountingSource>();
    first = static_cast<CountingSource*>(nodes[0].source.get());
    second = static_cast<CountingSource*>(nodes[1].source.get());
  }
};

TEST_CASE("a fetch under way is not started twice") {
  Two two;
  Fetcher fetcher(two.nodes, system_clock);
  fetcher.begin({FetchLimits{}, FetchLimits{}});
  fetcher.begin({FetchLimits{}, FetchLimits{}});
  REQUIRE(fetcher.take().value().rows() == 2);
  REQUIRE(two.first->fetched == 1);
}

TEST_CASE("what one source gave is not lost when the next one fails") {
  Two two;
  two.second->fail_next = true;
  Fetcher fetcher(two.nodes, system_clock);
  fetcher.begin({FetchLimits{}, FetchLimits{}});
  REQUIRE_FALSE(fetcher.take().has_value());
  fetcher.begin({FetchLimits{}, FetchLimits{}});
  const auto set = fetcher.take();
  REQUIRE(set.value().sources[0].ranges[0].begin == Offset(0));
  REQUIRE(two.first->fetched == 1);
}

TEST_CASE("what was fetched comes decoded, each source by its own decoder") {
  Two two;
  ContractSpec contract;
  contract.name = "c";
  contract.fields.push_back({"id"});
  contract.fields.back().type = "int64";
  for (SourceNode& node : two.nodes)
    node.decoder = make_json_decoder(Contract::compile(contract).value(), {"in", {}, {}});
  Fetcher fetcher(two.nodes, system_clock);
  fetcher.begin({FetchLimits{}, FetchLimits{}});
  const auto set = fetcher.take();
  REQUIRE(set.value().decoded.size() == 2);
  REQUIRE(set.value().decoded[1].rejected.at(0).code == Code::null_value);
  REQUIRE(set.value().decoded[1].rejected.at(0).src == make_src(1, 0));
}

TEST_CASE("positions are reported before the next fetch and at the end") {
  Two two;
  {
    Fetcher fetcher(two.nodes, system_clock);
    fetcher.report({{{"t", PartitionId(0), Offset(5)}}, {}});
    fetcher.begin({FetchLimits{}, FetchLimits{}});
    REQUIRE(fetcher.take().has_value());
    REQUIRE(two.first->reported.at(0).next == Offset(5));
    fetcher.report({{{"t", PartitionId(0), Offset(6)}}, {}});
  }
  REQUIRE(two.first->reported.at(0).next == Offset(6));
}

// Waits for a stop, as a source does whose broker is slow.
class WaitingSource final : public Source {
 public:
  Status verify() override { return {}; }
  Status open(const std::optional<Position>&) override { return {}; }
  Result<Fetched> fetch(const FetchLimits& limits) override {
    while (!limits.stop.stop_requested()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return Fetched{};
  }
  Result<Fetched> read(const SourceRanges&) override { return Fetched{}; }
  Result<Position> end() override { return Position{}; }
  std::vector<PartitionLag> lag() override { return {}; }
  void report(const Position&) override {}
  std::optional<Schema> schema() const override { return std::nullopt; }
};

TEST_CASE("a stop ends a fetch that would wait") {
  std::vector<SourceNode> nodes(1);
  nodes[0].source = std::make_unique<WaitingSource>();
  std::stop_source stop;
  Fetcher fetcher(nodes, system_clock, stop.get_token());
  fetcher.begin({FetchLimits{}});
  stop.request_stop();
  REQUIRE(fetcher.take().value().rows() == 0);
}

TEST_CASE("reaching a limit says that there is more") {
  Two two;
  Fetcher fetcher(two.nodes, system_clock);
  FetchLimits one;
  one.records_max = 1;
  fetcher.begin({one, one});
  REQUIRE(fetcher.take().value().full);
  fetcher.begin({FetchLimits{}, FetchLimits{}});
  REQUIRE_FALSE(fetcher.take().value().full);
}

}  // namespace
}  // namespace weir
