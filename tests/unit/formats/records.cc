#include "formats/records.h"

#include <cstring>

#include <catch2/catch.hpp>

#include "formats/json_encoder.h"

namespace weir::test {

FieldSpec field(std::string name, std::string type) {
  FieldSpec spec;
  spec.name = std::move(name);
  spec.type = std::move(type);
  return spec;
}

FieldSpec required(std::string name, std::string type) {
  FieldSpec spec = field(std::move(name), std::move(type));
  spec.required = true;
  spec.nullable = false;
  return spec;
}

ContractSpec contract(std::vector<FieldSpec> fields) {
  ContractSpec spec;
  spec.name = "ride";
  spec.fields = std::move(fields);
  return spec;
}

Records::Records() { batch_.streams.push_back({"rides", PartitionId(3)}); }

const char* Records::keep(std::string_view bytes) {
  auto buffer = std::make_unique<char[]>(bytes.size());
  if (!bytes.empty()) std::memcpy(buffer.get(), bytes.data(), bytes.size());
  buffers_.push_back(std::move(buffer));
  return buffers_.back().get();
}

Records& Records::add(std::optional<std::string_view> value, std::optional<std::string_view> key,
                      std::vector<Header> headers) {
  Record record;
  if (value) {
    record.value = keep(*value);
    record.value_size = static_cast<std::uint32_t>(value->size());
  }
  if (key) {
    record.key = keep(*key);
    record.key_size = static_cast<std::uint32_t>(key->size());
  }
  record.offset = Offset(static_cast<std::int64_t>(100 + batch_.records.size()));
  record.timestamp = Micros(1'767'225'600'000'000);
  record.headers_begin = static_cast<std::uint32_t>(batch_.headers.size());
  record.headers_count = static_cast<std::uint32_t>(headers.size());
  for (const Header& header : headers) {
    Header kept{{keep(header.name), header.name.size()}, std::nullopt};
    if (header.value) kept.value = std::string_view(keep(*header.value), header.value->size());
    batch_.headers.push_back(kept);
  }
  batch_.records.push_back(record);
  return *this;
}

std::unique_ptr<Decoder> decoder_of(const ContractSpec& spec, DecoderOptions options) {
  auto compiled = Contract::compile(spec);
  if (!compiled) FAIL(compiled.error().text());
  return make_json_decoder(std::move(*compiled), std::move(options));
}

Decoded decode(const ContractSpec& spec, const std::vector<std::string>& values) {
  Records records;
  for (const std::string& value : values) records.add(value);
  auto decoded = decoder_of(spec)->decode(records.batch(), 0);
  if (!decoded) FAIL(decoded.error().text());
  return std::move(*decoded);
}

std::string outcome(const ContractSpec& spec, std::string_view value) {
  const Decoded decoded = decode(spec, {std::string(value)});
  if (decoded.rejected.empty()) return rows(decoded.rows).at(0);
  const Rejected& rejected = decoded.rejected.at(0);
  return std::string(to_string(rejected.code)) + " " + rejected.field + ": " + rejected.message;
}

std::string code_of(const ContractSpec& spec, std::string_view value) {
  const Decoded decoded = decode(spec, {std::string(value)});
  if (decoded.rejected.empty()) return "row";
  const Rejected& rejected = decoded.rejected.at(0);
  return std::string(to_string(rejected.code)) + (rejected.field.empty() ? "" : " " + rejected.field);
}

std::vector<std::string> rows(const Batch& batch) {
  const EncodedRows encoded = encode_json(batch);
  std::vector<std::string> out;
  for (std::size_t i = 0; i < encoded.ends.size(); ++i) out.emplace_back(encoded.row(i));
  return out;
}

}  // namespace weir::test
