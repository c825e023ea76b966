#include "cli/demo_report.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/check.h"
#include "connectors/text_table.h"

namespace weir {
namespace {

class Differences {
 public:
  void expect(const std::string& what, std::uint64_t is, std::uint64_t must) {
    if (is != must) found_.push_back(fmt::format("{}: {}, but {} were sent", what, grouped(is), grouped(must)));
  }
  void add(std::string what) { found_.push_back(std::move(what)); }
  std::vector<std::string> take() && { return std::move(found_); }

 private:
  std::vector<std::string> found_;
};

std::uint64_t count_of(const std::map<Code, std::uint64_t>& counts, Code code) {
  const auto found = counts.find(code);
  return found == counts.end() ? 0 : found->second;
}

std::string book_line(std::string_view sign, std::uint64_t rows, std::string_view what, std::string_view where) {
  return fmt::format("  {:>2} {:>10}  {:<20} {}\n", sign, grouped(rows), what, where);
}

}  // namespace

std::string DemoReport::lake() const {
  return fmt::format("read_parquet({}, hive_partitioning = true)",
                     quote_literal(outcome_.directory + "/data/payments/*/*.parquet"));
}

std::string DemoReport::dead_letters() const {
  return fmt::format("read_parquet({})", quote_literal(outcome_.directory + "/data/dead_letters/*.parquet"));
}

Result<std::uint64_t> DemoReport::number(const std::string& sql) const {
  const Batch batch = TRY(io_->run("SELECT CAST((" + sql + ") AS UBIGINT) AS n"));
  CHECK(batch.rows() == 1, "one number");
  return static_cast<const std::uint64_t*>(duckdb_vector_get_data(batch.chunks()[0]->column(0)))[0];
}

Result<std::vector<std::string>> DemoReport::problems() const {
  Differences differ;
  const ProgressTotals& totals = outcome_.totals;
  const DemoCounts& sent = outcome_.sent;
  differ.expect("rows in", totals.rows_in, sent.sent);
  differ.expect("rows out", totals.rows_out, sent.good());
  differ.expect("rows filtered", totals.rows_dropped(), sent.filtered);
  for (const Code code : all_codes())
    differ.expect(std::string(to_string(code)), count_of(totals.dead_letters, code), count_of(sent.dead_letters, code));
  if (totals.rows_in != totals.rows_out + totals.rows_dropped() + totals.rows_dead())
    differ.add("the books do not balance");
  for (const DemoBroker::Kept& kept : outcome_.kept)
    if (kept.first > Offset(0)) differ.add("the broker trimmed its log: the demo sent too much");

  differ.expect("rows in the Parquet files", TRY(number("SELECT count(*) FROM " + lake())), sent.good());
  const std::string places = "SELECT count(*) FROM (SELECT DISTINCT _partition, _offset FROM " + lake() + ")";
  differ.expect("different records in the Parquet files", TRY(number(places)), sent.good());
  for (const auto& [code, rows] : sent.dead_letters) {
    const std::string kept =
        fmt::format("SELECT count(*) FROM {} WHERE code = {}", dead_letters(), quote_literal(to_string(code)));
    differ.expect(fmt::format("{} in the dead letters", to_string(code)), TRY(number(kept)), rows);
  }
  return std::move(differ).take();
}

void DemoReport::print_books(std::ostream& out) const {
  const ProgressTotals& totals = outcome_.totals;
  out << "\nThe books\n"
      << book_line("", totals.rows_in, "rows in", "from Kafka")
      << book_line("=", totals.rows_out, "rows out", "to the Parquet files");
  for (const auto& [place, rows] : totals.dropped)
    out << book_line("+", rows, to_string(place.second), "by step " + place.first);
  for (const auto& [code, rows] : totals.dead_letters)
    out << book_line("+", rows, to_string(code), "to the dead letters");
  for (const auto& [rule, rows] : totals.warned)
    if (rule == "usual_amount")
      out << fmt::format("  (and {} rows failed the warning '{}'; they passed)\n", grouped(rows), rule);
}

Status DemoReport::print_table(std::ostream& out, const std::string& title, const std::string& sql) const {
  const Batch rows = TRY(io_->run(sql));
  out << "\n" << title << "\n" << TRY(text_table(*io_, rows, {.rows = 30, .cell_width = 60}));
  return {};
}

Status DemoReport::print(std::ostream& out) const {
  print_books(out);
  const std::uint64_t files =
      TRY(number("SELECT count(DISTINCT filename) FROM read_parquet(" +
                 quote_literal(outcome_.directory + "/data/payments/*/*.parquet") + ", filename = true)"));
  TRY(print_table(out, fmt::format("The Parquet files: {}, by day", files),
                  "SELECT event_date, count(*) AS rows, count(DISTINCT merchant_number) AS merchants, "
                  "sum(amount) AS amount FROM " +
                      lake() + " GROUP BY event_date ORDER BY event_date"));
  TRY(print_table(out, "Some of their rows",
                  "SELECT payment_id, merchant_number AS merchant, amount, currency, status, card.brand AS card, "
                  "strftime(event_time, '%Y-%m-%d %H:%M:%S') AS event_time, _partition, _offset FROM " +
                      lake() + " ORDER BY payment_id LIMIT 5"));
  return print_dead_letters(out);
}

Status DemoReport::print_dead_letters(std::ostream& out) const {
  // All of an example is of one record: the first of its code.
  const Batch codes = TRY(io_->run(
      "SELECT code, format('{:,}', rows), first.place, first.problem, first.value FROM (SELECT code, count(*) AS rows, "
      "min_by({'place': topic || '/' || \"partition\" || '@' || \"offset\", 'problem': coalesce(field || ': ', '') || "
      "message, "
      "'value': value}, {'o': \"offset\", 'p': \"partition\"}) AS first FROM " +
      dead_letters() + " GROUP BY code) ORDER BY code"));
  out << "\nThe dead letters: each code with its first record\n";
  for (const auto& chunk : codes.chunks()) {
    const auto text = [&](std::size_t column, std::size_t row, std::size_t width) -> std::string {
      if (!is_valid(duckdb_vector_get_validity(chunk->column(column)), row)) return "(no value)";
      auto* const data = static_cast<duckdb_string_t*>(duckdb_vector_get_data(chunk->column(column)));
      return printable({duckdb_string_t_data(&data[row]), duckdb_string_t_length(data[row])}, width);
    };
    for (std::size_t row = 0; row < chunk->rows(); ++row)
      out << fmt::format("  {:<20} {:>7}   {}: {}\n{:33}{}\n", text(0, row, 20), text(1, row, 12), text(2, row, 40),
                         text(3, row, 80), "", text(4, row, 80));
  }
  return {};
}

}  // namespace weir
