#pragma once
// Declares the verbs; cli.cc has them in the order of `weir --help`.
//
// Threads: the main thread.

namespace CLI {
class App;
}

namespace weir {

void add_run(CLI::App& app, int& exit_code);
void add_check(CLI::App& app, int& exit_code);
void add_explain(CLI::App& app, int& exit_code);
void add_schema(CLI::App& app, int& exit_code);
void add_demo(CLI::App& app, int& exit_code);
void add_version(CLI::App& app, int& exit_code);
void add_crash_points(CLI::App& app, int& exit_code);

}  // namespace weir
