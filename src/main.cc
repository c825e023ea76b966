#include <malloc.h>

#include "cli/cli.h"

int main(int argc, char** argv) {
  // Each thread's arena keeps what it freed to itself; batches go from thread to thread.
  mallopt(M_ARENA_MAX, 2);
  return weir::run_cli(argc, argv);
}
