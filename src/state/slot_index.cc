#include "state/slot_index.h"

#include <bit>

#include "base/check.h"

namespace weir {

void SlotIndex::remove(std::uint32_t hash, std::uint32_t entry) {
  const std::uint64_t wanted = slot_of(hash, entry);
  std::size_t hole = hash & mask();
  while (slots_[hole] != wanted) {
    CHECK(slots_[hole] != 0, "an indexed entry");
    hole = (hole + 1) & mask();
  }
  // Later slots of the run move up into the hole unless that is before their home.
  for (std::size_t at = (hole + 1) & mask(); slots_[at] != 0; at = (at + 1) & mask()) {
    const std::size_t home = hash_of(slots_[at]) & mask();
    if (((at - home) & mask()) >= ((at - hole) & mask())) {
      slots_[hole] = slots_[at];
      hole = at;
    }
  }
  slots_[hole] = 0;
  --count_;
}

void SlotIndex::shrink() {
  if (slots_.size() > least && count_ * 8 < slots_.size()) grow(std::bit_ceil(count_ * 2 + least));
}

void SlotIndex::grow(std::size_t size) {
  std::vector<std::uint64_t> before(size, 0);
  before.swap(slots_);
  for (const std::uint64_t slot : before)
    if (slot != 0) place(slot);
}

}  // namespace weir
