#include "connectors/file_sink.h"

#include <fstream>

#include <sys/mount.h>
#include <unistd.h>

#include "connectors/file_sink_fixture.h"

using namespace weir;
using namespace weir::test;

namespace {

const std::vector<std::string> crashes = {"file_sink.before_data", "file_sink.after_data", "file_sink.after_sync",
                                          "file_sink.before_link", "file_sink.after_link", "file_sink.mid_rename",
                                          "file_sink.after_rename"};

void crash_in_write(FileSink& sink, const std::string& point, int hit, const BatchId& id, const Batch& rows) {
  arm_crash(point, hit);
  CHECK_THROWS_AS(sink.write(id, rows), TestCrash);
  disarm_all();
}

}  // namespace

TEST_CASE("a batch becomes a file without hidden columns, and a repeat is a no-op") {
  FileSinkFixture f;
  auto sink = f.opened();
  CHECK_FALSE(sink->landed()->has_value());
  const Written first = written(sink->write(f.id(3), f.rows(0, 5000)));
  CHECK(first.rows == 5000);
  CHECK(first.files == 1);
  CHECK(first.bytes > 0);
  CHECK_FALSE(first.repeated);
  CHECK(f.files() == std::vector<std::string>{"aaaaaaaa-3-0.parquet"});
  CHECK(f.read("*").front() == "0|EUR");
  CHECK(**sink->landed() == f.id(3));

  const Written again = written(sink->write(f.id(3), f.rows(0, 5000)));
  CHECK(again.repeated);
  CHECK(again.rows == 5000);
  CHECK(f.read("count(*), count(DISTINCT i)") == std::vector<std::string>{"5000|5000"});
  CHECK(f.scratch().empty());
}

TEST_CASE("a kill at any point of a write leaves each row once, FAULTS 55") {
  const auto point = GENERATE(from_range(crashes));
  const int hit = GENERATE(1, 2);
  if (hit == 2 && point != "file_sink.mid_rename") return;
  INFO(point << ":" << hit);
  FileSinkFixture f;
  f.spec.partition_by = {"currency"};
  const std::string columns = "i, CASE WHEN i % 3 = 0 THEN 'EUR' WHEN i % 3 = 1 THEN 'USD' END AS currency";
  auto sink = f.opened(1);
  written(sink->write(f.id(1), f.rows(0, 100, columns)));
  crash_in_write(*sink, point, hit, f.id(2), f.rows(100, 200, columns));

  // A kill during recovery, then recovery itself, as often as it takes.
  auto dead = f.make();
  arm_crash("file_sink.mid_rename", 1);
  try {
    (void)dead->open(writer_a, Epoch(2));
  } catch (const TestCrash&) {}
  disarm_all();
  sink = f.opened(3);
  const auto landed = *sink->landed();
  REQUIRE(landed.has_value());
  const Written second = written(sink->write(f.id(2, 3), f.rows(100, 200, columns)));
  CHECK(second.repeated == (landed->number == BatchNumber(2)));
  CHECK(second.rows == 100);
  CHECK(f.read("count(*), count(DISTINCT i), min(i), max(i)") == std::vector<std::string>{"200|200|0|199"});
  CHECK(f.scratch().empty());
  written(sink->write(f.id(3, 3), f.rows(200, 300, columns)));
  CHECK(f.read("count(*), count(DISTINCT i)") == std::vector<std::string>{"300|300"});
}

TEST_CASE("before the commit a reader sees nothing, after it everything") {
  for (const std::string& point : crashes) {
    INFO(point);
    FileSinkFixture f;
    auto sink = f.opened(1);
    crash_in_write(*sink, point, 1, f.id(1), f.rows(0, 10));
    const bool shown = point == "file_sink.mid_rename" || point == "file_sink.after_rename";
    CHECK(f.files().size() == (shown ? 1 : 0));
    const bool committed = shown || point == "file_sink.after_link";
    CHECK(f.opened(2)->landed()->has_value() == committed);
    CHECK(f.files().size() == (committed ? 1 : 0));
  }
}

TEST_CASE("a commit whose answer was lost is looked up, its files stay, FAULTS 56") {
  FileSinkFixture f;
  auto sink = f.opened();
  arm_fault("file_sink.linked", 1);
  const auto lost = sink->write(f.id(1), f.rows(0, 50));
  REQUIRE_FALSE(lost);
  CHECK(lost.error().fault == Fault::external);
  disarm_all();
  CHECK(f.scratch().size() == 2);  // the data, not yet shown, and the manifest's first name
  CHECK(written(sink->write(f.id(1), f.rows(0, 50))).repeated);
  CHECK(f.read("count(*), count(DISTINCT i)") == std::vector<std::string>{"50|50"});
}

