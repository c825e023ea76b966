#include "state/bucket_log.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/check.h"
#include "base/hash.h"
#include "base/json.h"
#include "state/byte_stream.h"
#include "state/checkpoint_history.h"
#include "state/checkpoint_layout.h"
#include "state/database.h"

namespace weir {
namespace {

constexpr int format = 1;
constexpr char block_letter = 'B';
constexpr char page_letter = 'P';
constexpr char filter_letter = 'F';
constexpr const char* head_key = "H";
constexpr std::size_t key_size = 17;  // letter, bucket, seq
constexpr std::size_t value_header = 9;
constexpr std::string_view ways_out = "undo the change, give the step a new name, or set `state: reset` for it";

std::string key_of(char letter, std::int64_t bucket, std::uint64_t seq) {
  return letter + ordered_bytes(bucket) + ordered_bytes(static_cast<std::int64_t>(seq));
}

std::string page_key(std::int64_t bucket, std::uint64_t part, std::uint32_t page) {
  return key_of(page_letter, bucket, part) + ordered_bytes(page);
}

std::uint64_t checksum_of(std::string_view key, std::string_view content) { return hash64(content, hash64(key)); }

std::string wrap(std::string_view key, std::string_view content) {
  ByteWriter out;
  out.reserve(value_header + content.size());
  out.number(static_cast<std::uint8_t>(format));
  out.number(checksum_of(key, content));
  out.raw(content.data(), content.size());
  return out.take();
}

struct Content {
  std::uint64_t checksum = 0;
  std::string_view bytes;
};

Result<Content> unwrap(std::string_view key, std::string_view value) {
  ByteReader in(value);
  std::uint8_t version = 0;
  Content content;
  if (!in.number(version) || !in.number(content.checksum)) return fail(damaged("a block of state is cut short"));
  if (version > format) {
    return fail(Fault::config, "the checkpoint's state was written by a newer Weir: run that version or a newer one");
  }
  in.view(content.bytes, in.left());
  if (version != format || checksum_of(key, content.bytes) != content.checksum)
    return fail(damaged("a block of state has another checksum than when it was written"));
  return content;
}

std::uint64_t seq_of(std::string_view key) { return static_cast<std::uint64_t>(from_ordered_bytes(key.substr(9))); }

// The key behind the last one with this letter and bucket.
std::string behind(char letter, std::int64_t bucket) { return letter + ordered_bytes(bucket) + std::string(9, '\xff'); }

std::string meta_key(const std::string& family) { return std::string(layout::meta_head) + family; }

}  // namespace

Result<BucketLog> BucketLog::open(Checkpoint& checkpoint, const std::string& id, std::string identity,
                                  StateMeanings meanings) {
  std::string family = TRY(checkpoint.state_family(id));
  BucketLog log(checkpoint, std::move(family), std::move(identity), std::move(meanings));
  TRY(log.read_head());
  return log;
}

Result<std::optional<std::string>> BucketLog::stored_identity(Checkpoint& checkpoint, const std::string& id) {
  const std::string family = TRY(checkpoint.state_family(id));
  const auto head = TRY(checkpoint.get(family, head_key));
  if (!head) return std::nullopt;
  const auto json = parse_stored(*head, "state", format);
  if (!json || !json->is_object() || !json->contains("identity")) return std::nullopt;  // open() says what is wrong
  const Json& identity = (*json)["identity"];
  return identity.is_string() ? std::optional(identity.get<std::string>()) : std::nullopt;
}

std::string BucketLog::encode_head(const Head& head) const {
  Json meanings = Json::array();
  for (const StateMeaning& meaning : meanings_) {
    Json one{{"field", meaning.field}, {"value", meaning.value}};
    if (meaning.bound) one["bound"] = *meaning.bound;
    meanings.push_back(std::move(one));
  }
  return dump_json(Json{{"format", format},
                        {"identity", identity_},
                        {"meaning", std::move(meanings)},
                        {"seq", head.seq},
                        {"rows", head.rows},
                        {"blocks", head.blocks},
                        {"checksum", head.checksum},
                        {"bytes", head.bytes}});
}

Result<BucketLog::Head> BucketLog::decode_head(std::string_view text) {
  const Json json = TRY(parse_stored(text, "state", format));
  JsonFields fields(json, "state");
  Head head;
  fields.required<std::int32_t>("format");
  const auto identity = fields.required<std::string>("identity");
  const Json* const meanings = fields.array("meaning");
  head.seq = fields.required<std::uint64_t>("seq");
  head.rows = fields.required<std::uint64_t>("rows");
  head.blocks = fields.required<std::uint64_t>("blocks");
  head.checksum = fields.required<std::uint64_t>("checksum");
  head.bytes = fields.required<std::uint64_t>("bytes");
  TRY(fields.finish());
  StateMeanings stored;
  for (std::size_t i = 0; meanings != nullptr && i < meanings->size(); ++i) {
    JsonFields one((*meanings)[i], "meaning of state");
    StateMeaning& meaning = stored.emplace_back();
    meaning.field = one.required<std::string>("field");
    meaning.value = one.required<std::string>("value");
    if (one.has("bound")) meaning.bound = one.required<std::int64_t>("bound");
    TRY(one.finish());
  }
  TRY(compare(stored));
  if (identity != identity_) {
    return fail(Fault::config,
                fmt::format("the state in the checkpoint does not fit this step: {}: stored {}, asked for {}", ways_out,
                            identity, identity_));
  }
  return head;
}

Status BucketLog::compare(const StateMeanings& stored) {
  const auto find = [](const StateMeanings& in, const std::string& field) {
    return std::find_if(in.begin(), in.end(), [&](const StateMeaning& one) { return one.field == field; });
  };
  const auto refuse = [](const std::string& field, const std::string& was, const std::string& is, std::string place) {
    return fail(Fault::config,
                fmt::format("the state in the checkpoint was made with another {}: {}: it was {}, now it is {}", field,
                            ways_out, was, is),
                std::move(place));
  };
  for (const StateMeaning& asked : meanings_) {
    const auto was = find(stored, asked.field);
    if (was == stored.end()) return refuse(asked.field, "nothing", asked.value, asked.place);
    if (was->value == asked.value) continue;
    const bool within_bound = asked.bound && was->bound && *asked.bound <= *was->bound;
    if (!asked.free && !within_bound) return refuse(asked.field, was->value, asked.value, asked.place);
    fresh_ = true;
  }
  for (const StateMeaning& was : stored)
    if (find(meanings_, was.field) == meanings_.end()) return refuse(was.field, was.value, "nothing", "");
  return {};
}

Status BucketLog::read_head() {
  const auto inside = TRY(checkpoint_->get(family_, head_key));
  const auto beside = TRY(checkpoint_->get(layout::meta, meta_key(family_)));
  if (inside != beside) return fail(damaged(fmt::format("blocks of {} were written and are gone", family_)));
  if (!inside) return {};
  fresh_ = false;
  auto head = decode_head(*inside);
  if (!head) return head.error().fault == Fault::config ? fail(head.error()) : fail(damaged(head.error().message));
  committed_ = total_ = *head;
  return {};
}

Status BucketLog::load(const Load& load) {
  const ScanRow on_block = [&](std::string_view key, std::string_view value) -> Status {
    if (key.size() != key_size) return fail(damaged("a block of state has a strange key"));
    const Content content = TRY(unwrap(key, value));
    const std::int64_t bucket = from_ordered_bytes(key.substr(1));
    Stored& stored = buckets_[bucket];
    ++stored.blocks;
    stored.checksum += content.checksum;
    stored.bytes += content.bytes.size();
    return load.block(bucket, content.bytes);
  };
  const ScanRow on_part = [&](std::string_view key, std::string_view value) -> Status {
    if (key.size() != key_size) return fail(damaged("a sealed part of state has a strange key"));
    const Content content = TRY(unwrap(key, value));
    ByteReader in(content.bytes);
    std::uint64_t page_bytes = 0;
    std::string_view filter;
    if (!in.varint(page_bytes) || !in.view(filter, in.left()))
      return fail(damaged("a sealed part of state is cut short"));
    const std::int64_t bucket = from_ordered_bytes(key.substr(1));
    Stored& stored = buckets_[bucket];
    ++stored.sealed_parts;
    stored.sealed_checksum += content.checksum;
    stored.sealed_bytes += page_bytes;
    return load.sealed(bucket, seq_of(key), filter);
  };
  TRY(checkpoint_->scan(family_, "B", "C", on_block));
  TRY(checkpoint_->scan(family_, "F", "G", on_part));
  Head found = committed_;
  found.blocks = found.checksum = found.bytes = 0;
  for (const auto& [bucket, stored] : buckets_) {
    found.blocks += stored.blocks + stored.sealed_parts;
    found.checksum += stored.checksum + stored.sealed_checksum;
    found.bytes += stored.bytes + stored.sealed_bytes;
  }
  if (found != committed_) {
    return fail(damaged(fmt::format("{} has {} blocks of {} bytes where {} of {} were written", family_, found.blocks,
                                    found.bytes, committed_.blocks, committed_.bytes)));
  }
  return {};
}

BucketLog::Stored& BucketLog::touch(std::int64_t bucket) {
  const auto found = buckets_.find(bucket);
  before_.try_emplace(bucket, found == buckets_.end() ? std::nullopt : std::optional(found->second));
  return found == buckets_.end() ? buckets_[bucket] : found->second;
}

BucketLog::Stored BucketLog::stored(std::int64_t bucket) const {
  const auto found = buckets_.find(bucket);
  return found == buckets_.end() ? Stored{} : found->second;
}

void BucketLog::append(std::int64_t bucket, std::string_view block, StateChanges& changes) {
  std::string key = key_of(block_letter, bucket, ++total_.seq);
  const std::uint64_t checksum = checksum_of(key, block);
  std::string value = wrap(key, block);
  changes.put(family_, std::move(key), std::move(value));
  Stored& stored = touch(bucket);
  ++stored.blocks;
  stored.checksum += checksum;
  stored.bytes += block.size();
  ++total_.blocks;
  total_.checksum += checksum;
  total_.bytes += block.size();
}

void BucketLog::erase_blocks(std::int64_t bucket, StateChanges& changes) {
  Stored& stored = touch(bucket);
  if (stored.blocks > 0)
    changes.erase_range(family_, key_of(block_letter, bucket, 0), key_of(block_letter, bucket, total_.seq + 1));
  total_.blocks -= stored.blocks;
  total_.checksum -= stored.checksum;
  total_.bytes -= stored.bytes;
  stored.blocks = stored.checksum = stored.bytes = stored.folded_bytes = 0;
}

void BucketLog::fold(std::int64_t bucket, std::string_view block, StateChanges& changes) {
  erase_blocks(bucket, changes);
  append(bucket, block, changes);
  touch(bucket).folded_bytes = block.size();
}

std::uint64_t BucketLog::seal(std::int64_t bucket, const std::vector<std::string>& pages, std::string_view filter,
                              StateChanges& changes) {
  erase_blocks(bucket, changes);
  const std::uint64_t part = ++total_.seq;
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < pages.size(); ++i) {
    std::string key = page_key(bucket, part, static_cast<std::uint32_t>(i));
    std::string value = wrap(key, pages[i]);
    bytes += pages[i].size();
    changes.put(family_, std::move(key), std::move(value));
  }
  ByteWriter content;
  content.reserve(filter.size() + 10);
  content.varint(bytes);
  content.raw(filter.data(), filter.size());
  std::string key = key_of(filter_letter, bucket, part);
  const std::string text = content.take();
  const std::uint64_t checksum = checksum_of(key, text);
  std::string value = wrap(key, text);
  changes.put(family_, std::move(key), std::move(value));
  Stored& stored = touch(bucket);
  ++stored.sealed_parts;
  stored.sealed_checksum += checksum;
  stored.sealed_bytes += bytes;
  ++total_.blocks;
  total_.checksum += checksum;
  total_.bytes += bytes;
  return part;
}

