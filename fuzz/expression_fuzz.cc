// Any text as an expression of a user: it is refused with a message, or it is one expression that a statement takes, and the
// statement gives a row for each row of its input.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "sql/expression.h"
#include "sql/session.h"

using namespace weir;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

// repeat('x', 3000000000) is an expression, too, and takes what it says: the author of a pipeline is trusted that far.
bool has_large_number(const std::string& text) {
  int digits = 0;
  for (const char c : text) {
    const bool exponent = digits > 0 && (c == 'e' || c == 'E');
    digits = c >= '0' && c <= '9' ? digits + 1 : c == '_' ? digits : 0;
    if (digits > 4 || exponent) return true;
  }
  return false;
}

struct Setting {
  std::shared_ptr<Session> session = Session::open(SessionKind::compute, {}).value();
  Batch rows =
      session
          ->run(
              "SELECT 1.5::DECIMAL(12,2) AS amount, 'EUR' AS currency, TRUE AS flag, [1, 2] AS items, "
              "{'lat': 1.0::DOUBLE} AS place, '{\"a\": 1}'::JSON AS raw, TIMESTAMPTZ '2024-01-01' AS event_time "
              "FROM range(3)")
          .value();
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Setting setting;
  if (size > 4096) return 0;
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (has_large_number(text)) return 0;
  const auto checked = check_expression(*setting.session, text, setting.rows.schema(), Wanted::value);
  if (!checked) {
    require(checked.error().fault == Fault::config && !checked.error().message.empty());
    return 0;
  }
  // In its place between other columns it must change nothing around it.
  auto query = setting.session->prepare("SELECT 1 AS before, " + checked->sql() + " AS v, 2 AS after FROM input",
                                        {{"input", setting.rows.schema()}});
  if (!query) return 0;  // a constant that cannot be computed
  require(query->schema().size() == 3 && query->schema().columns()[0].name == "before" &&
          query->schema().columns()[2].name == "after");
  const auto out = query->run(setting.rows);
  if (out) require(out->rows() == setting.rows.rows());
  return 0;
}
