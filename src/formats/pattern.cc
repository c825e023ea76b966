#include "formats/pattern.h"

#include <re2/re2.h>

namespace weir {

struct Pattern::Impl {
  Impl(std::string_view expression, const re2::RE2::Options& options)
      : regex(re2::StringPiece(expression.data(), expression.size()), options) {}
  re2::RE2 regex;
};

Result<Pattern> Pattern::compile(std::string_view expression) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(16 << 20);
  auto impl = std::make_shared<const Impl>(expression, options);
  if (!impl->regex.ok())
    return fail(Fault::config, "the pattern is not a regular expression (RE2): " + impl->regex.error());
  return Pattern(std::move(impl));
}

bool Pattern::matches(std::string_view text) const {
  return re2::RE2::FullMatch(re2::StringPiece(text.data(), text.size()), impl_->regex);
}

const std::string& Pattern::text() const { return impl_->regex.pattern(); }

}  // namespace weir
