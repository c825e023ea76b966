#include "state/key_set.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <utility>

#include "base/check.h"
#include "state/bucket_log.h"
#include "state/checkpoint_history.h"
#include "state/key_buckets.h"
#include "state/sealed_keys.h"
#include "state/slot_index.h"

namespace weir {
namespace {

constexpr std::int64_t hour = 3'600'000'000;                    // an offset in a bucket has 32 bits
constexpr std::int64_t time_limit = 9'000'000'000'000'000'000;  // beyond it (SQL's infinity) times are taken as this
constexpr std::size_t ahead = 12;                               // keys between asking for a cache line and needing it
constexpr std::uint64_t blocks_max = 1'024;                     // of a bucket, before they are folded into one
constexpr std::uint32_t seal_least = 4'096;                     // keys that are worth a sealed part

std::uint32_t short_hash(const Hash128& key) { return static_cast<std::uint32_t>(key.low); }

constexpr std::string_view identity_prefix = "keys by us: ";

std::optional<std::int64_t> stored_width(std::string_view identity) {
  std::int64_t width = 0;
  if (!identity.starts_with(identity_prefix)) return std::nullopt;
  const char* const end = identity.data() + identity.size();
  const auto read = std::from_chars(identity.data() + identity_prefix.size(), end, width);
  const bool is_width = read.ec == std::errc() && read.ptr == end && width > 0 && width <= hour;
  return is_width ? std::optional(width) : std::nullopt;
}

std::int64_t floor_to(std::int64_t time, std::int64_t width) {
  const std::int64_t rest = time % width;
  return time - (rest < 0 ? rest + width : rest);
}

}  // namespace

struct KeySet::Impl {
  BucketLog log;
  std::int64_t width;
  std::uint64_t memory_max;
  KeyBuckets entries;
  SlotIndex index;
  SealedKeys sealed;
  std::vector<std::int64_t> touched;    // starts of buckets with entries of this batch
  std::vector<std::int64_t> sealing;    // starts of buckets that go from memory with the commit
  SealedKeys sealed_new;                // parts of this batch
  std::optional<std::int64_t> horizon;  // buckets that end at or before it go with the commit
  KeyBuckets::Bucket* last = nullptr;   // the bucket of the row before

  Impl(BucketLog made, const KeySetOptions& options)
      : log(std::move(made)), width(options.bucket_width.value), memory_max(options.memory_max.value) {}

  Status load() {
    return log.load({[this](std::int64_t bucket, std::string_view block) { return load_block(bucket, block); },
                     [this](std::int64_t bucket, std::uint64_t part, std::string_view text) {
                       return sealed.load(bucket, part, text);
                     }});
  }

  Status load_block(std::int64_t start, std::string_view bytes) {
    KeyBlock block;
    if (!decode_keys(bytes, block)) return fail(damaged("a block of keys is malformed"));
    KeyBuckets::Bucket& bucket = entries.at(start);
    for (std::uint64_t i = 0; i < block.count; ++i) {
      if (i + ahead < block.count) index.prefetch(short_hash(block.key(i + ahead)));
      const Hash128 key = block.key(i);
      index.add(short_hash(key), entries.add(bucket, key, block.offset(i)));
    }
    bucket.merged = bucket.size;
    return {};
  }

  bool live_match(const Hash128& key, std::int64_t from, std::int64_t to) const {
    return index.find(short_hash(key), [&](std::uint32_t entry) {
      if (entries.key(entry) != key) return false;
      const std::int64_t time = entries.time(entry);
      return time >= from && time <= to;
    });
  }

  KeyBuckets::Bucket& bucket_of(std::int64_t time) {
    const std::int64_t start = floor_to(time, width);
    if (last == nullptr || last->start != start) last = &entries.at(start);
    return *last;
  }

  void remember(const Hash128& key, std::int64_t time) {
    KeyBuckets::Bucket& bucket = bucket_of(time);
    if (bucket.size == bucket.merged) touched.push_back(bucket.start);
    index.add(short_hash(key), entries.add(bucket, key, static_cast<std::uint32_t>(time - bucket.start)));
  }

