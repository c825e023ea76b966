#pragma once
// Runs one hidden test case of this executable in a process of its own: what must be locked out, killed or may abort.

#include <filesystem>
#include <string>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

namespace weir {

struct ChildEnd {
  bool exited = false;  // by itself, not by a signal
  int code = -1;
};

// Starts `test` with `variables` ("NAME=value") in its environment; gives its pid.
inline pid_t start_child(const std::string& test, const std::vector<std::string>& variables) {
  const std::string program = std::filesystem::read_symlink("/proc/self/exe").string();
  std::vector<std::string> words{"env"};
  words.insert(words.end(), variables.begin(), variables.end());
  words.insert(words.end(), {program, test, "-o", "/dev/null"});
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  const pid_t pid = fork();
  if (pid == 0) {
    execvp("env", pointers.data());
    _exit(127);
  }
  return pid;
}

inline ChildEnd wait_for(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0) {}
  return {WIFEXITED(status), WIFEXITED(status) ? WEXITSTATUS(status) : -1};
}

inline ChildEnd run_child(const std::string& test, const std::vector<std::string>& variables) {
  return wait_for(start_child(test, variables));
}

}  // namespace weir
