#include "generated/generated_case.h"

#include <algorithm>
#include <map>
#include <random>

#include <fmt/format.h>

#include "base/clock.h"

namespace weir::generated {
namespace {

using Names = std::vector<std::string>;

constexpr std::int64_t second = 1'000'000;

class Draw {
 public:
  explicit Draw(std::uint64_t seed) : random_(seed) { case_.seed = seed; }

  Case all() {
    draw_times();
    draw_records();
    draw_steps();
    return std::move(case_);
  }

 private:
  std::int64_t below(std::int64_t n) { return static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(n)); }
  bool chance(int percent) { return below(100) < percent; }
  template <class T>
  T one_of(const std::vector<T>& values) {
    return values[static_cast<std::size_t>(below(static_cast<std::int64_t>(values.size())))];
  }

  void draw_times() {
    case_.delay = one_of<std::int64_t>({0, second, 60 * second, 600 * second, 3600 * second});
    case_.across_max = chance(20);  // the newest row of all makes others late: one partition then
    case_.max_records = static_cast<std::uint64_t>(one_of<std::int64_t>({1, 2, 3, 5, 8, 13, 1000}));
    partitions_ = case_.across_max ? 1 : 1 + below(3);
    // Before 1970, around it, and today.
    start_ =
        one_of<std::int64_t>({-86'400 * 365 * second, -300 * second, 1'767'225'600 * second}) + below(3600 * second);
    step_ = one_of<std::int64_t>({0, second, 30 * second, 400 * second});
  }

  // In arrival order over all partitions; no row is behind the newest one before it by more than the delay.
  void draw_records() {
    const std::int64_t count = below(60);
    std::int64_t now = start_;
    for (std::int64_t i = 0; i < count; ++i) {
      now += 1 + (step_ == 0 ? below(3) : below(2 * step_));
      if (chance(3)) now += 7200 * second;  // a gap that closes all windows
      if (chance(4)) {
        add_record(static_cast<std::int32_t>(below(partitions_)), "{\"id\":");
        ++case_.unreadable;
      } else {
        add_row(now);
      }
    }
  }

