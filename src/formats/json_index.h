#pragma once
// Finds the tokens of a JSON text with simdjson's first stage: where each brace, bracket, colon, comma, string and other
// value begins. It also proves that the bytes are UTF-8, that every string is closed and that none holds a raw control
// character. Between two tokens there is nothing but blanks; only a number, `true`, `false` or `null` may have a tail to
// look at. The grammar is checked by JsonWalk. Reads no byte past the text, so records need no padding.
//
// Threads: one thread an object. Ownership: tokens live until the next call.

#include <cstdint>
#include <memory>
#include <string_view>

namespace weir {

class JsonIndex {
 public:
  enum class Outcome { ok, blank, not_utf8, control_character, open_string, no_memory };

  JsonIndex();
  ~JsonIndex();
  JsonIndex(const JsonIndex&) = delete;
  JsonIndex& operator=(const JsonIndex&) = delete;

  // The text has 1 byte to 1 GiB.
  Outcome find_tokens(std::string_view text);
  // Positions, ascending; tokens()[count()] is the size of the text.
  const std::uint32_t* tokens() const { return tokens_; }
  std::uint32_t count() const { return count_; }
  // Gives back what a very large text took.
  void shrink();

 private:
  struct Impl;
  bool reserve(std::size_t size);

  std::unique_ptr<Impl> impl_;
  std::size_t capacity_ = 0;
  const std::uint32_t* tokens_ = nullptr;
  std::uint32_t count_ = 0;
};

// Position of the first byte that is not UTF-8; the size where all is.
std::size_t find_bad_utf8(std::string_view text);

}  // namespace weir
