#include "state/key_buckets.h"

#include <cstring>

#include "state/byte_stream.h"

namespace weir {

KeyBuckets::Bucket& KeyBuckets::at(std::int64_t start) {
  Bucket& bucket = buckets_[start];
  bucket.start = start;
  return bucket;
}

std::uint32_t KeyBuckets::add(Bucket& bucket, const Hash128& key, std::uint32_t offset) {
  const std::uint32_t place = bucket.size % chunk_entries;
  if (place == 0) {
    if (free_.empty()) {
      free_.push_back(static_cast<std::uint32_t>(chunks_.size()));
      chunks_.emplace_back();
    }
    const std::uint32_t number = free_.back();
    free_.pop_back();
    chunks_[number].reset(new Chunk);  // NOLINT(modernize-make-unique): that would zero it
    chunks_[number]->start = bucket.start;
    bucket.chunks.push_back(number);
    ++live_chunks_;
  }
  Chunk& chunk = *chunks_[bucket.chunks.back()];
  chunk.keys[place] = key;
  chunk.offsets[place] = offset;
  ++bucket.size;
  return bucket.chunks.back() * chunk_entries + place;
}

void KeyBuckets::truncate(Bucket& bucket, std::uint32_t size) {
  bucket.size = size;
  const std::size_t needed = (size + chunk_entries - 1) / chunk_entries;
  while (bucket.chunks.size() > needed) {
    chunks_[bucket.chunks.back()].reset();
    free_.push_back(bucket.chunks.back());
    bucket.chunks.pop_back();
    --live_chunks_;
  }
}

void KeyBuckets::erase(std::int64_t start) {
  const auto found = buckets_.find(start);
  if (found == buckets_.end()) return;
  truncate(found->second, 0);
  buckets_.erase(found);
}

std::string encode_keys(const KeyBuckets& entries, const KeyBuckets::Bucket& bucket, std::uint32_t from) {
  ByteWriter out;
  const std::uint32_t count = bucket.size - from;
  out.reserve(10 + std::size_t{count} * 20);
  out.varint(count);
  for (std::uint32_t i = from; i < bucket.size; ++i) {
    const Hash128& key = entries.key(KeyBuckets::entry_of(bucket, i));
    out.number(key.high);
    out.number(key.low);
  }
  for (std::uint32_t i = from; i < bucket.size; ++i) out.number(entries.offset(KeyBuckets::entry_of(bucket, i)));
  return out.take();
}

std::string encode_keys(const std::vector<std::pair<Hash128, std::uint32_t>>& entries) {
  ByteWriter out;
  out.reserve(10 + entries.size() * 20);
  out.varint(entries.size());
  for (const auto& [key, offset] : entries) {
    out.number(key.high);
    out.number(key.low);
  }
  for (const auto& [key, offset] : entries) out.number(offset);
  return out.take();
}

bool decode_keys(std::string_view bytes, KeyBlock& block) {
  ByteReader in(bytes);
  if (!in.varint(block.count) || block.count > in.left() / 20) return false;
  return in.view(block.keys, block.count * 16) && in.view(block.offsets, block.count * 4) && in.left() == 0;
}

Hash128 KeyBlock::key(std::uint64_t i) const {
  Hash128 key;
  std::memcpy(&key.high, keys.data() + i * 16, 8);
  std::memcpy(&key.low, keys.data() + i * 16 + 8, 8);
  return key;
}

std::uint32_t KeyBlock::offset(std::uint64_t i) const {
  std::uint32_t offset = 0;
  std::memcpy(&offset, offsets.data() + i * 4, 4);
  return offset;
}

}  // namespace weir
