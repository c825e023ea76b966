#include "steps/chain_outcome.h"

#include <algorithm>

#include "base/check.h"

namespace weir {
namespace {

constexpr std::size_t value_bytes_max = 64;

std::string shortened(const std::string& value) {
  if (value.size() <= value_bytes_max) return value;
  std::size_t end = value_bytes_max;
  while (end > 0 && (static_cast<unsigned char>(value[end]) & 0xC0) == 0x80) --end;
  return value.substr(0, end) + "...";
}

// Line breaks of a folded YAML text would break the message.
std::string one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

}  // namespace

bool ChainOutcome::takes_out(const Note& note) const {
  const ChainFate& fate = plan_.fates.at(note.clause);
  return fate.clause == nullptr || fate.clause->kind != ChainClause::Kind::warn;
}

std::vector<std::uint64_t> ChainOutcome::passing() const {
  std::vector<std::uint64_t> out;
  auto note = notes_.begin();
  for (std::uint64_t row = 0; row < rows_; ++row) {
    bool passes = true;
    for (; note != notes_.end() && note->row == row; ++note) passes = passes && !takes_out(*note);
    if (passes) out.push_back(row);
  }
  return out;
}

std::vector<std::uint64_t> ChainOutcome::rejected() const {
  std::vector<std::uint64_t> out;
  for (const Note& note : notes_)
    if (takes_out(note) && plan_.fates[note.clause].kind != ChainFate::Kind::filtered) out.push_back(note.row);
  return out;
}

std::optional<Note> ChainOutcome::failing() const {
  for (const Note& note : notes_) {
    const ChainFate& fate = plan_.fates.at(note.clause);
    if (fate.clause != nullptr && fate.clause->kind == ChainClause::Kind::fail) return note;
  }
  return std::nullopt;
}

void ChainOutcome::report(const std::vector<ChainReject>& rejects, const std::vector<std::uint64_t>& src,
                          StepOutput& out) const {
  std::vector<std::uint64_t> by_fate(plan_.fates.size());
  for (const Note& note : notes_) ++by_fate.at(note.clause);

  out.books.resize(plan_.steps.size());
  for (std::size_t i = 0; i < plan_.steps.size(); ++i) out.books[i].step = plan_.steps[i];
  std::vector<std::uint64_t> gone(plan_.steps.size()), filtered(plan_.steps.size());
  std::uint64_t alive = rows_;
  for (const ChainStage& stage : plan_.stages) {
    for (const ChainClause& clause : stage.clauses) {
      const std::uint64_t lost = by_fate[clause.failed] + by_fate[clause.erring];
      if (!clause.rule.empty()) out.expectations.push_back({clause.rule, clause.owner, alive - lost, lost});
      if (clause.kind == ChainClause::Kind::warn) continue;
      gone[clause.entry] += lost;
      if (clause.kind == ChainClause::Kind::filter) filtered[clause.entry] += by_fate[clause.failed];
      alive -= lost;
    }
    for (const ChainColumn& column : stage.columns) {
      if (!column.expression || !column.live) continue;
      gone[stage.entry] += by_fate[column.erring];
      alive -= by_fate[column.erring];
    }
  }
  std::uint64_t taken = rows_;
  for (std::size_t i = 0; i < plan_.steps.size(); ++i) {
    out.books[i].taken = taken;
    taken = out.books[i].given = taken - gone[i];
    if (filtered[i] > 0) out.dropped.push_back({plan_.steps[i], DropReason::filtered, filtered[i]});
  }
  CHECK(taken == alive, "the books of a chain balance");

  for (const ChainReject& reject : rejects) {
    const ChainFate& fate = plan_.fates.at(reject.fate);
    Rejected rejected{src.at(reject.row),
                      Code::expression_error,
                      "",
                      describe_reject(plan_, reject),
                      plan_.steps.at(fate.entry),
                      "",
                      ""};
    if (fate.kind == ChainFate::Kind::check_failed) rejected.code = Code::expectation_failed;
    if (fate.column != nullptr) rejected.field = fate.column->column.name;
    if (fate.clause != nullptr) {
      rejected.rule = fate.clause->rule;
      rejected.owner = fate.clause->owner;
    }
    out.rejected.push_back(std::move(rejected));
  }
}

std::string describe_reject(const ChainPlan& plan, const ChainReject& reject) {
  const ChainFate& fate = plan.fates.at(reject.fate);
  const Expression& expression = fate.expression();
  std::string out = one_line(expression.text);
  if (fate.kind == ChainFate::Kind::check_failed) {
    out = "the check is not TRUE: " + out;
  } else {
    out = "the expression cannot be computed: " + out;
    if (!reject.reason.empty()) out += ": " + reject.reason;
  }
  for (std::size_t i = 0; i < expression.columns.size() && i < reject.values.size(); ++i) {
    out += i == 0 ? "; " : ", ";
    out += expression.columns[i] + " = " + (reject.values[i] ? shortened(*reject.values[i]) : "NULL");
  }
  return out;
}

}  // namespace weir
