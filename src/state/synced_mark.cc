#include "state/synced_mark.h"

#include <charconv>
#include <string>

#include "base/hash.h"

namespace weir {
namespace {

constexpr std::size_t digits = 16;  // of each of the two numbers
constexpr int sync_every = 100;

std::string line_of(std::uint64_t sequence) {
  const std::string number = to_hex(sequence);
  return number + " " + to_hex(hash64(number)) + "\n";
}

}  // namespace

Result<SyncedMark> SyncedMark::open(const fs::Path& path) {
  SyncedMark mark(TRY(fs::OpenFile::open(path)));
  const std::string text = TRY(mark.file_.read());
  std::uint64_t sequence = 0;
  if (text.size() < digits) return mark;
  const auto [end, error] = std::from_chars(text.data(), text.data() + digits, sequence, 16);
  if (error == std::errc() && text == line_of(sequence)) mark.sequence_ = sequence;
  return mark;
}

Status SyncedMark::set(std::uint64_t sequence) {
  TRY(file_.overwrite(line_of(sequence)));
  sequence_ = sequence;
  if (++unsynced_ % sync_every == 0) file_.sync();
  return {};
}

}  // namespace weir
