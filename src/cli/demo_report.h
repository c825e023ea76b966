#pragma once
// Looks at what the demo's pipeline left behind: are the books balanced, do the files hold what was sent, and what do rows and
// dead letters look like. All counts are DuckDB's, over the files themselves.
//
// Threads: one caller. Errors: those of the session.

#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/demo_events.h"
#include "cli/progress_totals.h"
#include "connectors/demo_broker.h"
#include "sql/session.h"

namespace weir {

struct DemoOutcome {
  std::string directory;
  DemoCounts sent;
  ProgressTotals totals;
  std::vector<DemoBroker::Kept> kept;  // by the broker, at the end
};

class Differences;

class DemoReport {
 public:
  DemoReport(DemoOutcome outcome, std::shared_ptr<Session> io) : outcome_(std::move(outcome)), io_(std::move(io)) {}

  // Prints the books, the files and the dead letters.
  Status print(std::ostream& out) const;
  // What does not agree; empty: all does.
  Result<std::vector<std::string>> problems() const;

 private:
  // SQL that reads the files of the tables: of a run without a crash, all files are in the table.
  std::string lake() const;
  std::string merchant_totals() const;
  std::string dead_letters() const;
  Status compare_windows(Differences& differ) const;
  void print_books(std::ostream& out) const;
  Status print_dead_letters(std::ostream& out) const;
  Status print_table(std::ostream& out, const std::string& title, const std::string& sql) const;
  Result<std::uint64_t> number(const std::string& sql) const;

  DemoOutcome outcome_;
  std::shared_ptr<Session> io_;
};

}  // namespace weir
