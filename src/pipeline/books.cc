#include "pipeline/books.h"

#include <fmt/format.h>

namespace weir {

void Books::take(const std::string& name, const std::string& from, std::uint64_t taken) {
  const auto edge = given_.find(from);
  const std::uint64_t offered = edge == given_.end() ? 0 : edge->second;
  if (offered != taken) broken_edges_ += fmt::format("{} gave {} rows, {} took {}; ", from, offered, name, taken);
}

void Books::source(const std::string& source, std::uint64_t rows, std::uint64_t given) {
  entries_.push_back({source, rows, given});
  given_[source] = given;
}

void Books::step(const std::string& from, const StepOutput& output) {
  std::string before = from;
  for (const StepBooks& books : output.books) {
    take(books.step, before, books.taken);
    entries_.push_back({books.step, books.taken + books.released + books.made, books.given + books.held});
    given_[books.step] = books.given;
    before = books.step;
  }
  for (const Dropped& drop : output.dropped) left_[drop.step] += drop.rows;
  rejected(output.rejected);
  if (given_[before] != output.rows.rows())
    broken_edges_ += fmt::format("{} reports {} rows and gives {}; ", before, given_[before], output.rows.rows());
}

void Books::sink(const std::string& sink, const std::string& from, std::uint64_t taken, std::uint64_t written) {
  take(sink, from, taken);
  entries_.push_back({sink, taken, written});
}

void Books::rejected(const std::vector<Rejected>& rows) {
  for (const Rejected& row : rows) ++left_[row.step];
}

std::string Books::imbalance() const {
  std::string out = broken_edges_;
  auto left = left_;
  for (const Entry& entry : entries_) {
    const std::uint64_t reasons = left[entry.name];
    left.erase(entry.name);
    if (entry.taken != entry.given + reasons)
      out += fmt::format("{} took {} rows, gave {} and let {} go by a reason; ", entry.name, entry.taken, entry.given,
                         reasons);
  }
  for (const auto& [name, rows] : left)
    if (rows != 0) out += fmt::format("{} rows left at {}, which took none; ", rows, name);
  return out;
}

}  // namespace weir
