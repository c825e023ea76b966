#include "base/uuid.h"

#include <array>
#include <cstdint>

#include <fmt/format.h>
#include <sys/random.h>

#include "base/check.h"

namespace weir {

std::string mint_uuid() {
  std::array<std::uint8_t, 16> b{};
  CHECK(getrandom(b.data(), b.size(), 0) == static_cast<ssize_t>(b.size()), "getrandom failed");
  b[6] = static_cast<std::uint8_t>((b[6] & 0x0fU) | 0x40U);
  b[8] = static_cast<std::uint8_t>((b[8] & 0x3fU) | 0x80U);
  std::string out;
  for (std::size_t i = 0; i < b.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
    out += fmt::format("{:02x}", b[i]);
  }
  return out;
}

}  // namespace weir
