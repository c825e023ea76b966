#pragma once
// Holds a value that must never be shown: a password, a token, a connection string. It prints as "***"
// everywhere; reveal() is the only way to the text, and is called where the text goes to the library that
// needs it.
//
// Threads: plain value.

#include <string>
#include <utility>

namespace weir {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text, std::string reference = {})
      : text_(std::move(text)), reference_(std::move(reference)) {}
  const std::string& reveal() const { return text_; }
  bool empty() const { return text_.empty(); }
  // What the file writes in its place, "${file:/run/secrets/kafka}"; empty where the file holds the value
  // itself.
  const std::string& reference() const { return reference_; }
  bool operator==(const Secret&) const = default;

 private:
  std::string text_;
  std::string reference_;
};

inline std::string to_string(const Secret&) { return "***"; }

}  // namespace weir