  // Takes the entries behind the first `size` out of index and memory.
  void forget(KeyBuckets::Bucket& bucket, std::uint32_t size) {
    for (std::uint32_t i = size; i < bucket.size; ++i) {
      if (i + ahead < bucket.size) index.prefetch(short_hash(entries.key(KeyBuckets::entry_of(bucket, i + ahead))));
      const std::uint32_t entry = KeyBuckets::entry_of(bucket, i);
      index.remove(short_hash(entries.key(entry)), entry);
    }
    entries.truncate(bucket, size);
  }

  void forget_bucket(std::int64_t start) {
    last = nullptr;
    const auto found = entries.all().find(start);
    if (found == entries.all().end()) return;
    forget(found->second, 0);
    entries.erase(start);
  }

  bool passed(std::int64_t start) const { return horizon && start <= *horizon - width; }

  std::vector<std::int64_t> passed_buckets() const {
    std::vector<std::int64_t> starts;
    for (const auto& [start, stored] : log.buckets())
      if (passed(start)) starts.push_back(start);
    for (const auto& [start, bucket] : entries.all())
      if (passed(start)) starts.push_back(start);
    std::sort(starts.begin(), starts.end());
    starts.erase(std::unique(starts.begin(), starts.end()), starts.end());
    return starts;
  }

  std::uint64_t memory() const { return entries.memory() + index.memory() + sealed.memory(); }

  // The coldest buckets, oldest first, that bring memory below its limit.
  void choose_sealing() {
    constexpr std::uint64_t bytes_a_key = 20 + 11;
    std::uint64_t held = memory();
    for (const auto& [start, bucket] : entries.all()) {
      if (held <= memory_max) return;
      if (passed(start) || bucket.size < seal_least) continue;
      sealing.push_back(start);
      held -= std::min(held, bucket.size * bytes_a_key);
    }
  }

  void seal(std::int64_t start, StateChanges& changes) {
    const KeyBuckets::Bucket& bucket = entries.at(start);
    std::vector<std::pair<Hash128, std::uint32_t>> keys;
    keys.reserve(bucket.size);
    for (std::uint32_t i = 0; i < bucket.size; ++i) {
      const std::uint32_t entry = KeyBuckets::entry_of(bucket, i);
      keys.emplace_back(entries.key(entry), entries.offset(entry));
    }
    const SealedKeys::Part part = SealedKeys::make(std::move(keys));
    const std::uint64_t number = log.seal(start, part.pages, part.text, changes);
    sealed_new.add(start, number, part);
  }

