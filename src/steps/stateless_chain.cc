#include "steps/stateless_chain.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <span>

#include "base/check.h"
#include "steps/chain_outcome.h"
#include "steps/chain_plan.h"
#include "steps/chain_sql.h"

namespace weir {
namespace {

// DuckDB's own words for an error cost a run of one row each.
constexpr std::size_t reasons_max = 256;
// So many rows that fail for the statement's fault, not their own, and the pipeline stops.
constexpr std::size_t unexplained_max = 100;

using Chunks = std::vector<std::shared_ptr<const Chunk>>;

// An error of values, not of the machine: another attempt row by row helps.
bool is_of_rows(const Error& error) { return error.fault == Fault::data || error.fault == Fault::config; }

template <class T>
const T* column_data(const Chunk& chunk, std::size_t column) {
  return static_cast<const T*>(duckdb_vector_get_data(chunk.column(column)));
}

const std::uint64_t* validity(duckdb_vector vector) { return duckdb_vector_get_validity(vector); }

std::vector<std::optional<std::string>> texts(const Chunk& chunk, std::size_t column, std::size_t row) {
  std::vector<std::optional<std::string>> out;
  duckdb_vector list = chunk.column(column);
  if (!is_valid(validity(list), row)) return out;
  const auto entry = static_cast<const duckdb_list_entry*>(duckdb_vector_get_data(list))[row];
  duckdb_vector child = duckdb_list_vector_get_child(list);
  auto* const data = static_cast<duckdb_string_t*>(duckdb_vector_get_data(child));
  for (std::uint64_t i = entry.offset; i < entry.offset + entry.length; ++i) {
    if (is_valid(validity(child), i))
      out.emplace_back(std::string(duckdb_string_t_data(&data[i]), duckdb_string_t_length(data[i])));
    else
      out.emplace_back(std::nullopt);
  }
  return out;
}

}  // namespace

struct StatelessChain::Impl {
  ChainPlan plan;
  std::shared_ptr<Session> compute;
  std::shared_ptr<Session> careful;
  std::optional<Query> fast;
  std::optional<Query> fast_again;  // the same in the careful session: shared expressions stay inside TRY
  std::optional<Query> fates;
  std::shared_ptr<const Schema> schema;
  std::vector<std::uint32_t> warns;  // fates of the warn columns, in the order of the careful statement
  std::vector<std::size_t> columns_read;

  struct Run {
    Batch rows;
    std::vector<Note> notes;
  };
  // What is known of rows after the careful way.
  struct Settled {
    std::vector<Note> notes;
    std::vector<ChainReject> rejects;
    Chunks selected;
    std::size_t unexplained = 0;
  };
  // What the careful statement says of a batch.
  struct Fates {
    std::vector<Note> notes;
    std::vector<ChainReject> rejects;
  };

