#include "sql/session.h"

#include <algorithm>

#include <duckdb.h>

#include "base/check.h"
#include "sql/batch_clock.h"
#include "sql/error.h"
#include "sql/hyperloglog.h"
#include "sql/input.h"
#include "sql/moments.h"
#include "sql/utc_casts.h"
#include "sql/value_counts.h"

namespace weir {
namespace {

Status set_option(duckdb_config config, const char* name, const std::string& value) {
  if (duckdb_set_config(config, name, value.c_str()) == DuckDBSuccess) return {};
  return fail(Fault::internal, std::string("DuckDB refused its option ") + name);
}

// What must be the same on every machine and in every replay is said here, not left to DuckDB's defaults.
Status configure(duckdb_config config, SessionKind kind, const SessionLimits& limits) {
  TRY(set_option(config, "threads", "1"));
  TRY(set_option(config, "memory_limit",
                 std::to_string(std::max<std::uint64_t>(limits.memory.value >> 10, 1024)) + "KiB"));
  TRY(set_option(config, "temp_directory", limits.temp_directory));
  TRY(set_option(config, "preserve_insertion_order", "true"));
  TRY(set_option(config, "default_null_order", "NULLS_LAST"));
  TRY(set_option(config, "default_order", "ASCENDING"));
  TRY(set_option(config, "integer_division", "false"));
  TRY(set_option(config, "ieee_floating_point_ops", "true"));
  TRY(set_option(config, "old_implicit_casting", "false"));
  TRY(set_option(config, "lambda_syntax", "DISABLE_SINGLE_ARROW"));  // -> is JSON's; a lambda is `lambda x: ...`
  TRY(set_option(config, "errors_as_json", "true"));                 // sql/error.h reads them
  TRY(set_option(config, "autoinstall_known_extensions", "false"));
  TRY(set_option(config, "autoload_known_extensions", "false"));
  TRY(set_option(config, "allow_community_extensions", "false"));
  TRY(set_option(config, "allow_persistent_secrets", "false"));
  if (kind == SessionKind::careful) TRY(set_option(config, "disabled_optimizers", "common_subexpressions"));
  return {};
}

Status run_statement(duckdb_connection connection, const std::string& sql) {
  duckdb_result result;
  const duckdb_state state = duckdb_query(connection, sql.c_str(), &result);
  Status out;
  if (state == DuckDBError) out = fail(to_error(duckdb_result_error_type(&result), duckdb_result_error(&result)));
  duckdb_destroy_result(&result);
  return out;
}

struct ResultOwner {
  duckdb_result result{};
  ~ResultOwner() { duckdb_destroy_result(&result); }
};

}  // namespace

struct Session::State {
  SessionKind kind = SessionKind::compute;
  InputTables tables;
  Notes notes;
  std::optional<std::size_t> error_position;
  duckdb_database database = nullptr;
  duckdb_connection connection = nullptr;

  ~State() {
    if (connection != nullptr) duckdb_disconnect(&connection);
    if (database != nullptr) duckdb_close(&database);
  }
};

struct Query::Impl {
  std::shared_ptr<Session::State> session;
  std::string sql;
  InputTables::Names names;
  duckdb_prepared_statement statement = nullptr;
  std::shared_ptr<const Schema> schema;
  bool rows = true;  // false: a count (COPY)
  bool asks_for_time = false;

  ~Impl() {
    if (statement != nullptr) duckdb_destroy_prepare(&statement);
    for (const auto& name : names) session->tables.remove(name.second);
  }