TEST_CASE("a failed copy or link leaves nothing, and the same batch can be written again") {
  const std::string point = GENERATE("file_sink.copy", "file_sink.link");
  FileSinkFixture f;
  auto sink = f.opened();
  arm_fault(point, 1, 2);
  for (int i = 0; i < 2; ++i) {
    const auto failed = sink->write(f.id(1), f.rows(0, 50));
    REQUIRE_FALSE(failed);
    CHECK(failed.error().fault == Fault::external);
    CHECK(failed.error().retry == Retry::with_backoff);
    CHECK(f.files().empty());
    CHECK_FALSE(sink->landed()->has_value());
  }
  CHECK_FALSE(written(sink->write(f.id(1), f.rows(0, 50))).repeated);
  CHECK(f.read("count(*), count(DISTINCT i)") == std::vector<std::string>{"50|50"});
  f.opened(2);
  CHECK(f.scratch().empty());
}

TEST_CASE("another writer, another plan, another epoch: it stops and does not guess") {
  FileSinkFixture f;
  auto sink = f.opened(5);
  written(sink->write(f.id(4, 5), f.rows(0, 10)));
  const auto refused = [](const auto& result) {
    REQUIRE_FALSE(result);
    CHECK(result.error().fault == Fault::config);
    CHECK(result.error().message.find("another writer owns this") != std::string::npos);
  };
  SECTION("the same batch from another plan") { refused(sink->write(f.id(4, 5, 8), f.rows(0, 10))); }
  SECTION("an older batch that is not here") { refused(sink->write(f.id(3, 5), f.rows(0, 10))); }
  SECTION("a lower epoch opens") { refused(f.make()->open(writer_a, Epoch(4))); }
  SECTION("a higher epoch has opened since") {
    f.opened(6);
    refused(sink->write(f.id(5, 5), f.rows(0, 10)));
  }
  SECTION("a new checkpoint of the same pipeline and sink") { refused(f.make()->open(writer_b, Epoch(9))); }
  CHECK(f.read("count(*)") == std::vector<std::string>{"10"});
}

TEST_CASE("another pipeline, another sink, and a checkpoint that wrote nothing may share a directory") {
  FileSinkFixture f;
  f.opened(1, writer_b);
  written(f.opened(1)->write(f.id(1), f.rows(0, 10)));
  FileSink other("refunds", "lake", f.spec, f.io);
  REQUIRE(other.open(writer_b, Epoch(1)));
  written(other.write({writer_b, Epoch(1), BatchNumber(1), 1}, f.rows(10, 20)));
  CHECK(f.read("count(*), count(DISTINCT i)") == std::vector<std::string>{"20|20"});
}

TEST_CASE("two sinks of one checkpoint in one directory do not overwrite each other") {
  FileSinkFixture f;
  written(f.opened(1)->write(f.id(1), f.rows(0, 10)));
  auto second = f.make("copy");
  REQUIRE(second->open(writer_a, Epoch(1)));
  const auto refused = second->write(f.id(1), f.rows(0, 10));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().fault == Fault::config);
  CHECK(f.read("count(*)") == std::vector<std::string>{"10"});
}

TEST_CASE("only scratch of our own names is removed") {
  FileSinkFixture f;
  f.opened(1);
  const std::string scratch = f.spec.path + "/_weir/" + writer_a + ".lake/scratch/";
  for (const char* name : {"aaaaaaaa-1-0.parquet.1.tmp", "1.json.1.tmp", "notes.txt", "cccccccc-1-0.parquet.1.tmp"})
    std::ofstream(scratch + name) << "x";
  std::ofstream(f.spec.path + "/aaaaaaaa-9-0.parquet") << "not ours to remove";
  const std::string claim = f.spec.path + "/_weir/" + writer_a + ".lake/owner.json.0a1b2c3d.tmp";
  std::ofstream(claim) << "half a cla";
  f.opened(2);
  CHECK_FALSE(std::filesystem::exists(claim));
  CHECK(f.scratch() == std::vector<std::string>{"cccccccc-1-0.parquet.1.tmp", "notes.txt"});
  CHECK(f.files() == std::vector<std::string>{"aaaaaaaa-9-0.parquet"});
}

