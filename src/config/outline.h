#pragma once
// What describe() says of all structs, as plain data: the one visitor behind the JSON Schema and the Markdown reference.
//
// Threads: plain values; the functions are pure.

#include <optional>
#include <string>
#include <vector>

#include "config/about.h"

namespace weir {

struct OutlineKey;
struct OutlineVariant;

// A word that stands for a value, and what it means.
struct OutlineWord {
  std::string name;
  std::string doc;
};

// How one value may be written.
struct Outline {
  enum class Kind {
    boolean,
    integer,
    number,
    text,
    secret,
    duration,
    size,
    timestamp,
    words,     // one of `words`
    list,      // of `inner`
    named,     // a map from a user's names to `inner`
    numbered,  // a map from numbers to `inner`
    columns,   // a map from column to SQL, "*": true
    contract,  // a file's path, a name, or the contract in place
    object,    // `keys`, and those of one of `variants`, and exactly one of `bodies`
    forms,     // one of `words`, or the key of one of `keys`, or one of `inner`
  };
  Kind kind = Kind::object;
  Text text = Text::any;
  bool is_signed = false;
  std::optional<double> min;
  std::optional<double> max;
  std::vector<OutlineWord> words;
  std::vector<Outline> inner;
  std::string doc;  // of a form

  std::vector<OutlineKey> keys;
  std::string variant_key;  // "type"
  std::string variant_doc;
  std::vector<OutlineVariant> variants;
  std::vector<OutlineKey> bodies;
};

struct OutlineKey {
  std::string name;
  std::string doc;
  bool required = false;
  std::string default_text;       // as a file would write it; empty: none to show
  bool default_is_value = false;  // default_text is a value, not a remark
  std::string example;
  Outline value;
};

struct OutlineVariant {
  std::string name;
  std::string doc;
  Outline value;  // an object
};

Outline outline_of_pipeline();
Outline outline_of_contract();

}  // namespace weir
