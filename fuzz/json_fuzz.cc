// Records as JSON: bytes that anyone may send. Whatever they are, the decoder gives one row or one code, and a row that was
// written as JSON is read back as the same row. The first byte chooses the contract, the rest is the record.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "formats/dead_letter.h"
#include "formats/decoder.h"
#include "formats/json_encoder.h"

namespace {

using namespace weir;

[[noreturn]] void stop(const char* what, const std::string& text) {
  std::fprintf(stderr, "%s: %s\n", what, text.c_str());
  std::abort();
}

ContractSpec base_contract() {
  ContractSpec spec;
  for (const auto& [name, type] : {std::pair{"s", "string"},
                                   {"i", "int32"},
                                   {"n", "int64"},
                                   {"d", "double"},
                                   {"m", "decimal(9,2)"},
                                   {"w", "decimal(38,10)"},
                                   {"t", "timestamp"},
                                   {"y", "date"},
                                   {"b", "bool"},
                                   {"x", "binary"},
                                   {"j", "json"},
                                   {"l", "list<list<int64>>"},
                                   {"o", "struct<a: string, b: list<struct<c: decimal(4,1)>>>"}}) {
    FieldSpec field;
    field.name = name;
    field.type = type;
    spec.fields.push_back(field);
  }
  spec.record_bytes_max = 1 << 16;
  return spec;
}

std::vector<ContractSpec> contracts() {
  std::vector<ContractSpec> all(4, base_contract());
  all[1].drift.new_field = NewField::keep_raw;
  all[1].drift.type_change = TypeChange::null;
  all[2].drift.new_field = NewField::dead_letter;
  all[2].fields[0].required = true;
  all[2].fields[0].nullable = false;
  all[2].fields[0].pattern = "[a-z]*";
  all[2].fields[4].min = -1.5;
  all[2].fields[6].format = TimestampFormat::epoch_seconds;
  all[2].depth_max = 3;
  return all;
}

struct Target {
  std::unique_ptr<Decoder> decoder;
  bool round_trip = true;
};

const std::vector<Target>& targets() {
  static const auto* made = [] {
    auto* all = new std::vector<Target>();
    std::size_t i = 0;
    for (const ContractSpec& spec : contracts()) {
      auto contract = Contract::compile(spec);
      if (!contract) stop("the contract does not compile", contract.error().text());
      DecoderOptions options{"fuzz", {}, {}};
      if (i == 3) options.wanted = std::vector<std::string>{"d", "l"};
      // `_extra` is no field of a record, epochs are read as numbers but written as text, and a part of a row is not the row.
      all->push_back({make_json_decoder(std::move(*contract), std::move(options)), i == 0});
      ++i;
    }
    return all;
  }();
  return *made;
}

RecordBatch one_record(const char* data, std::size_t size) {
  RecordBatch batch;
  batch.streams.push_back({"topic", PartitionId(0)});
  Record record;
  record.value = data;
  record.value_size = static_cast<std::uint32_t>(size);
  batch.records.push_back(record);
  return batch;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const Target& target = targets()[data[0] % targets().size()];
  const std::vector<char> bytes(data + 1, data + size);  // of its very size, so that an over-read is seen
  static const char nothing = 0;
  const RecordBatch batch = one_record(bytes.empty() ? &nothing : bytes.data(), bytes.size());
  const auto decoded = target.decoder->decode(batch, 0);
  if (!decoded) stop("a record became an error", decoded.error().text());
  if (decoded->rows.rows() + decoded->rejected.size() != 1) stop("not one outcome", "");
  const DeadLetterInput inputs[] = {{&batch, nullptr, "fuzz"}};
  const EncodedRows letters = encode_json(make_dead_letters(decoded->rejected, inputs, {}));
  if (letters.ends.size() != decoded->rejected.size()) stop("a dead letter is missing", "");
  const EncodedRows once = encode_json(decoded->rows);
  if (!target.round_trip || once.ends.empty() || once.text.size() > (1 << 16)) return 0;
  const RecordBatch again = one_record(once.text.data(), once.text.size());
  const auto back = target.decoder->decode(again, 0);
  if (!back || back->rows.empty()) stop("a row that was written is refused", once.text);
  if (encode_json(back->rows).text != once.text) stop("a row that was written is read back as another", once.text);
  return 0;
}
