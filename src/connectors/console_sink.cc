#include "connectors/console_sink.h"

#include <fmt/format.h>

#include "connectors/text_table.h"

namespace weir {

Result<Written> ConsoleSink::write(const BatchId& id, const Batch& rows) {
  const std::string table = TRY(text_table(*io_, rows, {.rows = spec_.rows}));
  const std::string more =
      rows.rows() > spec_.rows ? fmt::format("  and {} more\n", rows.rows() - spec_.rows) : std::string();
  const std::string text =
      fmt::format("{} batch {}: {} rows (at least once)\n{}{}\n", name_, id.number.value, rows.rows(), table, more);
  if (!(out_ << text << std::flush)) {
    out_.clear();
    return fail(Fault::external, "cannot print; is the other end of the pipe closed?", name_);
  }
  return Written{rows.rows(), text.size(), 0, false, {}};
}

}  // namespace weir