  Status prepare();
  Status read_schema();
  Status read_parameters();
  Status set_time();
  Status start(const std::vector<Batch>& inputs, duckdb_result* result);
  Result<Batch> fetch(duckdb_result* result);
  Error error_of(duckdb_result* result) const;
};

// ---- Session

Session::Session(std::shared_ptr<State> state) : state_(std::move(state)) {}
Session::~Session() = default;
SessionKind Session::kind() const { return state_->kind; }
std::optional<std::size_t> Session::error_position() const { return state_->error_position; }

Result<std::shared_ptr<Session>> Session::open(SessionKind kind, const SessionLimits& limits) {
  auto state = std::make_shared<State>();
  state->kind = kind;
  duckdb_config config = nullptr;
  CHECK(duckdb_create_config(&config) == DuckDBSuccess, "DuckDB gives a configuration");
  const Status configured = configure(config, kind, limits);
  if (!configured) {
    duckdb_destroy_config(&config);
    return fail(configured.error());
  }
  char* message = nullptr;
  const duckdb_state opened = duckdb_open_ext(":memory:", &state->database, config, &message);
  duckdb_destroy_config(&config);
  if (opened == DuckDBError) {
    const std::string text = message == nullptr ? "no reason given" : clean_message(message).text;
    duckdb_free(message);
    return fail(Fault::external, "DuckDB does not open: " + text);
  }
  if (duckdb_connect(state->database, &state->connection) == DuckDBError)
    return fail(Fault::external, "DuckDB does not connect");
  TRY(state->tables.install(state->database, state->connection));
  TRY(run_statement(state->connection, "SET GLOBAL TimeZone = 'UTC'"));
  TRY(run_statement(state->connection, "SET GLOBAL Calendar = 'gregorian'"));
  if (kind != SessionKind::io) {
    TRY(state->notes.install(state->connection));
    TRY(install_utc_casts(state->connection));
    TRY(install_moments(state->connection));
    TRY(install_value_counts(state->connection));
    TRY(install_hyperloglog(state->connection));
    TRY(run_statement(state->connection, "SET GLOBAL enable_external_access = false"));
    TRY(run_statement(state->connection, "SET GLOBAL lock_configuration = true"));
  }
  return std::shared_ptr<Session>(new Session(std::move(state)));
}

Result<Query> Session::prepare(const std::string& sql, std::vector<SqlInput> inputs) {
  auto impl = std::make_unique<Query::Impl>();
  impl->session = state_;
  impl->sql = sql;
  for (SqlInput& input : inputs)
    impl->names.emplace_back(input.name, state_->tables.add(std::move(input.schema), input.numbered));
  TRY(impl->prepare());
  return Query(std::move(impl));
}

Result<Batch> Session::run(const std::string& sql) {
  Query query = TRY(prepare(sql, {}));
  return query.run(std::vector<Batch>{});
}

std::vector<Note> Session::take_notes() {
  std::vector<Note> notes = state_->notes.take();
  std::sort(notes.begin(), notes.end(),
            [](const Note& a, const Note& b) { return std::pair(a.row, a.clause) < std::pair(b.row, b.clause); });
  return notes;
}

void Session::interrupt() {
  state_->tables.stopped.store(true);
  duckdb_interrupt(state_->connection);
}

// ---- Query

Query::Query(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Query::Query(Query&&) noexcept = default;
Query& Query::operator=(Query&&) noexcept = default;
Query::~Query() = default;
const Schema& Query::schema() const { return *impl_->schema; }
const std::string& Query::sql() const { return impl_->sql; }

Status Query::Impl::prepare() {
  session->error_position.reset();
  session->tables.set_names(&names);
  const duckdb_state state = duckdb_prepare(session->connection, sql.c_str(), &statement);
  session->tables.set_names(nullptr);
  if (state == DuckDBError) {
    const char* raw = duckdb_prepare_error(statement);
    SqlMessage message = clean_message(raw == nullptr ? "not one statement" : raw);
    session->error_position = message.position;
    return fail(Fault::config, std::move(message.text));
  }
  TRY(read_parameters());
  return read_schema();
}

Status Query::Impl::read_parameters() {
  const idx_t parameters = duckdb_nparams(statement);
  for (idx_t i = 1; i <= parameters; ++i) {
    const char* const name = duckdb_parameter_name(statement, i);
    const bool known = name != nullptr && name == clock_parameter;
    duckdb_free(const_cast<char*>(name));
    if (!known) return fail(Fault::config, "a parameter has no value here");
  }
  asks_for_time = parameters > 0;
  return {};
}

Status Query::Impl::set_time() {
  if (!asks_for_time) return {};
  const auto now = BatchClock::current();
  if (!now) return fail(Fault::internal, "now() is asked for outside of a batch: " + sql);
  if (duckdb_bind_timestamp_tz(statement, 1, duckdb_timestamp{now->value}) == DuckDBError)
    return fail(Fault::internal, "DuckDB does not take the batch's clock");
  return {};
}

Status Query::Impl::read_schema() {
  const duckdb_statement_type type = duckdb_prepared_statement_type(statement);
  rows = type == DUCKDB_STATEMENT_TYPE_SELECT || type == DUCKDB_STATEMENT_TYPE_EXPLAIN;
  Schema out;
  for (idx_t i = 0; rows && i < duckdb_prepared_statement_column_count(statement); ++i) {
    const char* name = duckdb_prepared_statement_column_name(statement, i);
    duckdb_logical_type logical = duckdb_prepared_statement_column_logical_type(statement, i);
    Result<Type> type_of_column = from_duckdb(logical);
    duckdb_destroy_logical_type(&logical);
    Column column{name, {}, true};
    duckdb_free(const_cast<char*>(name));
    if (!type_of_column) {
      Error error = std::move(type_of_column).error();
      error.message = "column " + column.name + ": " + error.message;
      return fail(std::move(error));
    }
    column.type = std::move(*type_of_column);
    out.add(std::move(column));
  }
  schema = std::make_shared<const Schema>(std::move(out));
  return {};
}

Status Query::Impl::start(const std::vector<Batch>& inputs, duckdb_result* result) {
  CHECK(inputs.size() == names.size(), "a query takes one batch for each input");
  if (session->tables.stopped.load()) return fail(Error{Fault::external, Retry::no, "stopped", {}});
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    InputSlot& slot = session->tables.at(names[i].second);
    CHECK(inputs[i].schema() == slot.schema, "a query's batch has the schema it was prepared for");
    slot.batch = &inputs[i];
  }
  TRY(set_time());
  session->tables.set_names(&names);  // DuckDB may bind the statement again
  const duckdb_state state = duckdb_execute_prepared_streaming(statement, result);
  session->tables.set_names(nullptr);
  if (state == DuckDBError) return fail(error_of(result));
  return {};
}

Error Query::Impl::error_of(duckdb_result* result) const {
  if (session->tables.stopped.load()) return {Fault::external, Retry::no, "stopped", {}};
  const char* raw = duckdb_result_error(result);
  return to_error(duckdb_result_error_type(result), raw == nullptr ? "" : raw);
}

Result<Batch> Query::Impl::fetch(duckdb_result* result) {
  std::vector<std::shared_ptr<const Chunk>> chunks;
  while (duckdb_data_chunk chunk = duckdb_fetch_chunk(*result)) {
    auto owned = std::make_shared<const Chunk>(chunk);
    if (owned->rows() > 0) chunks.push_back(std::move(owned));
  }
  if (const char* raw = duckdb_result_error(result); raw != nullptr && *raw != '\0') return fail(error_of(result));
  return Batch(schema, std::move(chunks));
}

namespace {

// The inputs are lent for one run only.
struct Lent {
  InputTables& tables;
  const InputTables::Names& names;
  ~Lent() {
    for (const auto& name : names) tables.at(name.second).batch = nullptr;
  }
};

}  // namespace

Result<Batch> Query::run(const std::vector<Batch>& inputs) {
  const Lent lent{impl_->session->tables, impl_->names};
  ResultOwner owner;
  TRY(impl_->start(inputs, &owner.result));
  return impl_->fetch(&owner.result);
}

Result<std::uint64_t> Query::execute(const std::vector<Batch>& inputs) {
  const Lent lent{impl_->session->tables, impl_->names};
  ResultOwner owner;
  TRY(impl_->start(inputs, &owner.result));
  const Batch rows = TRY(impl_->fetch(&owner.result));
  if (rows.empty()) return 0;
  return *static_cast<const std::uint64_t*>(duckdb_vector_get_data(rows.chunks().front()->column(0)));
}

Result<std::vector<std::size_t>> Query::columns_read(std::size_t input) {
  std::vector<Batch> nothing;
  for (const auto& name : impl_->names)
    nothing.emplace_back(std::make_shared<const Schema>(impl_->session->tables.at(name.second).schema),
                         std::vector<std::shared_ptr<const Chunk>>{});
  const BatchClock any(Micros(0));
  TRY(run(nothing));
  const auto& read = impl_->session->tables.at(impl_->names.at(input).second).columns_read;
  std::vector<std::size_t> out(read.begin(), read.end());
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace weir