TEST_CASE("manifests do not grow for ever, and the newest says what landed") {
  FileSinkFixture f;
  auto sink = f.opened();
  for (int n = 1; n <= 130; ++n) written(sink->write(f.id(static_cast<std::uint64_t>(n) * 2), f.rows(n, n + 1)));
  CHECK(f.files("_weir/" + writer_a + ".lake").size() == ManifestFolder::manifests_kept + 1);  // and owner.json
  CHECK((*f.opened(2)->landed())->number == BatchNumber(260));
  CHECK(f.read("count(*), count(DISTINCT i)") == std::vector<std::string>{"130|130"});
}

TEST_CASE("a committed file that a reader took away is no error, a damaged one is") {
  FileSinkFixture f;
  auto sink = f.opened(1);
  written(sink->write(f.id(1), f.rows(0, 10)));
  std::filesystem::remove(f.spec.path + "/aaaaaaaa-1-0.parquet");
  sink = f.opened(2);
  CHECK(written(sink->write(f.id(1, 2), f.rows(0, 10))).repeated);

  crash_in_write(*sink, "file_sink.after_link", 1, f.id(2, 2), f.rows(0, 10));
  std::ofstream(f.spec.path + "/_weir/" + writer_a + ".lake/scratch/aaaaaaaa-2-0.parquet.2.tmp") << "torn";
  const auto damaged = f.make()->open(writer_a, Epoch(3));
  REQUIRE_FALSE(damaged);
  CHECK(damaged.error().message.find("damaged") != std::string::npos);
}

TEST_CASE("half of a rename, as a power loss may leave it, is finished; a foreign file in the way is not touched") {
  FileSinkFixture f;
  auto sink = f.opened(1);
  crash_in_write(*sink, "file_sink.after_rename", 1, f.id(1), f.rows(0, 10));
  const std::string shown = f.spec.path + "/aaaaaaaa-1-0.parquet";
  const std::string scratch = f.spec.path + "/_weir/" + writer_a + ".lake/scratch/aaaaaaaa-1-0.parquet.1.tmp";
  std::filesystem::create_hard_link(shown, scratch);
  f.opened(2);
  CHECK(f.scratch().empty());
  CHECK(f.read("count(*), count(DISTINCT i)") == std::vector<std::string>{"10|10"});

  std::filesystem::rename(shown, scratch);
  std::ofstream(shown) << "foreign";
  const auto stopped = f.make()->open(writer_a, Epoch(3));
  REQUIRE_FALSE(stopped);
  CHECK(stopped.error().message.find("another file") != std::string::npos);
  CHECK(std::filesystem::exists(scratch));
}

TEST_CASE("a manifest that is not readable stops with its path") {
  FileSinkFixture f;
  written(f.opened(1)->write(f.id(1), f.rows(0, 10)));
  const std::string path = f.spec.path + "/_weir/" + writer_a + ".lake/1.json";
  const std::string text = GENERATE("", "{", "[]", "{\"format\": 1}", "{\"format\": 99}");
  std::filesystem::remove(path);
  std::ofstream(path) << text;
  const auto refused = f.make()->open(writer_a, Epoch(2));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().fault == Fault::config);
  CHECK(refused.error().place == path);
}

TEST_CASE("a full disk is an external error, leaves no scratch and loses nothing", "[root]") {
  if (geteuid() != 0) return;
  FileSinkFixture f;
  std::filesystem::create_directories(f.spec.path);
  if (mount("none", f.spec.path.c_str(), "tmpfs", 0, "size=1m") != 0) return;
  {
    auto sink = f.opened();
    written(sink->write(f.id(1), f.rows(0, 10)));
    const std::string wide = "i, repeat(md5(CAST(i AS VARCHAR)), 4) AS text";
    const Batch big = f.rows(0, 60000, wide);
    std::ofstream(f.spec.path + "/ballast") << std::string(700 << 10, 'x');
    const auto full = sink->write(f.id(2), big);
    REQUIRE_FALSE(full);
    INFO(full.error().text());
    CHECK(full.error().fault == Fault::external);
    CHECK(full.error().message.find("free space") != std::string::npos);
    CHECK(f.scratch().empty());
    CHECK((*sink->landed())->number == BatchNumber(1));
    CHECK(mount("none", f.spec.path.c_str(), "tmpfs", MS_REMOUNT, "size=64m") == 0);
    CHECK(written(sink->write(f.id(2), big)).rows == 60000);
    CHECK(f.read("count(*)") == std::vector<std::string>{"60010"});
  }
  CHECK(umount(f.spec.path.c_str()) == 0);
}
