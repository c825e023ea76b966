// Every file of a checkpoint is emptied, cut, changed or removed in turn. It must open with all that was there, or say
// what is wrong; never start anew, never lose a part in silence, never crash.

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "checkpoint_fixture.h"
#include "child_process.h"

namespace weir {
namespace {

std::string slurp(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream content;
  content << file.rdbuf();
  return content.str();
}

void spill(const std::filesystem::path& path, const std::string& content) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
}

Status dump(const Checkpoint& checkpoint, std::ostream& out) {
  out << checkpoint.writer() << "\n";
  for (std::uint64_t n = 1; n <= 100; ++n) {
    const auto plan = TRY(checkpoint.plan(BatchNumber(n)));
    const auto commit = TRY(checkpoint.committed(BatchNumber(n)));
    if (plan) out << encode(*plan) << "\n" << **checkpoint.spec(plan->spec_hash) << "\n";
    if (commit) out << encode(*commit) << "\n";
  }
  return checkpoint.scan("state.1", "", "", [&](std::string_view key, std::string_view value) -> Status {
    out << key << "=" << value << "\n";
    return {};
  });
}

// One state value a batch, large and without pattern, so that blocks and files are real ones.
void must_fill(Checkpoint& checkpoint, int batches) {
  const std::string family = *checkpoint.state_family("1");
  for (int i = 0; i < batches; ++i) {
    StateChanges changes;
    const auto n = checkpoint.next_number().value;
    std::string value;
    for (std::uint64_t x = n, j = 0; j < 500; ++j)
      value += std::to_string(x = x * 6364136223846793005ULL + 1442695040888963407ULL);
    changes.put(family, "block " + std::to_string(1'000 + n), value);
    must_run_batch(checkpoint, changes, n < 20 ? "spec-1" : "spec-2");
  }
}

TEST_CASE("child: open and dump", "[.][child]") {
  const std::string path = std::getenv("CHECKPOINT");
  const auto opened = Checkpoint::open(path, options_of());
  std::ofstream out(std::getenv("OUT"), std::ios::binary);
  Status dumped;
  std::stringstream text;
  if (opened) dumped = dump(**opened, text);
  if (opened && dumped) {
    out << "opened\n" << text.str();
  } else {
    const Error& error = opened ? dumped.error() : opened.error();
    out << to_string(error.fault) << ": " << error.text();
  }
}

TEST_CASE("damage to any file of a checkpoint is survived whole or named") {
  const TestDirectory directory;
  const auto whole = directory.path() / "whole";
  for (int opening = 0; opening < 3; ++opening) must_fill(*must_open(whole), 12);  // each opening leaves tables behind
  std::stringstream text;
  {
    const auto checkpoint = must_open(whole);
    must_fill(*checkpoint, 7);
    REQUIRE(dump(*checkpoint, text));
  }
  const std::string expected = "opened\n" + text.str();

  using Damage = std::pair<const char*, std::function<void(const std::filesystem::path&)>>;
  const std::vector<Damage> kinds = {
      {"removed", [](const auto& p) { std::filesystem::remove(p); }},
      {"emptied", [](const auto& p) { spill(p, ""); }},
      {"cut in half", [](const auto& p) { spill(p, slurp(p).substr(0, std::filesystem::file_size(p) / 2)); }},
      {"cut by a byte", [](const auto& p) { spill(p, slurp(p).substr(0, std::filesystem::file_size(p) - 1)); }},
      {"zeroed at the end",
       [](const auto& p) {
         std::string s = slurp(p);
         for (std::size_t i = s.size() * 3 / 4; i < s.size(); ++i) s[i] = '\0';
         spill(p, s);
       }},
      {"changed in the middle",
       [](const auto& p) {
         std::string s = slurp(p);
         s[s.size() / 2] = static_cast<char>(s[s.size() / 2] ^ 0x10);
         spill(p, s);
       }},
      {"replaced by noise", [](const auto& p) { spill(p, std::string(std::filesystem::file_size(p), '\x5a')); }},
  };

  int opened = 0;
  int named = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(whole)) {
    if (!entry.is_regular_file()) continue;
    const auto relative = std::filesystem::relative(entry.path(), whole);
    for (const auto& [kind, damage] : kinds) {
      if (entry.file_size() == 0 && std::string_view(kind) != "removed") continue;
      INFO(relative.string() << " " << kind);
      const auto copy = directory.path() / "copy";
      const auto out = directory.path() / "out";
      std::filesystem::remove_all(copy);
      std::filesystem::copy(whole, copy, std::filesystem::copy_options::recursive);
      damage(copy / relative);
      std::filesystem::remove(out);
      const ChildEnd end = run_child("child: open and dump", {"CHECKPOINT=" + copy.string(), "OUT=" + out.string()});
      CHECK((end.exited && end.code == 0));
      const std::string said = slurp(out);
      if (said.starts_with("opened\n")) {
        ++opened;
        CHECK(said == expected);
      } else {
        ++named;
        INFO(said);
        CHECK(said.starts_with("config: " + copy.string()));
        CHECK(said.find("the checkpoint is damaged: restore it from a backup (weir checkpoint restore), or give the "
                        "pipeline another checkpoint.path: ") != std::string::npos);
      }
      if (std::getenv("WEIR_SHOW")) WARN(relative.string() << " " << kind << ": " << said.substr(0, 300));
    }
  }
  CHECK(opened > 0);
  CHECK(named > 20);
}

TEST_CASE("a database without the rest is whole, the rest without a database is not") {
  const TestDirectory directory;
  must_fill(*must_open(directory.path()), 3);
  for (const char* name : {"CHECKPOINT", "SYNCED", "LEASE"}) std::filesystem::remove(directory.path() / name);
  CHECK(must_open(directory.path())->next_number() == BatchNumber(4));
  std::filesystem::remove_all(directory.path() / "db");
  const auto opened = Checkpoint::open(directory.path(), options_of());
  REQUIRE_FALSE(opened);
  CHECK(opened.error().message.find("its database (db) is gone") != std::string::npos);
}

}  // namespace
}  // namespace weir
