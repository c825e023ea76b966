#pragma once
// Writes numbers and strings into bytes and reads them back: the inside of blocks. Numbers are little-endian, as they lie
// in memory on every machine that Weir is built for; reading stops at the end instead of passing it.
//
// Threads: plain values. Ownership: a reader looks into bytes that the caller keeps.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

namespace weir {

static_assert(std::endian::native == std::endian::little, "blocks are stored as they lie in memory");

class ByteWriter {
 public:
  template <class T>
  void number(T value) {
    static_assert(std::is_arithmetic_v<T>);
    raw(&value, sizeof value);
  }
  // LEB128: small numbers take a byte.
  void varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes_.push_back(static_cast<char>(value | 0x80));
    bytes_.push_back(static_cast<char>(value));
  }
  void text(std::string_view value) {
    varint(value.size());
    bytes_.append(value);
  }
  void raw(const void* from, std::size_t size) { bytes_.append(static_cast<const char*>(from), size); }
  void reserve(std::size_t size) { bytes_.reserve(size); }
  std::size_t size() const { return bytes_.size(); }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  // Each gives false, and leaves `value` as it is, where too little is left.
  template <class T>
  bool number(T& value) {
    return raw(&value, sizeof value);
  }
  bool varint(std::uint64_t& value) {
    std::uint64_t out = 0;
    for (int shift = 0; at_ != end_ && shift < 64; shift += 7) {
      const auto byte = static_cast<std::uint8_t>(*at_++);
      out |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) {
        value = out;
        return true;
      }
    }
    return false;
  }
  bool text(std::string_view& value) {
    std::uint64_t size = 0;
    return varint(size) && view(value, size);
  }
  bool view(std::string_view& value, std::uint64_t size) {
    if (size > left()) return false;
    value = std::string_view(at_, size);
    at_ += size;
    return true;
  }
  bool raw(void* to, std::uint64_t size) {
    if (size > left()) return false;
    std::memcpy(to, at_, size);
    at_ += size;
    return true;
  }
  std::uint64_t left() const { return static_cast<std::uint64_t>(end_ - at_); }

 private:
  const char* at_;
  const char* end_;
};

// Big-endian with the sign turned, so that keys are in the order of the numbers.
inline std::string ordered_bytes(std::int64_t value) {
  const auto bits = static_cast<std::uint64_t>(value) ^ (std::uint64_t{1} << 63);
  std::string out(8, '\0');
  for (std::size_t i = 0; i < 8; ++i) out[i] = static_cast<char>(bits >> (56 - 8 * i) & 0xff);
  return out;
}

inline std::int64_t from_ordered_bytes(std::string_view bytes) {
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < 8; ++i) bits = bits << 8 | static_cast<std::uint8_t>(bytes[i]);
  return static_cast<std::int64_t>(bits ^ (std::uint64_t{1} << 63));
}

}  // namespace weir
