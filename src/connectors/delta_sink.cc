#include "connectors/delta_sink.h"

#include <fmt/format.h>

#include "base/check.h"
#include "base/hash.h"
#include "base/json.h"
#include "delta/data_files.h"

namespace weir {
namespace {

std::int64_t hash63(std::string_view text) { return static_cast<std::int64_t>(hash64(text) >> 1); }

std::int64_t milliseconds(const Clock& clock) { return clock.now().value / 1000; }

std::string list_text(const std::vector<std::string>& names) { return dump_json(Json(names)); }

}  // namespace

DeltaSink::DeltaSink(std::string pipeline, std::string name, DeltaSinkSpec spec, std::shared_ptr<Session> io,
                     const Clock& clock)
    : pipeline_(std::move(pipeline)),
      name_(std::move(name)),
      spec_(std::move(spec)),
      root_(spec_.path),
      io_(std::move(io)),
      clock_(clock) {}

Error DeltaSink::with_name(Error error) const {
  if (error.fault != Fault::config || !error.place.empty()) return error;
  error.message = fmt::format("sink '{}': {}", name_, error.message);
  error.place = root_.string();
  return error;
}

tl::unexpected<Error> DeltaSink::foreign_error(std::string_view why) const {
  return fail(
      Fault::config,
      fmt::format("sink '{}': another writer owns this: {}; go on with that checkpoint, or give this sink another "
                  "path",
                  name_, why),
      root_.string());
}

Result<delta::Fit> DeltaSink::fit(const delta::Table& table, const Schema& rows) const {
  auto fitted = delta::fit(table.snapshot(), rows, spec_.partition_by, spec_.schema == SchemaChange::merge);
  if (!fitted) return fail(with_name(std::move(fitted).error()));
  return fitted;
}

Status DeltaSink::verify(const Schema& schema) {
  if (schema.find(op_column))
    return fail(
        Fault::config,
        fmt::format("sink '{}': a Delta table is appended to, and these rows are updates of earlier ones", name_));
  const Schema rows = schema.visible();
  if (const Status checked = delta::check_rows(rows, spec_.partition_by); !checked)
    return fail(with_name(checked.error()));
  TRY(fs::check_writable(root_));
  delta::Table table(root_, "verify", io_, clock_);
  TRY(table.refresh());
  TRY(fit(table, rows));
  return {};
}

Status DeltaSink::open(const std::string& writer, Epoch epoch) {
  writer_ = writer;
  table_.emplace(root_, writer.substr(0, 8) + "-" + name_, io_, clock_);
  TRY(table_->refresh());
  TRY(check_owner(epoch));
  return table_->sweep();
}

Result<std::optional<BatchId>> DeltaSink::landed() {
  CHECK(table_.has_value(), "open comes before landed");
  TRY(table_->refresh());
  return remembered();
}

std::optional<BatchId> DeltaSink::remembered() const {
  const auto& txns = table_->snapshot().txns;
  const auto version = [&](std::string_view what) -> std::uint64_t {
    const auto found = txns.find(app_id(what));
    return found == txns.end() ? 0 : static_cast<std::uint64_t>(found->second.version);
  };
  if (!txns.contains(app_id("n"))) return std::nullopt;
  return BatchId{writer_, Epoch(version("epoch")), BatchNumber(version("n")), version("plan")};
}

Status DeltaSink::check_owner(Epoch epoch) const {
  const auto& txns = table_->snapshot().txns;
  const auto owner = txns.find(owner_id());
  if (owner != txns.end() && owner->second.version != hash63(writer_))
    return foreign_error(fmt::format("another checkpoint of pipeline '{}' wrote here, ours is {}", pipeline_, writer_));
  const auto last = remembered();
  if (last && last->epoch > epoch)
    return foreign_error(
        fmt::format("epoch {} of this checkpoint has it, ours is {}; a copy of the checkpoint ran after "
                    "this one",
                    last->epoch.value, epoch.value));
  return {};
}

Result<bool> DeltaSink::has(const BatchId& id) const {
  TRY(check_owner(id.epoch));
  const auto last = remembered();
  if (!last || last->number < id.number) return false;
  if (last->number > id.number)
    return foreign_error(fmt::format("batch {} is here already, ours is {}", last->number.value, id.number.value));
  if (last->plan_hash != id.plan_hash)
    return foreign_error(fmt::format("batch {} is here already, from another plan", id.number.value));
  return true;
}

Result<Written> DeltaSink::write(const BatchId& id, const Batch& rows) {
  CHECK(table_.has_value() && id.writer == writer_, "a sink writes for the writer that opened it");
  const Schema visible = rows.schema().visible();
  // Before the look-up: a repeat must refuse the same rows again.
  const delta::PartitionParts parts = TRY(delta::split(*io_, rows, spec_.partition_by));
  Written out;
  out.rows = rows.rows() - parts.refused.size();
  out.rejected = rejected(rows, parts.refused);
  std::optional<Prepared> prepared;
  TRY(table_->refresh());
  for (;;) {
    out.repeated = TRY(has(id));
    if (out.repeated) return out;
    const delta::Fit fitted = TRY(fit(*table_, visible));
    TRY(prepare(fitted.layout, parts, prepared));
    const auto ours = TRY(transaction(id, visible, fitted, prepared->files));
    if (TRY(table_->commit(ours)) == delta::Outcome::committed) break;
  }
  out.files = prepared->files.size();
  for (const delta::AddFile& file : prepared->files) out.bytes += file.size;
  return out;
}

// Files that were written for a table that others changed meanwhile are used where they still fit, else left to VACUUM.
Status DeltaSink::prepare(const delta::Layout& layout, const delta::PartitionParts& parts,
                          std::optional<Prepared>& prepared) {
  if (prepared && prepared->layout == layout) return {};
  auto files = TRY(delta::write_data_files(*io_, root_, layout, parts.parts, clock_));
  prepared = Prepared{layout, std::move(files)};
  return {};
}

Result<delta::Transaction> DeltaSink::transaction(const BatchId& id, const Schema& rows, const delta::Fit& fitted,
                                                  const std::vector<delta::AddFile>& files) const {
  const delta::Snapshot& table = table_->snapshot();
  delta::Transaction out;
  out.operation = "STREAMING UPDATE";
  out.engine = "Weir";
  out.parameters = {
      {"outputMode", "Append"}, {"queryId", writer_}, {"epochId", std::to_string(id.number.value)},
      {"pipeline", pipeline_},  {"sink", name_},      {"partitionBy", list_text(fitted.layout.partition_columns)}};
  const std::int64_t now = milliseconds(clock_);
  if (!table.exists()) {
    out.protocol = delta::Protocol{};
    out.metadata = delta::new_metadata(rows, spec_.partition_by, now);
  } else if (!fitted.added.empty()) {
    out.metadata = TRY(delta::merged_metadata(table.metadata, fitted.added));
  }
  const auto remember = [&](std::string app, std::uint64_t version) {
    out.txns.push_back({std::move(app), static_cast<std::int64_t>(version), now});
  };
  remember(app_id("n"), id.number.value);
  remember(app_id("plan"), id.plan_hash);
  remember(app_id("epoch"), id.epoch.value);
  remember(owner_id(), static_cast<std::uint64_t>(hash63(writer_)));
  out.files = files;
  return out;
}

std::vector<Rejected> DeltaSink::rejected(const Batch& rows, const std::vector<delta::RefusedRow>& refused) const {
  std::vector<Rejected> out;
  if (refused.empty()) return out;
  const auto src = rows.schema().find(src_column) ? rows.src() : std::vector<std::uint64_t>(rows.rows());
  for (const delta::RefusedRow& row : refused)
    out.push_back({src[row.row], Code::sink_rejected, row.column, row.message, name_, "", ""});
  return out;
}

}  // namespace weir
