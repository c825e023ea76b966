// Crashes on the input "WEIR": a fuzz run that does not find this in its time would not find a real bug either.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 4 && data[0] == 'W' && data[1] == 'E' && data[2] == 'I' && data[3] == 'R') std::abort();
  return 0;
}
