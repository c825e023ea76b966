#include "connectors/console_sink.h"

#include <sstream>

#include "connectors/text_table.h"
#include "sql/rows.h"

using namespace weir;
using namespace weir::test;

TEST_CASE("a batch is printed as an aligned table, cut at the number of rows") {
  auto io = open_session(SessionKind::io);
  std::ostringstream out;
  ConsoleSink sink("screen", {2}, io, out);
  CHECK(sink.guarantee() == Guarantee::at_least_once);
  const Batch rows = batch_of(*io,
                              "SELECT i, 'é' || i AS name, CASE WHEN i = 8 THEN NULL ELSE i * 1.5 END AS amount, "
                              "0::UBIGINT AS _src FROM range(8, 13) t(i)");
  REQUIRE(sink.open("w", Epoch(1)));
  const auto written = sink.write({"w", Epoch(1), BatchNumber(3), 0}, rows);
  REQUIRE(written);
  CHECK(written->rows == 5);
  CHECK(out.str() ==
        "screen batch 3: 5 rows (at least once)\n"
        "  i  name  amount\n"
        "  -  ----  ------\n"
        "  8  é8      NULL\n"
        "  9  é9      13.5\n"
        "  and 3 more\n\n");
}

TEST_CASE("a stream that is gone is an external error") {
  auto io = open_session(SessionKind::io);
  std::ostringstream out;
  out.setstate(std::ios::badbit);
  const auto failed =
      ConsoleSink("screen", {}, io, out).write({"w", Epoch(1), BatchNumber(1), 0}, batch_of(*io, "SELECT 1 AS i"));
  REQUIRE_FALSE(failed);
  CHECK(failed.error().fault == Fault::external);
}

TEST_CASE("text from records cannot steer a terminal") {
  CHECK(printable("a\x1b[2J\r\nb\x7f", 40) == "a\\x1b[2J\\x0d\\x0ab\\x7f");
  CHECK(printable("\xc2\x9b"
                  "31m",
                  40) == "\\xc2\\x9b31m");
  CHECK(printable("\xff\xc3", 40) == "\\xff\\xc3");
  CHECK(printable("żółć", 4) == "żółć");
  CHECK(printable("żółćw", 4) == "żół…");
  CHECK(printable("", 4).empty());
}
