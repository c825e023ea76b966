#include "formats/json_index.h"

#include <bit>

#include <simdjson.h>

#include "base/check.h"

namespace weir {
namespace {

constexpr std::size_t capacity_kept = std::size_t{1} << 20;
constexpr std::size_t capacity_least = std::size_t{1} << 14;

// Length of the well-formed sequence at `p`, by table 3-7 of the Unicode standard; 0 where it is none.
std::size_t sequence_size(const unsigned char* p, std::size_t left) {
  const auto in = [&](std::size_t i, unsigned low, unsigned high) { return i < left && p[i] >= low && p[i] <= high; };
  if (p[0] < 0x80) return 1;
  if (p[0] >= 0xc2 && p[0] <= 0xdf) return in(1, 0x80, 0xbf) ? 2 : 0;
  if (p[0] >= 0xe0 && p[0] <= 0xef) {
    const unsigned low = p[0] == 0xe0 ? 0xa0 : 0x80;
    const unsigned high = p[0] == 0xed ? 0x9f : 0xbf;
    return in(1, low, high) && in(2, 0x80, 0xbf) ? 3 : 0;
  }
  if (p[0] < 0xf0 || p[0] > 0xf4) return 0;
  const unsigned low = p[0] == 0xf0 ? 0x90 : 0x80;
  const unsigned high = p[0] == 0xf4 ? 0x8f : 0xbf;
  return in(1, low, high) && in(2, 0x80, 0xbf) && in(3, 0x80, 0xbf) ? 4 : 0;
}

}  // namespace

struct JsonIndex::Impl {
  std::unique_ptr<simdjson::internal::dom_parser_implementation> parser;
};

JsonIndex::JsonIndex() : impl_(std::make_unique<Impl>()) {}
JsonIndex::~JsonIndex() = default;

bool JsonIndex::reserve(std::size_t size) {
  const std::size_t wanted = std::bit_ceil(size < capacity_least ? capacity_least : size);
  impl_->parser.reset();  // the old room first, so that never both are held
  capacity_ = 0;
  // Depth is JsonWalk's matter: simdjson's own second stage never runs.
  if (simdjson::get_active_implementation()->create_dom_parser_implementation(wanted, 1, impl_->parser) !=
      simdjson::SUCCESS)
    return false;
  capacity_ = wanted;
  return true;
}

JsonIndex::Outcome JsonIndex::find_tokens(std::string_view text) {
  if (text.size() > capacity_ && !reserve(text.size())) return Outcome::no_memory;
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  const simdjson::error_code error = impl_->parser->stage1(bytes, text.size(), simdjson::stage1_mode::regular);
  tokens_ = impl_->parser->structural_indexes.get();
  count_ = impl_->parser->n_structural_indexes;
  if (error == simdjson::SUCCESS) [[likely]]
    return Outcome::ok;
  // simdjson names the problem it saw first; bytes that are no text at all matter more than what they would say.
  if (!simdjson::validate_utf8(text.data(), text.size())) return Outcome::not_utf8;
  switch (error) {
    case simdjson::EMPTY: return Outcome::blank;
    case simdjson::UNESCAPED_CHARS: return Outcome::control_character;
    case simdjson::UNCLOSED_STRING: return Outcome::open_string;
    default: CHECK(false, "simdjson's first stage has no other error");
  }
}

void JsonIndex::shrink() {
  if (capacity_ <= capacity_kept) return;
  impl_->parser.reset();
  capacity_ = 0;
  tokens_ = nullptr;
  count_ = 0;
}

std::size_t find_bad_utf8(std::string_view text) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t size = sequence_size(bytes + at, text.size() - at);
    if (size == 0) return at;
    at += size;
  }
  return at;
}

}  // namespace weir
