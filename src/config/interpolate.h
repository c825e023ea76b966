#pragma once
// Replaces references inside one scalar, after the YAML is parsed: ${env:NAME}, ${env:NAME:-default},
// ${file:/path}; `$${` stands for `${` itself. What is brought in is never looked at again, so it cannot
// bring keys, lists or references.
//
// A file must be a regular file of at most 64 KB, no symbolic link, owned by root or by us; for a secret
// neither group nor others may read it. One line end at its end is left out.
//
// Errors: a message that names the reference, never a value. Threads: any, if the environment may be read.

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "config/units.h"

namespace weir {

using Environment = std::function<std::optional<std::string>(const std::string& name)>;

// The process's own.
Environment process_environment();

struct Interpolation {
  const Environment& environment;
  std::string_view folder;  // relative ${file:} paths start here
  bool secret = false;      // the value is a secret: stricter about files
  bool resolve = true;      // false: references are checked but stand for the text "-" (a check without secrets)
};

struct Interpolated {
  std::string text;
  bool has_reference = false;
};

Parsed<Interpolated> interpolate(std::string_view text, const Interpolation& how);

// The text with `${` written as `$${`, so that interpolate gives it back.
std::string escape_references(std::string_view text);

}  // namespace weir