  std::uint64_t rows() const {
    std::uint64_t rows = sealed.rows();
    for (const auto& [start, bucket] : entries.all()) rows += bucket.size;
    return rows;
  }
};

KeySet::KeySet(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
KeySet::KeySet(KeySet&&) noexcept = default;
KeySet& KeySet::operator=(KeySet&&) noexcept = default;
KeySet::~KeySet() = default;

Result<KeySet> KeySet::open(Checkpoint& checkpoint, const KeySetOptions& options) {
  CHECK(options.bucket_width.value > 0 && options.bucket_width.value <= hour);
  KeySetOptions with = options;
  std::string identity(identity_prefix);
  const auto stored = TRY(BucketLog::stored_identity(checkpoint, options.id));
  if (const auto width = stored ? stored_width(*stored) : std::nullopt) with.bucket_width = Micros(*width);
  identity += std::to_string(with.bucket_width.value);
  auto impl =
      std::make_unique<Impl>(TRY(BucketLog::open(checkpoint, options.id, std::move(identity), options.meanings)), with);
  TRY(impl->load());
  return KeySet(std::move(impl));
}

Status KeySet::insert(std::span<const Hash128> keys, std::span<const Micros> times, std::optional<Micros> horizon,
                      std::optional<Micros> within, std::span<std::uint8_t> fresh) {
  CHECK(keys.size() == times.size() && keys.size() == fresh.size());
  Impl& impl = *impl_;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (i + ahead < keys.size()) {
      impl.index.prefetch(short_hash(keys[i + ahead]));
      impl.sealed.prefetch(keys[i + ahead]);
    }
    const std::int64_t time = std::clamp(times[i].value, -time_limit, time_limit);
    std::int64_t from = horizon ? horizon->value : INT64_MIN;
    std::int64_t to = INT64_MAX;
    if (within) {
      std::int64_t bound = 0;
      if (!__builtin_sub_overflow(time, within->value, &bound)) from = std::max(from, bound);
      if (!__builtin_add_overflow(time, within->value, &bound)) to = bound;
    }
    bool there = impl.live_match(keys[i], from, to);
    if (!there && !impl.sealed.empty()) there = TRY(impl.sealed.match(impl.log, keys[i], from, to, impl.width));
    fresh[i] = there ? 0 : 1;
    if (!there) impl.remember(keys[i], time);
  }
  return {};
}

void KeySet::expire(Micros horizon) {
  const std::int64_t bounded = std::clamp(horizon.value, -time_limit, time_limit);
  impl_->horizon = std::max(impl_->horizon.value_or(-time_limit), bounded);
}

bool KeySet::due(Micros horizon) const {
  const std::int64_t passed_until = std::clamp(horizon.value, -time_limit, time_limit) - impl_->width;
  const auto& live = impl_->entries.all();
  const auto& stored = impl_->log.buckets();
  return (!live.empty() && live.begin()->first <= passed_until) ||
         (!stored.empty() && stored.begin()->first <= passed_until);
}

Status KeySet::pack(StateChanges& changes) {
  Impl& impl = *impl_;
  for (const std::int64_t start : impl.passed_buckets()) impl.log.drop(start, changes);
  impl.choose_sealing();
  std::sort(impl.touched.begin(), impl.touched.end());
  for (const std::int64_t start : impl.touched) {
    if (impl.passed(start) || std::binary_search(impl.sealing.begin(), impl.sealing.end(), start)) continue;
    const KeyBuckets::Bucket& bucket = impl.entries.at(start);
    if (impl.log.stored(start).blocks >= blocks_max) {
      impl.log.fold(start, encode_keys(impl.entries, bucket, 0), changes);
    } else {
      impl.log.append(start, encode_keys(impl.entries, bucket, bucket.merged), changes);
    }
  }
  for (const std::int64_t start : impl.sealing) impl.seal(start, changes);
  std::uint64_t rows = impl.rows();
  for (const auto& [start, bucket] : impl.entries.all())
    if (impl.passed(start)) rows -= bucket.size;
  rows -= impl.sealed.rows_until(impl.horizon ? *impl.horizon - impl.width : INT64_MIN);
  impl.log.finish(rows, changes);
  return {};
}

void KeySet::merge() {
  Impl& impl = *impl_;
  for (const std::int64_t start : impl.touched) {
    KeyBuckets::Bucket& bucket = impl.entries.at(start);
    bucket.merged = bucket.size;
  }
  for (const std::int64_t start : impl.sealing) impl.forget_bucket(start);
  impl.sealed.take(std::move(impl.sealed_new));
  for (const std::int64_t start : impl.passed_buckets()) impl.forget_bucket(start);
  if (impl.horizon) impl.sealed.drop_until(*impl.horizon - impl.width);
  impl.index.shrink();
  impl.log.merge();
  impl.touched.clear();
  impl.sealing.clear();
  impl.sealed_new = {};
  impl.horizon.reset();
}

void KeySet::discard() {
  Impl& impl = *impl_;
  for (const std::int64_t start : impl.touched) {
    KeyBuckets::Bucket& bucket = impl.entries.at(start);
    impl.forget(bucket, bucket.merged);
    if (bucket.size == 0) impl.entries.erase(start);
  }
  impl.last = nullptr;
  impl.log.discard();
  impl.touched.clear();
  impl.sealing.clear();
  impl.sealed_new = {};
  impl.horizon.reset();
}

TableSize KeySet::size() const { return {impl_->rows(), Bytes(impl_->log.bytes()), Bytes(impl_->memory())}; }

}  // namespace weir
