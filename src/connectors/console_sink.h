#pragma once
// Prints each batch as a table, for people: at least once, a batch may be printed again after a restart.
//
// Threads: one caller at a time. Ownership: the stream outlives the sink. Errors: Fault::external when the stream fails.

#include <memory>
#include <ostream>
#include <string>

#include "config/sink_spec.h"
#include "connectors/sink.h"
#include "sql/session.h"

namespace weir {

class ConsoleSink final : public Sink {
 public:
  ConsoleSink(std::string name, ConsoleSinkSpec spec, std::shared_ptr<Session> io, std::ostream& out)
      : name_(std::move(name)), spec_(spec), io_(std::move(io)), out_(out) {}

  Guarantee guarantee() const override { return Guarantee::at_least_once; }
  Status verify(const Schema&) override { return {}; }
  Status open(const std::string&, Epoch) override { return {}; }
  // A terminal remembers nothing.
  Result<std::optional<BatchId>> landed() override { return std::nullopt; }
  Result<Written> write(const BatchId& id, const Batch& rows) override;

 private:
  std::string name_;
  ConsoleSinkSpec spec_;
  std::shared_ptr<Session> io_;
  std::ostream& out_;
};

}  // namespace weir