  Status prepare();
  Result<Run> run(Query& query, Session& session, const Batch& rows);
  Result<Fates> look(const Batch& rows);
  Batch pass(const Batch& rows, const ChainOutcome& outcome, const Chunks& selected) const;
  Result<StepOutput> finish(const Batch& rows, const ChainOutcome& outcome, std::vector<ChainReject> rejects,
                            const Chunks& selected);
  void add_reasons(const Batch& rows, std::vector<ChainReject>& rejects);
  Error stop(const Batch& rows, const Note& note);
  Result<StepOutput> process(const Batch& rows);
  Result<StepOutput> process_carefully(const Batch& rows);
  Status settle(const Batch& rows, std::span<const std::uint64_t> positions, Settled& out);
  Status settle_alone(std::uint64_t row, const Error& error, Settled& out);
};

Status StatelessChain::Impl::prepare() {
  const SqlInput numbered{"input", plan.input, true};
  fast.emplace(TRY(compute->prepare(fast_sql(plan), {numbered})));
  fast_again.emplace(TRY(careful->prepare(fast_sql(plan), {numbered})));
  fates.emplace(TRY(careful->prepare(careful_sql(plan), {{"input", plan.input, false}})));
  for (const ChainStage& stage : plan.stages)
    for (const ChainClause& clause : stage.clauses)
      if (clause.kind == ChainClause::Kind::warn) warns.push_back(clause.failed);
  schema = std::make_shared<const Schema>(plan.output);
  if (plan.projects()) {
    for (std::size_t i = 0; i < plan.output.size(); ++i) {
      const Column& made = fast->schema().columns().at(i);
      CHECK(made.name == plan.output.columns()[i].name && made.type == plan.output.columns()[i].type,
            "a chain gives the columns it planned");
    }
  }
  for (std::size_t i = 0; i < plan.input.size(); ++i) {
    const std::string& name = plan.input.columns()[i].name;
    const auto& reads = plan.stages.front().reads;
    if (name == src_column || name == op_column || std::find(reads.begin(), reads.end(), name) != reads.end())
      columns_read.push_back(i);
  }
  return {};
}

Result<StatelessChain::Impl::Run> StatelessChain::Impl::run(Query& query, Session& session, const Batch& rows) {
  Result<Batch> out = query.run(rows);
  std::vector<Note> notes = session.take_notes();
  if (!out) return fail(std::move(out).error());
  return Run{std::move(*out), std::move(notes)};
}

Result<StatelessChain::Impl::Fates> StatelessChain::Impl::look(const Batch& rows) {
  const Batch looked = TRY(fates->run(rows));
  CHECK(looked.rows() == rows.rows(), "the careful statement gives each row once");
  Fates out;
  std::uint64_t row = 0;
  for (const auto& chunk : looked.chunks()) {
    const std::uint32_t* const fate = column_data<std::uint32_t>(*chunk, 0);
    for (std::size_t i = 0; i < chunk->rows(); ++i, ++row) {
      for (std::size_t w = 0; w < warns.size(); ++w)
        if (is_valid(validity(chunk->column(2 + w)), i) && !column_data<bool>(*chunk, 2 + w)[i])
          out.notes.push_back({warns[w], row});
      if (!is_valid(validity(chunk->column(0)), i)) continue;
      out.notes.push_back({fate[i], row});
      if (plan.fates.at(fate[i]).kind != ChainFate::Kind::filtered)
        out.rejects.push_back({row, fate[i], texts(*chunk, 1, i), ""});
    }
  }
  return out;
}

// A chain that makes no columns gives the input's own chunks where nothing was taken out.
Batch StatelessChain::Impl::pass(const Batch& rows, const ChainOutcome& outcome, const Chunks& selected) const {
  if (plan.projects()) return Batch(schema, selected);
  const Batch passing = take_rows(rows, outcome.passing());
  return Batch(schema, passing.chunks());
}

// The error's own words: the row once more, alone.
void StatelessChain::Impl::add_reasons(const Batch& rows, std::vector<ChainReject>& rejects) {
  std::size_t left = reasons_max;
  for (ChainReject& reject : rejects) {
    if (plan.fates.at(reject.fate).kind != ChainFate::Kind::error || !reject.reason.empty() || left == 0) continue;
    --left;
    const std::uint64_t row[] = {reject.row};
    const auto alone = run(*fast_again, *careful, take_rows(rows, row));
    if (!alone && is_of_rows(alone.error())) reject.reason = alone.error().message;
  }
}

Error StatelessChain::Impl::stop(const Batch& rows, const Note& note) {
  const std::uint64_t row[] = {note.row};
  const Batch one = take_rows(rows, row);
  ChainReject reject{note.row, note.clause, {}, ""};
  if (auto looked = look(one); looked && looked->rejects.size() == 1) {
    std::vector<ChainReject> alone = std::move(looked->rejects);
    add_reasons(one, alone);
    reject.fate = alone[0].fate;
    reject.values = std::move(alone[0].values);
    reject.reason = std::move(alone[0].reason);
  }
  const ChainFate& fate = plan.fates.at(note.clause);
  return Error{Fault::config,
               Retry::no,
               "expectation " + fate.clause->rule + " of step " + plan.steps.at(fate.entry) +
                   " has on_fail: fail, and record " + std::to_string(src_ordinal(one.src().at(0))) +
                   " of this batch does not meet it: " + describe_reject(plan, reject),
               {}};
}

Result<StepOutput> StatelessChain::Impl::finish(const Batch& rows, const ChainOutcome& outcome,
                                                std::vector<ChainReject> rejects, const Chunks& selected) {
  if (const auto failing = outcome.failing()) return fail(stop(rows, *failing));
  add_reasons(rows, rejects);
  StepOutput out;
  outcome.report(rejects, rejects.empty() ? std::vector<std::uint64_t>() : rows.src(), out);
  out.rows = pass(rows, outcome, selected);
  CHECK(out.rows.rows() == out.books.back().given, "a chain gives the rows that its books say");
  return out;
}

Result<StepOutput> StatelessChain::Impl::process(const Batch& rows) {
  Result<Run> first = run(*fast, *compute, rows);
  if (!first) {
    if (!is_of_rows(first.error())) return fail(std::move(first).error());
    return process_carefully(rows);
  }
  const ChainOutcome outcome(plan, std::move(first->notes), rows.rows());
  const std::vector<std::uint64_t> rejected = outcome.rejected();
  std::vector<ChainReject> rejects;
  if (!rejected.empty() && !outcome.failing()) {
    // Only for the values that the messages show.
    rejects = TRY(look(take_rows(rows, rejected))).rejects;
    CHECK(rejects.size() == rejected.size(), "the fast and the careful statement reject the same rows");
    for (std::size_t i = 0; i < rejects.size(); ++i) rejects[i].row = rejected[i];
  }
  return finish(rows, outcome, std::move(rejects), first->rows.chunks());
}

// Finds the fate of each of the given rows. Where even the careful statement throws, or the fast one throws over rows that it
// let pass, the rows are halved until the one at fault is alone.
Status StatelessChain::Impl::settle(const Batch& rows, std::span<const std::uint64_t> positions, Settled& out) {
  const Batch part = take_rows(rows, positions);
  auto looked = look(part);
  if (!looked && !is_of_rows(looked.error())) return fail(std::move(looked).error());
  if (looked) {
    const ChainOutcome outcome(plan, looked->notes, part.rows());
    auto again = run(*fast_again, *careful, take_rows(part, outcome.passing()));
    if (again) {
      for (const Note& note : looked->notes) out.notes.push_back({note.clause, positions[note.row]});
      for (ChainReject& reject : looked->rejects) {
        reject.row = positions[reject.row];
        out.rejects.push_back(std::move(reject));
      }
      const auto& chunks = again->rows.chunks();
      out.selected.insert(out.selected.end(), chunks.begin(), chunks.end());
      return {};
    }
    if (!is_of_rows(again.error())) return fail(std::move(again).error());
    looked = fail(std::move(again).error());
  }
  if (positions.size() > 1) {
    const std::size_t half = positions.size() / 2;
    TRY(settle(rows, positions.first(half), out));
    return settle(rows, positions.subspan(half), out);
  }
  return settle_alone(positions.front(), looked.error(), out);
}

// A row that fails in a way that TRY does not see: which of the expressions it was is not known.
Status StatelessChain::Impl::settle_alone(std::uint64_t row, const Error& error, Settled& out) {
  const bool for_all = error.fault == Fault::config && ++out.unexplained > unexplained_max;
  std::optional<std::uint32_t> fate;
  for (std::uint32_t i = 0; i < plan.fates.size() && !fate; ++i) {
    const bool warns_only = plan.fates[i].clause != nullptr && plan.fates[i].clause->kind == ChainClause::Kind::warn;
    if (plan.fates[i].kind == ChainFate::Kind::error && !warns_only) fate = i;
  }
  if (for_all || !fate)
    return fail(Fault::config, "an expression of step " + plan.steps.front() + " cannot be run: " + error.message);
  out.notes.push_back({*fate, row});
  out.rejects.push_back({row, *fate, {}, error.message});
  return {};
}

Result<StepOutput> StatelessChain::Impl::process_carefully(const Batch& rows) {
  std::vector<std::uint64_t> all(rows.rows());
  std::iota(all.begin(), all.end(), std::uint64_t{0});
  Settled settled;
  TRY(settle(rows, all, settled));
  const ChainOutcome outcome(plan, std::move(settled.notes), rows.rows());
  return finish(rows, outcome, std::move(settled.rejects), settled.selected);
}

StatelessChain::StatelessChain(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
StatelessChain::~StatelessChain() = default;
const Schema& StatelessChain::schema() const { return impl_->plan.output; }
Result<StepOutput> StatelessChain::process(const Batch& rows) { return impl_->process(rows); }
const std::vector<std::size_t>& StatelessChain::columns_read() const { return impl_->columns_read; }

StatelessChain::Checked StatelessChain::check(const std::vector<StepSpec>& entries, const Schema& input,
                                              Session& compute) {
  Checked out;
  ChainPlan plan;
  plan_chain(entries, input, compute, plan, out.problems);
  if (out.problems.empty()) out.output = plan.output;
  return out;
}

Result<std::unique_ptr<StatelessChain>> StatelessChain::compile(const std::vector<StepSpec>& entries,
                                                                const Schema& input, std::shared_ptr<Session> compute,
                                                                std::shared_ptr<Session> careful) {
  auto impl = std::make_unique<Impl>();
  std::vector<Error> problems;
  plan_chain(entries, input, *compute, impl->plan, problems);
  if (!problems.empty()) return fail(std::move(problems.front()));
  impl->compute = std::move(compute);
  impl->careful = std::move(careful);
  if (Status prepared = impl->prepare(); !prepared) {
    // Each expression was checked; what is left is a constant that DuckDB computes beforehand, and fails.
    Error error = std::move(prepared).error();
    error.place = "steps." + impl->plan.steps.front();
    return fail(std::move(error));
  }
  return std::unique_ptr<StatelessChain>(new StatelessChain(std::move(impl)));
}

std::string StatelessChain::explain() const {
  std::string out = "steps:";
  for (const std::string& step : impl_->plan.steps) out += " " + step;
  out += "\nSQL:   " + impl_->fast->sql() + "\ngives: " + to_string(impl_->plan.output.visible()) + "\n";
  return out;
}

}  // namespace weir
