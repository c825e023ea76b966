#pragma once
// A table's folder that goes away with the test, and short words for what writers do to it.

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/crash_point.h"
#include "delta/layout.h"
#include "delta/table.h"
#include "sql/rows.h"

namespace weir::test {

struct DeltaFixture {
  std::filesystem::path directory;
  std::filesystem::path root;
  std::shared_ptr<Session> io = open_session(SessionKind::io);
  VirtualClock clock{Micros(1'767'225'600'000'000)};  // 2026-01-01

  DeltaFixture() {
    std::string pattern = (std::filesystem::temp_directory_path() / "weir delta XXXXXX").string();
    directory = mkdtemp(pattern.data());
    root = directory / "a table";
  }
  ~DeltaFixture() {
    disarm_all();
    std::filesystem::remove_all(directory);
  }

  delta::Table table(const std::string& tag = "test") const { return {root, tag, io, clock}; }
  delta::Table read() const {
    delta::Table out = table("reader");
    const Status done = out.refresh();
    if (!done) FAIL(done.error().text());
    return out;
  }

  // One long column `i`; the configuration is the table's.
  static delta::Transaction creation(const std::map<std::string, std::string>& configuration = {}) {
    delta::Transaction out;
    out.operation = "WRITE";
    out.engine = "test";
    out.protocol = delta::Protocol{};
    out.metadata = delta::new_metadata(Schema({{"i", Type{TypeKind::int64, 0, 0, {}}, true}}), {}, 1);
    out.metadata->configuration = configuration;
    return out;
  }
  static delta::Transaction append(const std::string& app, std::int64_t version, const std::string& file) {
    delta::Transaction out;
    out.operation = "WRITE";
    out.engine = "test";
    out.txns.push_back({app, version, 1});
    if (!file.empty()) out.files.push_back({file, {}, 10, 1, R"({"numRecords":1})"});
    return out;
  }
  static delta::Outcome commit(delta::Table& table, const delta::Transaction& transaction) {
    const auto done = table.commit(transaction);
    if (!done) FAIL(done.error().text());
    return *done;
  }
  // A table with commits 0 to `last`; commit n adds the file fn.
  void fill(delta::Table& table, int last, const std::map<std::string, std::string>& configuration = {}) const {
    commit(table, creation(configuration));
    for (int i = 1; i <= last; ++i) commit(table, append("app", i, "f" + std::to_string(i)));
  }

  std::filesystem::path log(const std::string& name) const { return root / "_delta_log" / name; }
  std::filesystem::path commit_file(int version) const { return log(fmt::format("{:020}.json", version)); }
  std::filesystem::path checkpoint_file(int version) const {
    return log(fmt::format("{:020}.checkpoint.parquet", version));
  }
  static std::string text(const std::filesystem::path& path) {
    std::ifstream in(path);
    std::stringstream out;
    out << in.rdbuf();
    return out.str();
  }
  static void write(const std::filesystem::path& path, const std::string& content) {
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << content;
  }
  std::vector<std::string> names() const {
    std::vector<std::string> out;
    for (const auto& entry : std::filesystem::directory_iterator(root / "_delta_log"))
      out.push_back(entry.path().filename().string());
    std::sort(out.begin(), out.end());
    return out;
  }
  std::vector<std::string> query(const std::string& sql) const { return lines(*io, batch_of(*io, sql)); }
};

}  // namespace weir::test
