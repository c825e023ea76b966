#include "config/diagnostic.h"

namespace weir {
namespace {

std::string place_of(const Diagnostic& problem) {
  if (problem.line == 0) return problem.file;
  return problem.file + ":" + std::to_string(problem.line) + ":" + std::to_string(problem.column);
}

std::string text_of(const Diagnostic& problem) {
  std::string text;
  if (!problem.path.empty()) text += problem.path + ": ";
  if (problem.severity == Severity::lint) text += "lint: ";
  return text + problem.message;
}

}  // namespace

std::string to_string(const Diagnostic& problem) { return place_of(problem) + ": " + text_of(problem); }

std::string to_string(const Diagnostics& problems) {
  std::string text;
  for (const Diagnostic& problem : problems) text += to_string(problem) + "\n";
  return text;
}

Error to_error(const Diagnostics& problems) {
  Error error{Fault::config, Retry::no, "the file is wrong"};
  if (problems.empty()) return error;
  error.place = place_of(problems.front());
  error.message = text_of(problems.front());
  for (std::size_t i = 1; i < problems.size(); ++i) error.message += "\n" + to_string(problems[i]);
  return error;
}

}  // namespace weir
