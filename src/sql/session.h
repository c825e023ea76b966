#pragma once
// Runs SQL over batches with DuckDB inside the process. A Session is one DuckDB instance with one connection; a Query is a
// statement that was bound once and runs for every batch. Its inputs are table names of our choice: the chunks of a
// Batch are handed over without a copy, in order, and results come back as flat chunks of their own that outlive
// query and session.
//
//   auto query = TRY(session->prepare("SELECT a + 1 AS b FROM input", {{"input", schema}}));
//   Batch out = TRY(query.run(in));
//
// Threads: one caller at a time for a session and all its queries; interrupt() may be called from any thread. DuckDB runs with
// one thread of its own, the caller's. Ownership: a Query keeps its session alive. Errors: see sql/error.h.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/types.h"
#include "data/batch.h"
#include "sql/notes.h"

namespace weir {

enum class SessionKind {
  compute,  // users' expressions: no external access, configuration locked
  careful,  // compute, without the optimizer's rule that moves shared expressions out of TRY
  io,       // reads and writes files; never sees users' SQL
};

struct SessionLimits {
  Bytes memory{std::uint64_t{256} << 20};
  std::string temp_directory = {};  // where DuckDB may spill; empty: it may not
};

// A table name that a statement reads from, and its columns.
struct SqlInput {
  std::string name;
  Schema schema;
  bool numbered = false;  // with one column more: row_column, the position of the row in the batch
};

inline constexpr std::string_view row_column = "_weir_row";

class Query;

class Session {
 public:
  static Result<std::shared_ptr<Session>> open(SessionKind kind, const SessionLimits& limits);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // One statement. Columns that have no Weir type are Fault::config.
  Result<Query> prepare(const std::string& sql, std::vector<SqlInput> inputs);
  // Byte of the statement at which the last prepare() failed, where DuckDB knew it.
  std::optional<std::size_t> error_position() const;
  // A statement without inputs, once.
  Result<Batch> run(const std::string& sql);
  // What weir_note() remembered since the last call, in the order of rows and clauses.
  std::vector<Note> take_notes();
  // Makes the running query, and every later one, fail with "stopped".
  void interrupt();

  SessionKind kind() const;

 private:
  struct State;
  friend class Query;
  explicit Session(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

class Query {
 public:
  Query(Query&&) noexcept;
  Query& operator=(Query&&) noexcept;
  ~Query();

  const Schema& schema() const;
  const std::string& sql() const;
  // Runs over one batch for each input of prepare(), in that order; each has its input's schema.
  Result<Batch> run(const std::vector<Batch>& inputs);
  Result<Batch> run(const Batch& input) { return run(std::vector<Batch>{input}); }
  // The same for a statement that gives a count instead of rows (COPY ... TO).
  Result<std::uint64_t> execute(const std::vector<Batch>& inputs);
  Result<std::uint64_t> execute(const Batch& input) { return execute(std::vector<Batch>{input}); }
  // Positions of the columns of input `i` that the statement reads, ascending, as the optimizer leaves them.
  Result<std::vector<std::size_t>> columns_read(std::size_t input);

 private:
  struct Impl;
  friend class Session;
  explicit Query(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir
