#pragma once
// Walks one JSON text from token to token and holds it to RFC 8259 and to Weir's own rules: no field twice in an object, no
// nesting beyond a limit. Decoders read the values they want on the way and skip the rest with skip_value, which checks
// just as much.
//
// Every step returns false when the text turned out to be unreadable (then the walk is over). What breaks a contract only
// is noted, and the walk goes on: of several such problems the first in the text is kept, and an unreadable text beats them
// all.
//
// Threads: one thread an object. Ownership: the text must outlive the walk; names in paths are views into it or into the walk.

#include <cstdint>
#include <cstring>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/json_index.h"
#include "formats/json_number.h"
#include "formats/json_string.h"
#include "formats/record_problem.h"
#include "formats/short_bytes.h"

namespace weir {

class JsonWalk {
 public:
  using At = std::uint32_t;  // a place in the text
  static constexpr At nowhere = 0xffffffff;

  void start(std::string_view text, const JsonIndex& index, std::uint32_t depth_max);

  std::string_view text() const { return text_; }
  char operator[](At at) const { return text_[at]; }
  // The place of the next token, taken; `nowhere` at the end (text()[nowhere] must not be read).
  At take() { return next_ == end_ ? nowhere : *next_++; }
  // The place of the next token, or the size of the text.
  At peek() const { return *next_; }
  // Takes the next token and says what it is; 0 at the end.
  char take_char(At& at) {
    at = take();
    return at == nowhere ? '\0' : text_[at];
  }

  // What stands between the quotes of the string whose opening quote is at `at` (taken already).
  std::string_view raw_string(At at) const;
  // The string's characters: `raw` itself, or unescaped into `storage`.
  bool string(At at, const RecordPath* path, std::string& storage, std::string_view& out) {
    out = raw_string(at);
    return !has_escape(out) || unescaped_string(at, path, storage, out);
  }
  bool number(At at, const RecordPath* path, JsonNumber& out);
  // true, false or null: `word` is the one that the first letter promises.
  bool atom(At at, std::string_view word, const RecordPath* path);
  // Checks the value at `at` and moves behind it. `depth` is that of the value, should it be an array or object.
  bool skip_value(At at, std::uint32_t depth, const RecordPath* path);
  // The colon behind a field's name.
  bool colon(const RecordPath* path) {
    At at = 0;
    return take_char(at) == ':' || syntax(at, "expected ':' after the name of a field", path);
  }
  // After a value in an object or array: true in `more` for a comma (the next token is taken into `at`), false for `close`.
  bool comma_or(char close, At& at, bool& more, const RecordPath* path);
  bool finish();  // nothing follows the root's value

  bool check_depth(std::uint32_t depth, const RecordPath* path);
  // JSON_PARSE_ERROR at a place; returns false.
  bool syntax(At at, std::string_view what, const RecordPath* path);
  // Ends the walk with another code; returns false.
  bool unreadable(Code code, const RecordPath* path, std::string message);
  // Keeps a problem of the contract if it is the first; `at` orders them.
  void note(Code code, At at, const RecordPath* path, std::string message);
  // Missing fields have no place: they come last, in the order of the contract.
  void note_missing(const RecordPath* path, std::string message);
  // Whether a note at `at` would be kept: spares the making of messages.
  bool would_note(At at) const { return !problem_ || at < problem_at_; }

  // Names of an object's fields, to find one that is there twice: open, add each, close.
  std::size_t open_names() const { return names_.size(); }
  bool add_name(At at, const RecordPath* path);
  void add_name(std::string_view name, At at) { names_.push_back({name, at}); }
  void close_names(std::size_t base, const RecordPath* path);

  // The text of the value at `at`, which was read or skipped last.
  std::string_view value_text(At at) const;
  // "string \"n/a\"", "number 1.5", "null", "an object": what stands at `at`, for messages.
  std::string found(At at) const;
  // The characters of a string that were written with escapes, kept until the next start.
  std::string& keep_unescaped() { return unescaped_.emplace_back(); }

  // Gives back what a very large text took.
  void shrink();

  bool readable() const { return !unreadable_; }
  const std::optional<RecordProblem>& problem() const { return problem_; }

 private:
  struct Name {
    std::string_view text;
    At at;
  };

  bool unescaped_string(At at, const RecordPath* path, std::string& storage, std::string_view& out);
  bool skip_object(std::uint32_t depth, const RecordPath* path);
  bool skip_array(std::uint32_t depth, const RecordPath* path);
  bool ends_here(const char* end, At at) const;

  std::string_view text_;
  const At* next_ = nullptr;
  const At* end_ = nullptr;
  std::uint32_t depth_max_ = 0;
  bool unreadable_ = false;
  At problem_at_ = nowhere;
  std::optional<RecordProblem> problem_;
  std::vector<Name> names_;
  std::vector<Name> sorted_;
  std::deque<std::string> unescaped_;
};

inline std::string_view JsonWalk::raw_string(At at) const {
  // The closing quote is the last thing before the next token but blanks: JsonIndex has seen to that.
  At close = peek() - 1;
  while (text_[close] != '"') --close;
  return text_.substr(at + 1, close - at - 1);
}

inline bool JsonWalk::ends_here(const char* end, At) const {
  const char* const stop = text_.data() + peek();
  return end == stop || *end == ' ' || *end == '\n' || *end == '\r' || *end == '\t';
}

inline bool JsonWalk::number(At at, const RecordPath* path, JsonNumber& out) {
  if (scan_number(text_.data() + at, text_.data() + peek(), out) && ends_here(out.end, at)) [[likely]]
    return true;
  return syntax(at, "expected a value", path);
}

inline bool JsonWalk::atom(At at, std::string_view word, const RecordPath* path) {
  if (peek() - at >= word.size() && equal_bytes(text_.data() + at, word.data(), word.size()) &&
      ends_here(text_.data() + at + word.size(), at)) [[likely]]
    return true;
  return syntax(at, "expected a value", path);
}

inline bool JsonWalk::comma_or(char close, At& at, bool& more, const RecordPath* path) {
  const char c = take_char(at);
  if (c == ',') [[likely]] {
    more = true;
    at = take();
    return at != nowhere || syntax(at, "the text ends in an open object or array", path);
  }
  more = false;
  return c == close || syntax(at, close == '}' ? "expected ',' or '}'" : "expected ',' or ']'", path);
}

}  // namespace weir
