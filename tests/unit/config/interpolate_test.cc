#include "config/interpolate.h"

#include <filesystem>
#include <fstream>
#include <map>

#include <catch2/catch.hpp>
#include <sys/stat.h>
#include <unistd.h>

namespace weir {
namespace {

class Folder {
 public:
  Folder() {
    char name[] = "/tmp/weir-config-XXXXXX";
    path_ = ::mkdtemp(name);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string write(const std::string& name, const std::string& content, mode_t mode = 0600) const {
    const std::string path = path_ + "/" + name;
    std::ofstream(path, std::ios::binary) << content;
    ::chmod(path.c_str(), mode);
    return path;
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

const Environment environment = [](const std::string& name) -> std::optional<std::string> {
  static const std::map<std::string, std::string> values{
      {"X", "x"}, {"EMPTY", ""}, {"REFERENCE", "${env:X}"}, {"YAML", "a: [1"}};
  const auto found = values.find(name);
  return found == values.end() ? std::nullopt : std::optional<std::string>(found->second);
};

Parsed<Interpolated> expand(std::string_view text, bool secret = false, std::string_view folder = "/") {
  return interpolate(text, Interpolation{environment, folder, secret, true});
}

std::string text_of(std::string_view text) { return expand(text).value().text; }
std::string error_of(std::string_view text, bool secret = false) {
  const auto result = expand(text, secret);
  return result ? "no error" : result.error();
}

}  // namespace

TEST_CASE("references to the environment are replaced") {
  CHECK(text_of("") == "");
  CHECK(text_of("plain $5 $$ } {") == "plain $5 $$ } {");
  CHECK(text_of("a${env:X}b${env:X}") == "axbx");
  CHECK(text_of("${env:NONE:-d}") == "d");
  CHECK(text_of("${env:NONE:-}") == "");
  CHECK(text_of("${env:EMPTY:-d}") == "d");
  CHECK(text_of("${env:EMPTY}") == "");
  CHECK(text_of("${env:X:-d}") == "x");
  CHECK_FALSE(expand("plain").value().has_reference);
  CHECK(expand("${env:X}").value().has_reference);
}

TEST_CASE("what comes in is not looked at again") {
  CHECK(text_of("${env:REFERENCE}") == "${env:X}");
  CHECK(text_of("${env:YAML}") == "a: [1");
}

TEST_CASE("an escape keeps the text, and escape_references makes it") {
  CHECK(text_of("$${env:X}") == "${env:X}");
  CHECK(text_of("$$${env:X}") == "$${env:X}");
  for (const char* text : {"", "${", "$${", "$$${x}", "${env:X}", "a$", "$$", "}${}"}) {
    INFO(text);
    CHECK(text_of(escape_references(text)) == text);
  }
}

TEST_CASE("a wrong reference is named, never a value") {
  CHECK(error_of("${env:NONE}").find("NONE is not set") != std::string::npos);
  CHECK(error_of("${x}").find("unknown reference ${x}") == 0);
  CHECK(error_of("a ${env:X").find("not closed") != std::string::npos);
  CHECK(error_of("${env:}").find("no name") != std::string::npos);
  CHECK(error_of("${env:A-B}").find("no name") != std::string::npos);
  CHECK(error_of("${file:}").find("names no file") != std::string::npos);
}

TEST_CASE("a file gives its content, less one line end") {
  const Folder folder;
  CHECK(text_of("${file:" + folder.write("a", "secret\n") + "}") == "secret");
  CHECK(text_of("${file:" + folder.write("b", "secret\r\n") + "}") == "secret");
  CHECK(text_of("${file:" + folder.write("c", "secret\n\n") + "}") == "secret\n");
  CHECK(text_of("${file:" + folder.write("d", "") + "}") == "");
  CHECK(expand("${file:a}", false, folder.path()).value().text == "secret");
}

TEST_CASE("a secret's file must be nobody else's") {
  const Folder folder;
  const std::string open = "${file:" + folder.write("open", "canary", 0644) + "}";
  CHECK(text_of(open) == "canary");
  CHECK(error_of(open, true).find("chmod 600") != std::string::npos);
  CHECK(error_of("${file:" + folder.write("group", "canary", 0640) + "}", true).find("chmod 600") != std::string::npos);
  CHECK(expand("${file:" + folder.write("own", "canary", 0600) + "}", true).value().text == "canary");
  CHECK(expand("${file:" + folder.write("read", "canary", 0400) + "}", true).value().text == "canary");
  CHECK(error_of(open, true).find("canary") == std::string::npos);
}

TEST_CASE("links, folders, pipes and large files are refused") {
  const Folder folder;
  const std::string target = folder.write("target", "canary");
  REQUIRE(::symlink(target.c_str(), (folder.path() + "/link").c_str()) == 0);
  REQUIRE(::mkfifo((folder.path() + "/pipe").c_str(), 0600) == 0);
  folder.write("large", std::string((64 << 10) + 1, 'x'));
  const auto error = [&](const std::string& name) { return error_of("${file:" + folder.path() + "/" + name + "}"); };
  CHECK(error("link").find("symbolic link") != std::string::npos);
  CHECK(error("pipe").find("no regular file") != std::string::npos);
  CHECK(error("").find("no regular file") != std::string::npos);
  CHECK(error("large").find("larger than 64 KB") != std::string::npos);
  CHECK(error("none").find("cannot be opened") != std::string::npos);
  if (::geteuid() == 0) {
    REQUIRE(::chown(target.c_str(), 1234, 1234) == 0);
    CHECK(error("target").find("belongs to another user") != std::string::npos);
  }
}

}  // namespace weir
