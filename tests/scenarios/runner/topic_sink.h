#pragma once
// Shows what a written topic holds in JSON lines: a removal is a tombstone, so of its row only the key is left.
//
// Threads, ownership, errors: as Sink.

#include <memory>
#include <string>
#include <utility>

#include "connectors/sink.h"
#include "sql/session.h"

namespace weir::scenario {

class TopicSink final : public Sink {
 public:
  TopicSink(std::unique_ptr<Sink> lines, std::string key) : lines_(std::move(lines)), key_(std::move(key)) {}

  Guarantee guarantee() const override { return lines_->guarantee(); }
  Status verify(const Schema& schema) override { return lines_->verify(schema); }
  Status open(const std::string& writer, Epoch epoch) override { return lines_->open(writer, epoch); }
  Result<std::optional<BatchId>> landed() override { return lines_->landed(); }
  Status claim() override { return lines_->claim(); }
  std::string memory_hint() const override { return lines_->memory_hint(); }
  Result<Written> write(const BatchId& id, const Batch& rows) override {
    if (!rows.schema().find(op_column)) return lines_->write(id, rows);
    std::string select;
    for (const Column& column : rows.schema().columns()) {
      const std::string name = quote_identifier(column.name);
      const bool stays = column.name == key_ || column.name == src_column || column.name == op_column;
      select += (select.empty() ? "" : ", ") + (stays ? name : "CASE WHEN _op <> 2 THEN " + name + " END AS " + name);
    }
    const auto session = TRY(Session::open(SessionKind::compute, SessionLimits{}));
    Query query = TRY(session->prepare("SELECT " + select + " FROM input", {{"input", rows.schema()}}));
    return lines_->write(id, Batch(rows.shared_schema(), TRY(query.run(rows)).chunks()));
  }

 private:
  std::unique_ptr<Sink> lines_;
  std::string key_;
};

}  // namespace weir::scenario
