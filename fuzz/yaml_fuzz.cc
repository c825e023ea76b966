// Any bytes as a pipeline or contract file: problems that have a place and a text, or a spec whose canonical text reads
// back as itself. A secret is in neither.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/check.h"
#include "config/canonical.h"
#include "config/load.h"

namespace {

constexpr std::string_view canary = "canary-7f3a";

weir::LoadOptions options() {
  weir::LoadOptions made;
  made.environment = [](const std::string& name) -> std::optional<std::string> {
    if (name == "X" || name == "SECRET" || name == "KAFKA_USER") return std::string(canary);
    return std::nullopt;
  };
  return made;
}

void check(const weir::Diagnostics& problems) {
  for (const weir::Diagnostic& problem : problems) {
    CHECK(!problem.message.empty());
    CHECK(problem.line >= 0 && problem.column >= 0);
    const std::string text = weir::to_string(problem);
    CHECK(text.find(canary) == std::string::npos, "a secret in a message");
    for (const char c : text) CHECK(static_cast<unsigned char>(c) >= 0x20, "a control character in a message");
  }
}

void load_pipeline(std::string_view text) {
  const auto loaded = weir::load_pipeline_text(text, "f.yaml", "/nowhere", options());
  if (!loaded) {
    CHECK(!loaded.error().empty());
    return check(loaded.error());
  }
  check(loaded->lints);
  const std::string canonical = weir::canonical_text(loaded->spec);
  for (const auto& connection : loaded->spec.connections)
    if (connection.security.password.reveal() == canary)
      CHECK(canonical.find("\"password\":\"" + std::string(canary)) == std::string::npos);
  const auto again = weir::load_pipeline_text(canonical, "again.yaml", "/elsewhere", options());
  CHECK(again.has_value(), "the canonical text does not load");
  CHECK(weir::canonical_text(again->spec) == canonical, "the canonical text changes when it is read again");
}

void load_contract(std::string_view text) {
  const auto loaded = weir::load_contract_text(text, "c.yaml", options());
  check(loaded ? loaded->lints : loaded.error());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (text.find(canary) != std::string_view::npos) return 0;  // then it is no secret
  load_pipeline(text);
  load_contract(text);
  return 0;
}
