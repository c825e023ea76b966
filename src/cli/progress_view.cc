#include "cli/progress_view.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "connectors/text_table.h"

namespace weir {
namespace {

constexpr std::size_t trouble_width = 90;
constexpr std::size_t bar_width = 24;

double in_seconds(Clock::Duration duration) { return static_cast<double>(duration.count()) / 1e6; }

Clock::Duration work_of(const BatchProgress& batch) {
  Clock::Duration sum{0};
  for (const Phase phase : {Phase::plan, Phase::decode, Phase::run, Phase::write, Phase::commit})
    sum += batch.duration(phase);
  return sum;
}

std::string phases(const BatchProgress& batch) {
  std::string out;
  for (const Phase phase : {Phase::decode, Phase::run, Phase::write, Phase::commit})
    out +=
        fmt::format("{}{} {:.0f}", out.empty() ? "" : ", ", to_string(phase), in_seconds(batch.duration(phase)) * 1000);
  return out;
}

// What the redrawing can take: a line that the terminal breaks in two, or one that has scrolled away, would spoil it.
std::string fit(const std::string& text) {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row < 3) return text;
  std::string out;
  std::size_t rows = 1;  // the cursor's own
  for (std::size_t begin = 0; begin < text.size() && ++rows <= size.ws_row;) {
    const std::size_t end = text.find('\n', begin);
    out += printable(std::string_view(text).substr(begin, end - begin), size.ws_col) + "\n";
    begin = end + 1;
  }
  return out;
}

std::string lag_text(const ProgressTotals& totals) {
  return totals.lag ? grouped(static_cast<std::uint64_t>(std::max<std::int64_t>(*totals.lag, 0))) : "unknown";
}

std::string bars(const std::map<Code, std::uint64_t>& counts) {
  std::uint64_t most = 1;
  for (const auto& [code, rows] : counts) most = std::max(most, rows);
  std::string out;
  for (const auto& [code, rows] : counts)
    out += fmt::format("    {:<20} {:>8}  {}\n", to_string(code), grouped(rows),
                       std::string(std::max<std::size_t>(rows * bar_width / most, 1), '#'));
  return out;
}

}  // namespace

ProgressView::ProgressView(std::string pipeline, std::ostream& out, bool in_place, Clock& clock)
    : pipeline_(std::move(pipeline)), out_(out), in_place_(in_place), clock_(clock), begin_(clock.running()) {
  pace_.note(begin_, 0);
}

bool ProgressView::terminal() {
  const char* const term = std::getenv("TERM");
  return isatty(STDOUT_FILENO) == 1 && term != nullptr && std::string_view(term) != "dumb";
}

void ProgressView::committed(const BatchProgress& batch) {
  const std::lock_guard lock(mutex_);
  totals_.add(batch);
  last_ = batch;
  pace_.note(clock_.running(), totals_.rows_in);
  trouble_.clear();
}

void ProgressView::waiting(const Error& error, Clock::Duration next_try) {
  const std::lock_guard lock(mutex_);
  trouble_ =
      fmt::format("waiting, next try in {:.1f} s: {}", in_seconds(next_try), printable(error.text(), trouble_width));
}

void ProgressView::draw() {
  if (!in_place_) {
    if (clock_.running() < line_due_) return;
    line_due_ = clock_.running() + std::chrono::seconds(1);
    out_ << line() << std::flush;
    return;
  }
  const std::string text = fit(lines());
  if (lines_drawn_ > 0) out_ << fmt::format("\x1b[{}A\x1b[J", lines_drawn_);
  out_ << text << std::flush;
  lines_drawn_ = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

void ProgressView::finish() {
  line_due_ = Clock::Duration(0);
  draw();
  lines_drawn_ = 0;
}

ProgressTotals ProgressView::totals() const {
  const std::lock_guard lock(mutex_);
  return totals_;
}

std::string ProgressView::lines() const {
  const std::lock_guard lock(mutex_);
  const Clock::Duration now = clock_.running();
  std::string out = fmt::format("  {:<16} {:>6.0f} s   {:>9} rows/s   lag {:>8}\n", pipeline_, in_seconds(now - begin_),
                                grouped(pace_.per_second(now)), lag_text(totals_));
  out += fmt::format("  in {:>13}   out {:>11}   dropped {:>7}   dead letters {:>7}\n", grouped(totals_.rows_in),
                     grouped(totals_.rows_out), grouped(totals_.rows_dropped()), grouped(totals_.rows_dead()));
  if (totals_.batches > 0)
    out += fmt::format("  batch {}: {} rows in {:.0f} ms ({})\n", last_.number.value, grouped(last_.rows_in()),
                       in_seconds(work_of(last_)) * 1000, phases(last_));
  out += bars(totals_.dead_letters);
  if (!trouble_.empty()) out += "  " + trouble_ + "\n";
  return out;
}

std::string ProgressView::line() const {
  const std::lock_guard lock(mutex_);
  const Clock::Duration now = clock_.running();
  std::string out = fmt::format(
      "{:>4.0f} s  {:>8} rows/s  lag {:>8}  in {:>9}  out {:>9}  dropped {:>6}  dead {:>6}  batch {:>4.0f} ms",
      in_seconds(now - begin_), grouped(pace_.per_second(now)), lag_text(totals_), grouped(totals_.rows_in),
      grouped(totals_.rows_out), grouped(totals_.rows_dropped()), grouped(totals_.rows_dead()),
      in_seconds(work_of(last_)) * 1000);
  if (!trouble_.empty()) out += "  " + trouble_;
  return out + "\n";
}

}  // namespace weir
