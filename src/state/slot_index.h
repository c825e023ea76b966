#pragma once
// Finds entries by their hash: an open-addressing table of 8-byte slots, each 32 bits of the hash and the entry's number.
// It never looks at an entry; the caller compares. Growing and removing need no entry either.
//
// Threads: one caller at a time. Ownership: owns its slots.

#include <cstddef>
#include <cstdint>
#include <vector>

namespace weir {

class SlotIndex {
 public:
  SlotIndex() : slots_(least, 0) {}

  // Calls `same(entry)` for each entry that may have this hash, until it gives true; whether one did.
  template <class Same>
  bool find(std::uint32_t hash, Same&& same) const {
    for (std::size_t at = hash & mask(); slots_[at] != 0; at = (at + 1) & mask()) {
      if (hash_of(slots_[at]) == hash && same(entry_of(slots_[at]))) return true;
    }
    return false;
  }

  void add(std::uint32_t hash, std::uint32_t entry) {
    if ((count_ + 1) * 4 > slots_.size() * 3) grow(slots_.size() * 2);
    place(slot_of(hash, entry));
    ++count_;
  }

  // The entry must be there.
  void remove(std::uint32_t hash, std::uint32_t entry);

  void prefetch(std::uint32_t hash) const { __builtin_prefetch(&slots_[hash & mask()]); }
  std::size_t count() const { return count_; }
  std::uint64_t memory() const { return slots_.capacity() * sizeof(std::uint64_t); }
  void clear() {
    slots_ = std::vector<std::uint64_t>(least, 0);
    count_ = 0;
  }
  // Gives memory back when most of it is not needed any more.
  void shrink();

 private:
  static constexpr std::size_t least = 16;

  // A slot is 0 where it is empty, so entries count from 1 in it.
  static std::uint64_t slot_of(std::uint32_t hash, std::uint32_t entry) {
    return static_cast<std::uint64_t>(hash) << 32 | (static_cast<std::uint64_t>(entry) + 1);
  }
  static std::uint32_t hash_of(std::uint64_t slot) { return static_cast<std::uint32_t>(slot >> 32); }
  static std::uint32_t entry_of(std::uint64_t slot) { return static_cast<std::uint32_t>(slot) - 1; }
  std::size_t mask() const { return slots_.size() - 1; }

  void place(std::uint64_t slot) {
    std::size_t at = hash_of(slot) & mask();
    while (slots_[at] != 0) at = (at + 1) & mask();
    slots_[at] = slot;
  }

  // To `size` slots, more or fewer.
  void grow(std::size_t size);

  std::vector<std::uint64_t> slots_;
  std::size_t count_ = 0;
};

}  // namespace weir
