#pragma once
// Builds contracts and records for the tests of formats, and shows what a decoder made of them as JSON text.
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/decoder.h"

namespace weir::test {

FieldSpec field(std::string name, std::string type);
FieldSpec required(std::string name, std::string type);  // neither absent nor null
ContractSpec contract(std::vector<FieldSpec> fields);

// Values as they are; each is a buffer of its own without a byte of room behind it, so that a sanitizer sees an over-read.
class Records {
 public:
  Records();
  Records& add(std::optional<std::string_view> value, std::optional<std::string_view> key = std::nullopt,
               std::vector<Header> headers = {});
  const RecordBatch& batch() const { return batch_; }

 private:
  const char* keep(std::string_view bytes);

  RecordBatch batch_;
  std::vector<std::unique_ptr<char[]>> buffers_;
};

// The contract must compile.
std::unique_ptr<Decoder> decoder_of(const ContractSpec& spec, DecoderOptions options = {"source", {}, {}});
Decoded decode(const ContractSpec& spec, const std::vector<std::string>& values);

// The one record's row as JSON, or "CODE field: message".
std::string outcome(const ContractSpec& spec, std::string_view value);
// "CODE field" without the message; or "row".
std::string code_of(const ContractSpec& spec, std::string_view value);
// All rows as JSON.
std::vector<std::string> rows(const Batch& batch);

}  // namespace weir::test
