#pragma once
// A directory that goes away with the test, a file sink over it, and DuckDB's own view of what readers see.

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/crash_point.h"
#include "connectors/file_sink.h"
#include "sql/rows.h"

namespace weir::test {

inline const std::string writer_a = "aaaaaaaa-0000-4000-8000-000000000001";
inline const std::string writer_b = "bbbbbbbb-0000-4000-8000-000000000002";

class TempDirectory {
 public:
  TempDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "weir file sink XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  TempDirectory(const TempDirectory&) = delete;
  ~TempDirectory() { std::filesystem::remove_all(path_); }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

struct FileSinkFixture {
  TempDirectory directory;
  FileSinkSpec spec;
  std::shared_ptr<Session> io = open_session(SessionKind::io);

  FileSinkFixture() { spec.path = (directory.path() / "out").string(); }
  ~FileSinkFixture() { disarm_all(); }

  std::unique_ptr<FileSink> make(const std::string& name = "lake") const {
    return std::make_unique<FileSink>("payments", name, spec, io);
  }
  std::unique_ptr<FileSink> opened(std::uint64_t epoch = 1, const std::string& writer = writer_a) const {
    auto sink = make();
    const auto status = sink->open(writer, Epoch(epoch));
    if (!status) FAIL(status.error().text());
    return sink;
  }
  BatchId id(std::uint64_t number, std::uint64_t epoch = 1, std::uint64_t plan = 7) const {
    return {writer_a, Epoch(epoch), BatchNumber(number), plan};
  }
  // Rows [begin, end) with a value and its hidden source record.
  Batch rows(int begin, int end, const std::string& columns = "i, 'EUR' AS currency") const {
    return batch_of(*io, "SELECT " + columns + ", CAST(i AS UBIGINT) AS _src FROM range(" + std::to_string(begin) +
                             ", " + std::to_string(end) + ") t(i)");
  }
  // What `sql` gives over all files that a reader finds; %s is their glob.
  std::vector<std::string> read(const std::string& select, const std::string& glob = "**/*.parquet") const {
    return lines(*io, batch_of(*io, "SELECT " + select + " FROM '" + spec.path + "/" + glob + "'"));
  }
  // Paths of files below the directory, sorted, `_weir` left out unless asked for.
  std::vector<std::string> files(const std::string& below = "") const {
    std::vector<std::string> out;
    const std::filesystem::path root = std::filesystem::path(spec.path) / below;
    if (!std::filesystem::exists(root)) return out;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
      const std::string path = std::filesystem::relative(entry.path(), root).string();
      if (entry.is_regular_file() && (!below.empty() || !path.starts_with("_weir"))) out.push_back(path);
    }
    std::sort(out.begin(), out.end());
    return out;
  }
  std::vector<std::string> scratch() const { return files("_weir/" + writer_a + ".lake/scratch"); }
};

inline Written written(Result<Written> result) {
  if (!result) FAIL(result.error().text());
  return *result;
}

}  // namespace weir::test