void BucketLog::drop(std::int64_t bucket, StateChanges& changes) {
  if (!buckets_.contains(bucket)) return;
  erase_blocks(bucket, changes);
  Stored& stored = touch(bucket);
  if (stored.sealed_parts > 0) {
    changes.erase_range(family_, key_of(page_letter, bucket, 0), behind(page_letter, bucket));
    changes.erase_range(family_, key_of(filter_letter, bucket, 0), behind(filter_letter, bucket));
  }
  total_.blocks -= stored.sealed_parts;
  total_.checksum -= stored.sealed_checksum;
  total_.bytes -= stored.sealed_bytes;
  buckets_.erase(bucket);
}

void BucketLog::finish(std::uint64_t rows, StateChanges& changes) {
  total_.rows = rows;
  if (total_ == committed_ && !fresh_) return;
  const std::string head = encode_head(total_);
  changes.put(family_, head_key, head);
  changes.put(layout::meta, meta_key(family_), head);
}

void BucketLog::merge() {
  committed_ = total_;
  fresh_ = false;
  before_.clear();
}

void BucketLog::discard() {
  total_ = committed_;
  for (auto& [bucket, stored] : before_) {
    if (stored) {
      buckets_[bucket] = *stored;
    } else {
      buckets_.erase(bucket);
    }
  }
  before_.clear();
}

Result<std::string> BucketLog::page(std::int64_t bucket, std::uint64_t part, std::uint32_t page) const {
  const std::string key = page_key(bucket, part, page);
  const auto value = TRY(checkpoint_->get(family_, key));
  if (!value) return fail(damaged("a page of sealed state is gone"));
  const Content content = TRY(unwrap(key, *value));
  return std::string(content.bytes);
}

}  // namespace weir
