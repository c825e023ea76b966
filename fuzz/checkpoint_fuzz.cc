// What a checkpoint holds, read by a version that may not have written it: plans, commits, blocks of keys and rows. Any
// bytes are refused or read back as themselves. The first byte chooses the reader, the rest is the text.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "data/row_codec.h"
#include "state/commit.h"
#include "state/key_buckets.h"
#include "state/plan.h"
#include "state/row_bucket.h"

namespace {

using namespace weir;

void read_rows(std::string_view text) {
  const auto rows = decode_rows(text);
  if (rows) CHECK(decode_rows(encode_rows(*rows))->size() == rows->size());
  RowBucket bucket;
  if (!bucket.apply(text)) return;
  const std::string changes = bucket.encode_changes();
  bucket.merge(true);
  RowBucket again;
  CHECK(again.apply(changes) && again.encode_all(true) == bucket.encode_all(true), "a block reads back");
}

void read_packed(std::string_view text, RowForm form) {
  static const std::vector<Column> columns = {{"t", Type{TypeKind::timestamp}},
                                              {"s", Type{TypeKind::string}},
                                              {"d", Type{TypeKind::float64}},
                                              {"b", Type{TypeKind::boolean}},
                                              {"w", decimal_type(38, 4)}};
  const RowCodec codec = *RowCodec::make(columns, form);
  Chunk chunk = make_chunk(Schema(columns));
  if (!codec.decode(std::span(&text, 1), chunk.get(), 0)) return;
  duckdb_data_chunk_set_size(chunk.get(), 1);
  const Batch batch(std::make_shared<Schema>(columns), {std::make_shared<const Chunk>(std::move(chunk))});
  const PackedRows packed = codec.encode(batch, 0);
  Chunk again = make_chunk(Schema(columns));
  const std::string_view bytes = packed[0];
  CHECK(codec.decode(std::span(&bytes, 1), again.get(), 0).has_value(), "a packed row reads back");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 6) {
    case 0:
      if (const auto plan = decode_plan(text)) CHECK(*decode_plan(encode(*plan)) == *plan, "a plan reads back");
      break;
    case 1:
      if (const auto commit = decode_commit(text))
        CHECK(*decode_commit(encode(*commit)) == *commit, "a commit reads back");
      break;
    case 2: read_rows(text); break;
    case 3: {
      KeyBlock block;
      if (decode_keys(text, block) && block.count > 0) block.key(block.count - 1), block.offset(block.count - 1);
      break;
    }
    case 4: read_packed(text, RowForm::key); break;
    default: read_packed(text, RowForm::row); break;
  }
  return 0;
}
