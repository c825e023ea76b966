// Goes through tests/config: every file of good/ loads, every file of bad/ gives exactly the messages on its first lines.
//   bad/   "# want: line:col: path: message", one line for each problem, in the order they are reported
//   good/  "# lint: line:col: path: lint: message" for each lint
// Files named contract_* are contracts. A place in another file than the test's own begins with that file's name.
#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "base/file_system.h"
#include "config/canonical.h"
#include "config/load.h"

namespace weir {
namespace {

LoadOptions options() {
  LoadOptions made;
  made.environment = [](const std::string& name) -> std::optional<std::string> {
    if (name == "KAFKA_USER") return "user";
    if (name == "SECRET") return "canary";
    return std::nullopt;
  };
  return made;
}

std::vector<std::string> files_below(const std::string& folder) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    const bool is_shared =
        entry.path().parent_path().filename() == "shared" && !entry.path().filename().string().starts_with("contract_");
    if (entry.path().extension() == ".yaml" && !is_shared) files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

// What the file's first lines promise.
std::vector<std::string> promised(std::string content, const std::string& word) {
  const std::string lead = "# " + word + ": ";
  if (content.starts_with("\xEF\xBB\xBF")) content.erase(0, 3);
  std::vector<std::string> lines;
  for (std::size_t at = 0; content.compare(at, lead.size(), lead) == 0;) {
    const std::size_t end = content.find('\n', at);
    lines.push_back(content.substr(at + lead.size(), end - at - lead.size()));
    at = end + 1;
  }
  return lines;
}

std::vector<std::string> lines_of(const Diagnostics& problems, const std::string& file) {
  std::vector<std::string> lines;
  for (const Diagnostic& problem : problems) {
    std::string text = to_string(problem);
    if (text.starts_with(file + ":")) text.erase(0, file.size() + 1);
    lines.push_back(text);
  }
  return lines;
}

bool is_contract(const std::string& file) {
  const std::string name = std::filesystem::path(file).filename().string();
  return name.starts_with("contract_") && !name.starts_with("contract_file_") &&
         !name.starts_with("contract_inline_") && name != "contract_missing.yaml" && name != "contract_is_a_list.yaml";
}

// Errors of a file that is wrong, lints of one that is right.
struct Outcome {
  bool loads;
  Diagnostics problems;
};

Outcome outcome_of(const std::string& file) {
  if (is_contract(file)) {
    auto loaded = load_contract(file, options());
    return loaded ? Outcome{true, loaded->lints} : Outcome{false, loaded.error()};
  }
  auto loaded = load_pipeline(file, options());
  return loaded ? Outcome{true, loaded->lints} : Outcome{false, loaded.error()};
}

}  // namespace

TEST_CASE("every bad file gives its messages and no others") {
  const auto files = files_below("tests/config/bad");
  REQUIRE(files.size() > 200);
  for (const std::string& file : files) {
    INFO(file);
    const auto want = promised(fs::read_file(file).value(), "want");
    const Outcome outcome = outcome_of(file);
    CHECK_FALSE(outcome.loads);
    CHECK_FALSE(want.empty());
    CHECK(lines_of(outcome.problems, file) == want);
    CHECK(to_string(outcome.problems).find("canary") == std::string::npos);
  }
}

TEST_CASE("every good file loads, with its lints and no others") {
  const auto files = files_below("tests/config/good");
  REQUIRE(files.size() > 15);
  for (const std::string& file : files) {
    INFO(file);
    const Outcome outcome = outcome_of(file);
    INFO(to_string(outcome.problems));
    CHECK(outcome.loads);
    CHECK(lines_of(outcome.problems, file) == promised(fs::read_file(file).value(), "lint"));
  }
}

TEST_CASE("every good pipeline is the same after its canonical text") {
  for (const std::string& file : files_below("tests/config/good")) {
    if (is_contract(file)) continue;
    INFO(file);
    const auto loaded = load_pipeline(file, options());
    REQUIRE(loaded);
    const std::string text = canonical_text(loaded->spec);
    const auto again = load_pipeline_text(text, "again", "/elsewhere", options());
    INFO(text);
    INFO((again ? std::string() : to_string(again.error())));
    REQUIRE(again);
    CHECK(canonical_text(again->spec) == text);
  }
}

TEST_CASE("the example pipelines load without a word") {
  for (const std::string& file : files_below("pipelines")) {
    INFO(file);
    if (is_contract_file(file)) {
      const auto loaded = load_contract(file);
      REQUIRE(loaded);
      CHECK(loaded->lints.empty());
    } else {
      const auto loaded = load_pipeline(file);
      INFO((loaded ? std::string() : to_string(loaded.error())));
      REQUIRE(loaded);
      CHECK(to_string(loaded->lints) == "");
    }
  }
}

}  // namespace weir
