#include "cli/demo_report.h"

#include <algorithm>
#include <type_traits>

#include <fmt/format.h>

#include "base/check.h"
#include "connectors/text_table.h"

namespace weir {

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

namespace {

template <class Key>
std::uint64_t count_of(const std::map<Key, std::uint64_t>& counts, const std::type_identity_t<Key>& key) {
  const auto found = counts.find(key);
  return found == counts.end() ? 0 : found->second;
}

std::string book_line(std::string_view sign, std::uint64_t rows, std::string_view what, std::string_view where) {
  return fmt::format("  {:>2} {:>10}  {:<20} {}\n", sign, grouped(rows), what, where);
}

}  // namespace

std::string DemoReport::lake() const {
  return fmt::format("read_parquet({}, hive_partitioning = true)",
                     quote_literal(outcome_.directory + "/data/payments/event_date=*/*.parquet"));
}

std::string DemoReport::merchant_totals() const {
  return fmt::format("read_parquet({})", quote_literal(outcome_.directory + "/data/merchant_totals/part-*.parquet"));
}

std::string DemoReport::dead_letters() const {
  return fmt::format("read_parquet({})", quote_literal(outcome_.directory + "/data/dead_letters/part-*.parquet"));
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
  differ.expect("rows in the lake", count_of(totals.written, "lake"), sent.good());
  differ.expect("rows filtered", count_of(totals.dropped, {"real", DropReason::filtered}), sent.filtered);
  differ.expect("duplicates", count_of(totals.dropped, {"once", DropReason::duplicate}), sent.duplicates);
  for (const Code code : all_codes())
    differ.expect(std::string(to_string(code)), count_of(totals.dead_letters, code), count_of(sent.dead_letters, code));
  if (totals.rows_in != count_of(totals.written, "lake") + totals.rows_dropped() + totals.rows_dead())
    differ.add("the books do not balance");
  for (const DemoBroker::Kept& kept : outcome_.kept)
    if (kept.first > Offset(0)) differ.add("the broker trimmed its log: the demo sent too much");

  differ.expect("rows in the Delta table", TRY(number("SELECT count(*) FROM " + lake())), sent.good());
  const std::string places = "SELECT count(*) FROM (SELECT DISTINCT _partition, _offset FROM " + lake() + ")";
  differ.expect("different records in the Delta table", TRY(number(places)), sent.good());
  TRY(compare_windows(differ));
  for (const auto& [code, rows] : sent.dead_letters) {
    const std::string kept =
        fmt::format("SELECT count(*) FROM {} WHERE code = {}", dead_letters(), quote_literal(to_string(code)));
    differ.expect(fmt::format("{} in the dead letters", to_string(code)), TRY(number(kept)), rows);
  }
  return std::move(differ).take();
}

// The windows that are closed say the same of the payments as the table of the payments itself.
Status DemoReport::compare_windows(Differences& differ) const {
  const std::string counted = fmt::format(
      "SELECT w, merchant_id, currency, count(*), sum(amount) FROM (SELECT *, time_bucket(INTERVAL 5 MINUTE, "
      "event_time) "
      "AS w FROM {}) WHERE w <= (SELECT max(window_start) FROM {}) GROUP BY w, merchant_id, currency",
      lake(), merchant_totals());
  const std::string written = "SELECT window_start, merchant_id, currency, payments, amount FROM " + merchant_totals();
  const std::uint64_t windows = TRY(number("SELECT count(*) FROM " + merchant_totals()));
  if (windows == 0) differ.add("no window was closed");
  differ.expect("windows to the topic", count_of(outcome_.totals.written, "topic"), windows);
  differ.expect("windows that say another thing than the payments",
                TRY(number(fmt::format("SELECT count(*) FROM (({0} EXCEPT ALL {1}) UNION ALL ({1} EXCEPT ALL {0}))",
                                       counted, written))),
                0);
  return {};
}

void DemoReport::print_books(std::ostream& out) const {
  const ProgressTotals& totals = outcome_.totals;
  out << "\nThe books\n"
      << book_line("", totals.rows_in, "rows in", "from Kafka")
      << book_line("=", count_of(totals.written, "lake"), "rows out", "to the Delta table");
  for (const auto& [place, rows] : totals.dropped)
    out << book_line("+", rows, to_string(place.second), "by step " + place.first);
  for (const auto& [code, rows] : totals.dead_letters)
    out << book_line("+", rows, to_string(code), "to the dead letters");
  for (const auto& [rule, rows] : totals.warned)
    if (rule == "usual_amount")
      out << fmt::format("  (and {} rows failed the warning '{}'; they passed)\n", grouped(rows), rule);
  out << fmt::format(
      "  The rows out are in {} totals of closed windows, to a Delta table and to a topic; the last are open.\n",
      grouped(count_of(totals.written, "totals")));
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
                 quote_literal(outcome_.directory + "/data/payments/event_date=*/*.parquet") + ", filename = true)"));
  TRY(print_table(out, fmt::format("The Delta table: {} files, by day", files),
                  "SELECT event_date, count(*) AS rows, count(DISTINCT merchant_number) AS merchants, "
                  "sum(amount) AS amount FROM " +
                      lake() + " GROUP BY event_date ORDER BY event_date"));
  TRY(print_table(out, "Some of their rows",
                  "SELECT payment_id, merchant_number AS merchant, amount, currency, status, card.brand AS card, "
                  "strftime(event_time, '%Y-%m-%d %H:%M:%S') AS event_time, _partition, _offset FROM " +
                      lake() + " ORDER BY payment_id LIMIT 5"));
  TRY(print_table(
      out, "The largest totals of five minutes",
      "SELECT strftime(window_start, '%H:%M') AS \"from\", strftime(window_end, '%H:%M') AS until, merchant_id, "
      "currency, payments, amount, captured, round(refund_rate, 2) AS refund_rate FROM " +
          merchant_totals() + " ORDER BY amount DESC LIMIT 5"));
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
