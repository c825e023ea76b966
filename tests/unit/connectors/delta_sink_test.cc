#include "connectors/delta_sink.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/crash_point.h"
#include "base/json.h"
#include "sql/rows.h"

using namespace weir;
using namespace weir::test;

namespace {

const std::string writer_a = "aaaaaaaa-0000-4000-8000-000000000001";
const std::string writer_b = "bbbbbbbb-0000-4000-8000-000000000002";

const std::vector<std::string> crashes = {
    "delta_sink.before_data", "delta_sink.after_data",     "delta_sink.after_sync",      "delta_sink.before_link",
    "delta_sink.after_link",  "delta_sink.mid_checkpoint", "delta_sink.after_checkpoint"};

struct Fixture {
  std::filesystem::path directory;
  DeltaSinkSpec spec;
  std::shared_ptr<Session> io = open_session(SessionKind::io);
  VirtualClock clock{Micros(1'767'225'600'000'000)};

  Fixture() {
    std::string pattern = (std::filesystem::temp_directory_path() / "weir delta sink XXXXXX").string();
    directory = mkdtemp(pattern.data());
    spec.path = (directory / "lake").string();
  }
  ~Fixture() {
    disarm_all();
    std::filesystem::remove_all(directory);
  }

  std::unique_ptr<DeltaSink> make(const std::string& name = "lake", const std::string& pipeline = "payments") const {
    return std::make_unique<DeltaSink>(pipeline, name, spec, io, clock);
  }
  std::unique_ptr<DeltaSink> opened(std::uint64_t epoch = 1, const std::string& writer = writer_a,
                                    const std::string& name = "lake", const std::string& pipeline = "payments") const {
    auto sink = make(name, pipeline);
    const auto status = sink->open(writer, Epoch(epoch));
    if (!status) FAIL(status.error().text());
    return sink;
  }
  BatchId id(std::uint64_t number, std::uint64_t epoch = 1, std::uint64_t plan = 7,
             const std::string& writer = writer_a) const {
    return {writer, Epoch(epoch), BatchNumber(number), plan};
  }
  Batch rows(int begin, int end, const std::string& columns = "i, CAST(i % 3 AS VARCHAR) AS third") const {
    return batch_of(*io, "SELECT " + columns + ", CAST(i AS UBIGINT) AS _src FROM range(" + std::to_string(begin) +
                             ", " + std::to_string(end) + ") t(i)");
  }

  // The log, read on its own: files by the last word on each, and the partition columns as texts.
  std::string files() const {
    std::string out;
    for (const Json& add : adds()) {
      const std::string path = (std::filesystem::path(spec.path) / add["path"].get<std::string>()).string();
      out += (out.empty() ? "" : ", ") + quote_literal(path);
    }
    return "[" + out + "]";
  }
  std::vector<Json> adds() const {
    std::vector<Json> out;
    for (const Json& action : actions())
      if (action.contains("add")) out.push_back(action["add"]);
    return out;
  }
  std::vector<Json> actions() const {
    std::vector<Json> out;
    for (int version = 0;; ++version) {
      std::ifstream in(std::filesystem::path(spec.path) / "_delta_log" / fmt::format("{:020}.json", version));
      if (!in) return out;
      for (std::string line; std::getline(in, line);) out.push_back(Json::parse(line));
    }
  }
  std::vector<std::string> read(const std::string& select) const {
    return lines(*io, batch_of(*io, "SELECT " + select + " FROM read_parquet(" + files() +
                                        ", union_by_name = true, hive_partitioning = false)"));
  }
  std::size_t parquet_files() const {
    std::size_t count = 0;
    if (!std::filesystem::exists(spec.path)) return 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(spec.path)) {
      const std::string path = entry.path().string();
      if (path.ends_with(".parquet") && path.find("_delta_log") == std::string::npos) ++count;
    }
    return count;
  }
};

Written written(Result<Written> result) {
  if (!result) FAIL(result.error().text());
  return *result;
}

std::string refusal(const Status& status) {
  if (status) return {};
  CHECK(status.error().fault == Fault::config);
  return status.error().text();
}

bool has(const std::string& text, const std::string& part) {
  INFO(text);
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("Delta: a batch becomes one commit that remembers it, and a repeat is a no-op") {
  Fixture f;
  auto sink = f.opened();
  CHECK_FALSE(sink->landed()->has_value());
  const Written first = written(sink->write(f.id(3), f.rows(0, 5000)));
  CHECK(first.rows == 5000);
  CHECK(first.files == 1);
  CHECK(first.bytes > 0);
  CHECK_FALSE(first.repeated);
  CHECK(**sink->landed() == f.id(3));
  CHECK(f.read("count(*), count(DISTINCT i), min(third)") == std::vector<std::string>{"5000|5000|0"});

  const Written again = written(sink->write(f.id(3), f.rows(0, 5000)));
  CHECK(again.repeated);
  CHECK(again.rows == 5000);
  CHECK(written(f.opened(2)->write(f.id(3, 2), f.rows(0, 5000))).repeated);
  CHECK(f.read("count(*)") == std::vector<std::string>{"5000"});
  CHECK(f.parquet_files() == 1);
  std::vector<std::string> txns;
  for (const Json& action : f.actions())
    if (action.contains("txn")) txns.push_back(action["txn"]["appId"]);
  CHECK(txns == std::vector<std::string>{writer_a + "/lake/n", writer_a + "/lake/plan", writer_a + "/lake/epoch",
                                         "weir/payments/lake/writer"});
}

TEST_CASE("Delta: a kill at any point of a write leaves each row once, FAULTS 55") {
  const auto point = GENERATE(from_range(crashes));
  INFO(point);
  Fixture f;
  f.spec.partition_by = {"third"};
  auto sink = f.opened(1);
  for (std::uint64_t n = 1; n <= 10; ++n)  // the eleventh commit is the tenth after the table's first: a checkpoint
    written(sink->write(f.id(n), f.rows(static_cast<int>(n) * 10, static_cast<int>(n) * 10 + 10)));
  arm_crash(point, 1);
  CHECK_THROWS_AS((void)sink->write(f.id(11), f.rows(110, 120)), TestCrash);
  disarm_all();
  sink = f.opened(2);
  const auto landed = *sink->landed();
  REQUIRE(landed.has_value());
  const Written repeated = written(sink->write(f.id(11, 2), f.rows(110, 120)));
  CHECK(repeated.repeated == (landed->number == BatchNumber(11)));
  CHECK(repeated.repeated == (point == "delta_sink.after_link" || point.ends_with("checkpoint")));
  CHECK(f.read("count(*), count(DISTINCT i), min(i), max(i)") == std::vector<std::string>{"110|110|10|119"});
  written(sink->write(f.id(12, 2), f.rows(120, 130)));
  CHECK(f.read("count(*), count(DISTINCT i)") == std::vector<std::string>{"120|120"});
  for (const auto& entry : std::filesystem::directory_iterator(f.spec.path + "/_delta_log"))
    CHECK_FALSE(entry.path().string().ends_with(".tmp"));
}

TEST_CASE("Delta: a failed copy or link leaves nothing committed, and the same batch can be written again") {
  const std::string point = GENERATE("delta_sink.copy", "delta_sink.link");
  Fixture f;
  auto sink = f.opened();
  arm_fault(point, 1, 2);
  for (int i = 0; i < 2; ++i) {
    const auto failed = sink->write(f.id(1), f.rows(0, 50));
    REQUIRE_FALSE(failed);
    CHECK(failed.error().fault == Fault::external);
    CHECK_FALSE(sink->landed()->has_value());
    if (point == "delta_sink.copy") CHECK(f.parquet_files() == 0);
  }
  CHECK_FALSE(written(sink->write(f.id(1), f.rows(0, 50))).repeated);
  CHECK(f.read("count(*), count(DISTINCT i)") == std::vector<std::string>{"50|50"});
}

TEST_CASE("Delta: a commit whose answer was lost is found, its files stay, FAULTS 56") {
  Fixture f;
  auto sink = f.opened();
  arm_fault("delta_sink.linked", 1);
  CHECK_FALSE(written(sink->write(f.id(1), f.rows(0, 50))).repeated);
  CHECK(f.parquet_files() == 1);
  CHECK(written(sink->write(f.id(1), f.rows(0, 50))).repeated);
  CHECK(f.read("count(*), count(DISTINCT i)") == std::vector<std::string>{"50|50"});
}

TEST_CASE("Delta: another plan, an older batch, a lower epoch and another checkpoint stop") {
  Fixture f;
  auto sink = f.opened(5);
  written(sink->write(f.id(4, 5), f.rows(0, 10)));
  const auto stops = [](const Result<Written>& result) {
    REQUIRE_FALSE(result);
    CHECK(result.error().fault == Fault::config);
    CHECK(has(result.error().message, "another writer owns this"));
  };
  stops(sink->write(f.id(4, 5, 8), f.rows(0, 10)));
  stops(sink->write(f.id(3, 5), f.rows(0, 10)));
  stops(sink->write(f.id(5, 4), f.rows(0, 10)));
  CHECK(has(refusal(f.make()->open(writer_a, Epoch(4))), "epoch 5 of this checkpoint has it, ours is 4"));
  CHECK(has(refusal(f.make()->open(writer_b, Epoch(9))), "another checkpoint of pipeline 'payments' wrote here"));
  CHECK(f.read("count(*)") == std::vector<std::string>{"10"});
}

TEST_CASE("Delta: a zombie of our own is told apart at the commit itself, FAULTS 24") {
  Fixture f;
  auto zombie = f.opened(1);
  written(zombie->write(f.id(1), f.rows(0, 10)));
  auto next = f.opened(2);
  written(next->write(f.id(2, 2, 9), f.rows(10, 20)));
  const auto late = zombie->write(f.id(2, 1, 7), f.rows(10, 15));
  REQUIRE_FALSE(late);
  CHECK(late.error().fault == Fault::config);
  CHECK(f.read("count(*), count(DISTINCT i)") == std::vector<std::string>{"20|20"});
}

TEST_CASE("Delta: several sinks of several pipelines in one table") {
  Fixture f;
  auto a = f.opened(1, writer_a, "lake", "payments");
  auto b = f.opened(1, writer_a, "other", "payments");
  auto c = f.opened(1, writer_b, "lake", "refunds");
  for (std::uint64_t n = 1; n <= 8; ++n) {
    const int at = static_cast<int>(n) * 100;
    written(a->write(f.id(n), f.rows(at, at + 10)));
    written(b->write(f.id(n), f.rows(at + 10, at + 20)));
    written(c->write(f.id(n, 1, 7, writer_b), f.rows(at + 20, at + 30)));
  }
  CHECK(f.read("count(*), count(DISTINCT i)") == std::vector<std::string>{"240|240"});
  CHECK((*f.opened(2)->landed())->number == BatchNumber(8));
  CHECK(std::filesystem::exists(f.spec.path + "/_delta_log/00000000000000000020.checkpoint.parquet"));
}

TEST_CASE("Delta: schema merge adds columns, and a table that changed under a running sink is fitted anew") {
  Fixture f;
  auto a = f.opened(1, writer_a, "lake", "payments");
  auto b = f.opened(1, writer_b, "lake", "refunds");
  written(a->write(f.id(1), f.rows(0, 10, "i")));
  written(b->write(f.id(1, 1, 7, writer_b), f.rows(10, 20, "i, 'x' AS note")));
  written(a->write(f.id(2), f.rows(20, 30, "i, CAST(i AS DOUBLE) AS half")));
  CHECK(f.read("count(*), count(note), count(half)") == std::vector<std::string>{"30|10|10"});
  std::vector<std::string> ids;
  for (const Json& action : f.actions())
    if (action.contains("metaData")) ids.push_back(action["metaData"]["id"]);
  CHECK(ids.size() == 3);
  CHECK(std::count(ids.begin(), ids.end(), ids.front()) == 3);

  f.spec.schema = SchemaChange::fail;
  const Schema wider = f.rows(0, 1, "i, 1 AS more").schema();
  CHECK(has(refusal(f.make()->verify(wider)), "sink 'lake': the table has no column 'more'"));
  CHECK(refusal(f.make()->verify(f.rows(0, 1, "i, 'x' AS note").schema())).empty());
}

TEST_CASE("Delta: verify names what does not fit, and makes nothing") {
  Fixture f;
  const auto verify = [&](const std::string& columns) {
    return refusal(f.make()->verify(f.rows(0, 1, columns).schema()));
  };
  CHECK(verify("i, 'x' AS s").empty());
  CHECK_FALSE(std::filesystem::exists(f.spec.path));
  CHECK(has(verify("CAST(i AS UBIGINT) AS u"), "sink 'lake': column 'u': a Delta table holds no uint64; CAST it"));
  CHECK(has(verify("i, CAST(0 AS UTINYINT) AS _op"), "appended to"));
  written(f.opened()->write(f.id(1), f.rows(0, 10, "i, 'x' AS s")));
  CHECK(has(verify("CAST(i AS VARCHAR) AS i"), "column 'i' is long in the table and string here; CAST it to BIGINT"));
  CHECK(has(verify("CAST(i AS VARCHAR) AS i"), f.spec.path));
  f.spec.partition_by = {"s"};
  CHECK(has(verify("i, 'x' AS s"), "the table is partitioned by []"));
}

TEST_CASE("Delta: rows of too many partitions are refused, again in a repeat, FAULTS 56") {
  Fixture f;
  f.spec.partition_by = {"p"};
  auto sink = f.opened();
  const Batch rows = f.rows(0, 1100, "i, CAST(i AS VARCHAR) AS p");
  const Written first = written(sink->write(f.id(1), rows));
  CHECK(first.rows == 1024);
  REQUIRE(first.rejected.size() == 76);
  CHECK(first.rejected.front().src == 1024);
  CHECK(first.rejected.front().code == Code::sink_rejected);
  const Written again = written(sink->write(f.id(1), rows));
  CHECK(again.repeated);
  CHECK(again.rejected.size() == 76);
  CHECK(f.read("count(*)") == std::vector<std::string>{"1024"});
}

TEST_CASE("Delta: a batch whose every row is refused is remembered, too") {
  Fixture f;
  f.spec.partition_by = {"day"};
  auto sink = f.opened();
  const Written none = written(sink->write(f.id(1), f.rows(0, 3, "i, CAST('infinity' AS DATE) AS day")));
  CHECK(none.rows == 0);
  CHECK(none.rejected.size() == 3);
  CHECK((*sink->landed())->number == BatchNumber(1));
  written(sink->write(f.id(2), f.rows(0, 3, "i, DATE '2026-01-01' AS day")));
  CHECK(f.read("count(*)") == std::vector<std::string>{"3"});
}

TEST_CASE("Delta: a full disk loses nothing, FAULTS 27") {
  if (geteuid() != 0) return;  // needs to mount a small tmpfs
  Fixture f;
  std::filesystem::create_directories(f.spec.path);
  if (mount("tmpfs", f.spec.path.c_str(), "tmpfs", 0, "size=512k") != 0) return;
  auto sink = f.opened();
  written(sink->write(f.id(1), f.rows(0, 1000)));
  const auto failed = sink->write(f.id(2), f.rows(1000, 400'000, "i, CAST(hash(i) AS VARCHAR) AS third"));
  const auto recovered = sink->write(f.id(2), f.rows(1000, 2000));
  const auto counted = f.read("count(*), count(DISTINCT i)");
  const std::size_t files = f.parquet_files();
  sink.reset();
  umount(f.spec.path.c_str());
  REQUIRE_FALSE(failed);
  CHECK(failed.error().fault == Fault::external);
  CHECK(has(failed.error().message, "free space"));
  CHECK(recovered.has_value());
  CHECK(files == 2);
  CHECK(counted == std::vector<std::string>{"2000|2000"});
}
