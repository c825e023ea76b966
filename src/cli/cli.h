#pragma once
// The command line: one function a verb, each in a file of its own. A verb adds itself to the application and, when it
// is the one typed, sets the exit code.
//
// Threads: the main thread.

namespace weir {

enum ExitCode {
  exit_done = 0,
  exit_failed = 1,
  exit_wrong_file = 2,  // or a wrong command line
  exit_needs_yes = 3,   // goes on only after a person's decision
};

int run_cli(int argc, char** argv);

}  // namespace weir
