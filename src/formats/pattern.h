#pragma once
// Matches whole strings against a regular expression in RE2 syntax: linear time in the text whatever the expression,
// so that a record cannot stall a pipeline.
//
// Threads: a Pattern may be used from any thread; copies share it. Errors: Fault::config with RE2's own words.

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace weir {

class Pattern {
 public:
  static Result<Pattern> compile(std::string_view expression);
  bool matches(std::string_view text) const;  // the whole text
  const std::string& text() const;

 private:
  struct Impl;
  explicit Pattern(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;
};

}  // namespace weir
