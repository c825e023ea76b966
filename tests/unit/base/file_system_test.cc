#include "base/file_system.h"

#include <catch2/catch.hpp>

#include "base/hash.h"
#include "base/uuid.h"

namespace weir::fs {
namespace {

struct Folder {
  Path path = std::filesystem::temp_directory_path() / ("weir fs " + mint_uuid());
  Folder() { std::filesystem::create_directories(path); }
  ~Folder() { std::filesystem::remove_all(path); }
};

TEST_CASE("files are written, replaced and read") {
  const Folder folder;
  const Path file = folder.path / "a";
  REQUIRE(write_new_file(file, "one").has_value());
  REQUIRE(read_file(file).value() == "one");
  REQUIRE_FALSE(write_new_file(file, "two").has_value());
  REQUIRE(read_file(file).value() == "one");
  REQUIRE(replace_file(file, "three").has_value());
  REQUIRE(read_file(file).value() == "three");
  REQUIRE(size_of(file).value() == Bytes(5));
  REQUIRE(list(folder.path).value() == std::vector<std::string>{"a"});
}

TEST_CASE("a link never replaces what is there") {
  const Folder folder;
  REQUIRE(write_new_file(folder.path / "a", "new").has_value());
  REQUIRE(write_new_file(folder.path / "b", "old").has_value());
  REQUIRE(link_new(folder.path / "a", folder.path / "b").value() == Linked::already_there);
  REQUIRE(read_file(folder.path / "b").value() == "old");
  REQUIRE(link_new(folder.path / "a", folder.path / "c").value() == Linked::done);
  REQUIRE(read_file(folder.path / "c").value() == "new");
}

TEST_CASE("errors name the path and the fault") {
  const Folder folder;
  const auto missing = read_file(folder.path / "none");
  REQUIRE(missing.error().fault == Fault::external);
  REQUIRE(missing.error().place == (folder.path / "none").string());
  REQUIRE(write_new_file(folder.path / "big", "0123456789").has_value());
  REQUIRE(read_file(folder.path / "big", Bytes(4)).error().fault == Fault::config);
  REQUIRE(remove_file(folder.path / "none").has_value());
  REQUIRE(list(folder.path / "none").value().empty());
}

TEST_CASE("directories are made with their parents, twice is fine") {
  const Folder folder;
  REQUIRE(make_directories(folder.path / "x" / "y" / "z").has_value());
  REQUIRE(make_directories(folder.path / "x" / "y" / "z").has_value());
  REQUIRE(fs::exists(folder.path / "x" / "y" / "z"));
}

TEST_CASE("a whole file is hashed as its content would be") {
  const Folder folder;
  const Path path = folder.path / "big";
  std::string content(200'000, 'x');
  content[150'000] = 'y';
  REQUIRE(write_new_file(path, content));
  CHECK(*hash_file(path) == hash64(content));
  CHECK_FALSE(hash_file(folder.path / "nowhere"));
}

TEST_CASE("a directory is found to be writable without a change") {
  const Folder folder;
  CHECK(check_writable(folder.path).has_value());
  CHECK(check_writable(folder.path / "not" / "there" / "yet").has_value());
  CHECK_FALSE(fs::exists(folder.path / "not"));
  REQUIRE(write_new_file(folder.path / "file", ""));
  CHECK_FALSE(check_writable(folder.path / "file"));
  CHECK_FALSE(check_writable(folder.path / "file" / "below"));
}

}  // namespace
}  // namespace weir::fs