  void add_row(std::int64_t now) {
    Row row;
    if (!case_.rows.empty() && chance(25)) {
      row = one_of(case_.rows);  // sent again
    } else {
      row.id = below(40);
      if (!chance(10)) row.k = std::string(1, static_cast<char>('a' + row.id % 4));
    }
    if (chance(50)) row.v = chance(10) ? std::nullopt : std::optional(below(10) - 3);
    row.cents = below(100'000) - 20'000;
    row.x = static_cast<double>(below(1000)) / 8;
    // Strictly after now - delay: a row at the watermark is late for dedup.
    row.t = now - (case_.delay < 2 ? 0 : below(case_.delay - 1));
    if (case_.delay < 2) row.t = now;
    row.partition = static_cast<std::int32_t>(row.id % partitions_);
    row.offset = offsets_[row.partition];
    case_.rows.push_back(row);
    add_record(row.partition,
               fmt::format(R"({{"id":{},"k":{},"v":{},"a":{}{}.{:02},"x":{},"t":"{}"}})", row.id,
                           row.k ? "\"" + *row.k + "\"" : "null", row.v ? std::to_string(*row.v) : "null",
                           row.cents < 0 ? "-" : "", std::abs(row.cents) / 100, std::abs(row.cents) % 100, row.x,
                           format_rfc3339(Micros(row.t))));
  }

  void add_record(std::int32_t partition, std::string value) {
    scenario::InputRecord record;
    record.topic = "in";
    record.partition = PartitionId(partition);
    record.value = std::move(value);
    case_.records.push_back(std::move(record));
    ++offsets_[partition];
  }

  void draw_steps() {
    if (chance(40)) case_.filter = one_of<std::string>({"v > 0", "k <> 'b'", "x < 60 AND a > 0", "v IS NULL OR v < 4"});
    if (chance(60)) {
      case_.dedup_key = one_of<Names>({Names{"id"}, Names{"id", "k"}, Names{"id", "v"}});
      if (chance(50)) case_.within = one_of<std::int64_t>({0, second, 90 * second, 7200 * second});
    }
    if (chance(75)) draw_aggregate();
  }

  void draw_aggregate() {
    const std::int64_t length = one_of<std::int64_t>({7 * second, 60 * second, 300 * second, 3600 * second});
    case_.window = Window{Window::Kind::tumbling, length, chance(30) ? below(length) : 0};
    if (chance(30)) case_.window = Window{Window::Kind::session, length};
    case_.by = one_of<Names>({Names{}, Names{"k"}, Names{"k", "v"}});
    case_.aggregates = {{"n", "count(*)"}};
    const std::vector<Aggregate> more = {
        {"c", "count(v)"},
        {"s", "sum(v)"},
        {"sa", "CAST(sum(a) AS VARCHAR)"},
        {"sx", "sum(x)", false},
        {"m", "avg(v)", false},
        {"lo", "min(v)"},
        {"hi", "epoch_us(max(t))"},
        {"hk", "max(k)"},
        {"d", "count(DISTINCT v)"},
        {"di", "count(DISTINCT id)"},
        {"f", "sum(v) FILTER (WHERE v > 2)"},
        {"fc", "count(*) FILTER (WHERE a > 0)"},
        {"cs", "sum(CASE WHEN v > 0 THEN 1 ELSE 0 END)"},
        {"ratio", "CAST(count(v) AS DOUBLE) / count(*)", false},
        {"any_", "bool_or(v > 5)"},
        // Of equal ones the largest.
        {"bx", "max_by(id, x)", true, "struct_extract(max(struct_pack(x := x, id := id)), 'id')"}};
    for (const Aggregate& aggregate : more)
      if (chance(25)) case_.aggregates.push_back(aggregate);
    std::stable_sort(case_.aggregates.begin(), case_.aggregates.end(),
                     [](const Aggregate& a, const Aggregate& b) { return a.exact && !b.exact; });
    // What a session was before it merged is removed, which lines of a file do not show.
    case_.update = case_.window->kind != Window::Kind::session && chance(30);
    if (!case_.update && chance(30)) case_.having = "n > 1";
  }

  std::mt19937_64 random_;
  Case case_;
  std::int64_t partitions_ = 1;
  std::int64_t start_ = 0;
  std::int64_t step_ = 0;
  std::map<std::int32_t, std::int64_t> offsets_;
};

std::string duration(std::int64_t us) {
  if (us % second == 0) return fmt::format("{}s", us / second);
  return fmt::format("{}us", us);
}

std::string window_yaml(const Window& window) {
  switch (window.kind) {
    case Window::Kind::tumbling:
      return fmt::format("tumbling: {}, offset: {}", duration(window.length), duration(window.offset));
    case Window::Kind::sliding:
      return fmt::format("sliding: {}, every: {}, offset: {}", duration(window.length), duration(window.every),
                         duration(window.offset));
    case Window::Kind::session: return "session: " + duration(window.length);
  }
  return {};
}

std::string names(const std::vector<std::string>& list) { return fmt::format("[{}]", fmt::join(list, ", ")); }

}  // namespace

std::vector<std::string> Case::columns() const {
  if (!window) return {"id", "k", "v", "a", "x", "t"};
  std::vector<std::string> out = {"window_start", "window_end"};
  out.insert(out.end(), by.begin(), by.end());
  for (const Aggregate& aggregate : aggregates) out.push_back(aggregate.name);
  return out;
}

std::string Case::pipeline() const {
  std::string steps;
  if (filter) steps += fmt::format("  - {{ name: kept, filter: \"{}\" }}\n", *filter);
  if (!dedup_key.empty())
    steps += fmt::format("  - {{ name: once, dedup: {{ key: {}{} }} }}\n", names(dedup_key),
                         within ? ", within: " + duration(*within) : "");
  std::string shown = R"sql(a: "CAST(a AS VARCHAR)", t: "epoch_us(t)")sql";
  if (window) {
    std::string select;
    for (const Aggregate& aggregate : aggregates)
      select += fmt::format("{}{}: \"{}\"", select.empty() ? "" : ", ", aggregate.name, aggregate.sql);
    steps += fmt::format(
        "  - {{ name: totals, aggregate: {{ window: {{ {} }}, by: {}, select: {{ {} }}, mode: {} "
        "}} "
        "}}\n",
        window_yaml(*window), names(by), select, update ? "update" : "append");
    if (having) steps += fmt::format("  - {{ name: large, filter: \"{}\" }}\n", *having);
    shown = R"sql(window_start: "epoch_us(window_start)", window_end: "epoch_us(window_end)")sql";
  }
  steps += fmt::format("  - {{ name: shown, select: {{ \"*\": true, {} }} }}\n", shown);
  const std::string sink =
      update ? "type: kafka, connection: main, topic: out, key: n" : "type: file, format: json, path: out/rows";
  return fmt::format(R"yaml(version: 1
name: generated
owner: tests@example.com
connections: {{ main: {{ type: kafka, brokers: ["unused:9092"] }} }}
sources:
  in:
    type: kafka
    connection: main
    topics: [in]
    max_records: {}
    watermark: {{ column: t, delay: {}, across: {} }}
    format:
      type: json
      contract:
        name: c
        owner: tests@example.com
        fields:
          id: {{ type: int64, nullable: false }}
          k: {{ type: string }}
          v: {{ type: int64 }}
          a: {{ type: "decimal(12,2)" }}
          x: {{ type: double }}
          t: {{ type: timestamp, nullable: false }}
steps:
{}sinks:
  out: {{ from: shown, {} }}
dead_letter: {{ type: file, format: json, path: out/dead }}
checkpoint: {{ path: checkpoint }}
)yaml",
                     max_records, duration(delay), across_max ? "max" : "partitions", steps, sink);
}

scenario::Scenario Case::scenario() const {
  scenario::Scenario out;
  out.file = fmt::format("WEIR_SEED={}", seed);
  out.pipeline = pipeline();
  out.input["in"] = records;
  return out;
}

Case draw(std::uint64_t seed) { return Draw(seed).all(); }

}  // namespace weir::generated
