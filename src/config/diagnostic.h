#pragma once
// Says what is wrong with a user's file, where, and what to do: `file:line:col: path: message`.
//
// Threads: plain values.

#include <string>
#include <vector>

#include "base/result.h"

namespace weir {

enum class Severity { error, lint };

struct Diagnostic {
  Severity severity = Severity::error;
  std::string file;  // as the user named it
  int line = 0;      // from 1; 0: the file as a whole
  int column = 0;    // from 1, in characters
  std::string path;  // "sources.payments.topics"; empty for the file as a whole
  std::string message;
};

using Diagnostics = std::vector<Diagnostic>;

// "pipeline.yaml:4:3: sources.payments: message"; a lint says "lint: " before its message.
std::string to_string(const Diagnostic& problem);

// One line each.
std::string to_string(const Diagnostics& problems);

// All of them as one Error of Fault::config; the place of the first is the place.
Error to_error(const Diagnostics& problems);

}  // namespace weir
