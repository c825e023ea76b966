// The columns around the contract's fields, and decoders that make only some.
#include <catch2/catch.hpp>

#include "formats/records.h"

using namespace weir;
using namespace weir::test;

TEST_CASE("metadata columns come after the fields, in their order") {
  const auto decoder =
      decoder_of(contract({field("a", "int32")}),
                 {"s",
                  {MetadataColumn::headers, MetadataColumn::offset, MetadataColumn::key, MetadataColumn::topic,
                   MetadataColumn::partition, MetadataColumn::timestamp, MetadataColumn::key},
                  {}});
  CHECK(to_string(decoder->schema()) ==
        "a int32, _key binary, _topic string, _partition int32, _offset int64, _timestamp timestamp, "
        "_headers list<struct<name: string, value: binary>>, _src uint64");
  Records records;
  records.add(R"({"a":1})").add(R"({"a":"no row"})", "never seen", {{"h", "never seen"}});
  records.add(R"({"a":2})", "", {{"trace", "ab"}, {"none", std::nullopt}, {"\xff", ""}});
  records.add(R"({"a":3})", "k");
  const auto decoded = decoder->decode(records.batch(), 2);
  REQUIRE(decoded);
  const std::string place = R"("_topic":"rides","_partition":3,"_offset":)";
  const std::string time = R"(,"_timestamp":"2026-01-01T00:00:00Z")";
  CHECK(rows(decoded->rows) ==
        std::vector<std::string>{
            R"({"a":1,"_key":null,)" + place + "100" + time + R"(,"_headers":[]})",
            R"({"a":2,"_key":"",)" + place + "102" + time +
                R"(,"_headers":[{"name":"trace","value":"YWI="},{"name":"none","value":null},{"name":")"
                "\xef\xbf\xbd"
                R"(","value":""}]})",
            R"({"a":3,"_key":"aw==",)" + place + "103" + time + R"(,"_headers":[]})"});
  CHECK(decoded->rows.src() == std::vector<std::uint64_t>{make_src(2, 0), make_src(2, 2), make_src(2, 3)});
}

TEST_CASE("topics of any length, several streams, over many chunks") {
  const std::string long_topic(200, 't');
  RecordBatch batch;
  batch.streams = {{"a", PartitionId(0)}, {long_topic, PartitionId(1)}, {long_topic, PartitionId(2)}};
  const std::string text = R"({"a":1})";
  const std::string header(40, 'h');
  for (std::uint32_t i = 0; i < 9000; ++i) {
    Record record;
    record.value = text.data();
    record.value_size = static_cast<std::uint32_t>(text.size());
    record.stream = i / 3000;
    record.headers_begin = static_cast<std::uint32_t>(batch.headers.size());
    record.headers_count = i % 5;
    for (std::uint32_t h = 0; h < record.headers_count; ++h) batch.headers.push_back({header, std::nullopt});
    batch.records.push_back(record);
  }
  const auto decoded =
      decoder_of(contract({field("a", "int32")}),
                 {"s", {MetadataColumn::topic, MetadataColumn::partition, MetadataColumn::headers}, {}})
          ->decode(batch, 0);
  const auto texts = rows(decoded->rows);
  REQUIRE(texts.size() == 9000);
  for (std::uint32_t i = 0; i < 9000; ++i) {
    std::string headers;
    for (std::uint32_t h = 0; h < i % 5; ++h)
      headers += (h > 0 ? ",{\"name\":\"" : "{\"name\":\"") + header + "\",\"value\":null}";
    REQUIRE(texts[i] == R"({"a":1,"_topic":")" + (i < 3000 ? "a" : long_topic) + R"(","_partition":)" +
                            std::to_string(i / 3000) + R"(,"_headers":[)" + headers + "]}");
  }
}

TEST_CASE("columns that nobody wants are checked, not made") {
  const ContractSpec spec = contract({required("a", "string"), field("b", "list<list<int32>>"),
                                      field("c", "decimal(5,2)"), field("d", "struct<x: json>")});
  const auto decoder = decoder_of(spec, {"s", {}, std::vector<std::string>{"c", "a"}});
  CHECK(to_string(decoder->schema()) == "a string, c decimal(5,2), _src uint64");
  Records records;
  records.add(R"({"a":"x","b":[[1,2],[null],null],"c":1.5,"d":{"x":[1]}})");
  for (const char* bad : {R"({"a":"x","b":[[1,"2"]]})", R"({"a":"x","d":{"x":{"y":1,"y":2}}})", R"({"c":1})",
                          R"({"a":"x","b":[[9999999999]]})"})
    records.add(bad);
  const auto decoded = decoder->decode(records.batch(), 0);
  CHECK(rows(decoded->rows) == std::vector<std::string>{R"({"a":"x","c":1.50})"});
  std::vector<Code> codes;
  for (const Rejected& rejected : decoded->rejected) codes.push_back(rejected.code);
  CHECK(codes ==
        std::vector<Code>{Code::type_mismatch, Code::duplicate_field, Code::missing_field, Code::value_out_of_range});
  const auto none = decoder_of(spec, {"s", {}, std::vector<std::string>{}})->decode(records.batch(), 0);
  CHECK(none->rows.rows() == 1);
  CHECK(to_string(none->rows.schema()) == "_src uint64");
}

TEST_CASE("lists and structs keep their nulls apart, over many chunks and refused rows") {
  const ContractSpec spec = contract({field("l", "list<list<string>>"),
                                      field("s", "struct<a: struct<b: list<int32>>, c: string>"), field("n", "int32")});
  Records records;
  std::vector<std::string> want;
  for (int i = 0; i < 6000; ++i) {
    std::string l = "null";
    if (i % 5 != 0) {
      l = "[";
      for (int j = 0; j < i % 7; ++j)
        l += std::string(j > 0 ? "," : "") +
             (j % 3 == 2   ? "null"
              : j % 3 == 1 ? "[]"
                           : "[\"" + std::string(static_cast<std::size_t>(i % 30), 'x') + "\",null]");
      l += "]";
    }
    const std::string s = i % 4 == 0   ? "null"
                          : i % 4 == 1 ? R"({"a":null,"c":null})"
                                       : R"({"a":{"b":[)" + std::to_string(i) + R"(,null]},"c":"c"})";
    const bool bad = i % 3 == 1;
    records.add("{\"l\":" + l + ",\"s\":" + s + ",\"n\":" + (bad ? "\"x\"" : "1") + "}");
    if (!bad) want.push_back("{\"l\":" + l + ",\"s\":" + s + ",\"n\":1}");
  }
  const auto decoder = decoder_of(spec);
  CHECK(rows(decoder->decode(records.batch(), 0)->rows) == want);
  CHECK(rows(decoder->decode(records.batch(), 0)->rows) == want);
}

TEST_CASE("one record may hold more elements than a chunk has rows") {
  const ContractSpec spec = contract({field("l", "list<struct<a: string, b: list<int64>>>")});
  std::string list = "[";
  for (int i = 0; i < 10'000; ++i)
    list += std::string(i > 0 ? "," : "") + (i % 3 == 0 ? "null"
                                                        : R"({"a":"a string of some length )" + std::to_string(i) +
                                                              R"(","b":[)" + std::to_string(i) + ",null,7]}");
  list += "]";
  const Decoded decoded = decode(spec, {"{\"l\":" + list + "}", R"({"l":[]})", "{\"l\":" + list + "}"});
  CHECK(rows(decoded.rows) == std::vector<std::string>{"{\"l\":" + list + "}", R"({"l":[]})", "{\"l\":" + list + "}"});
}

TEST_CASE("an empty batch gives no rows") {
  Records none;
  const auto decoded = decoder_of(contract({field("a", "int32")}))->decode(none.batch(), 0);
  CHECK(decoded->rows.empty());
  CHECK(decoded->rejected.empty());
  CHECK(to_string(decoded->rows.schema()) == "a int32, _src uint64");
}

TEST_CASE("a null struct is null below, and refused rows leave no elements: DuckDB reads children by themselves") {
  const ContractSpec spec =
      contract({field("s", "struct<a: int32, b: struct<c: string>>"), field("l", "list<int32>"), field("n", "int32")});
  const Decoded decoded =
      decode(spec, {R"({"s":{"a":1,"b":{"c":"x"}},"l":[1,2,3],"n":"refused"})", R"({"s":null,"l":[4]})",
                    R"({"l":[5,6],"s":{"a":2,"b":{"c":"y"}},"n":"refused"})", R"({"l":[7]})"});
  REQUIRE(decoded.rows.rows() == 2);
  const Chunk& chunk = *decoded.rows.chunks().at(0);
  const duckdb_vector a = duckdb_struct_vector_get_child(chunk.column(0), 0);
  const duckdb_vector b = duckdb_struct_vector_get_child(chunk.column(0), 1);
  const duckdb_vector c = duckdb_struct_vector_get_child(b, 0);
  for (const duckdb_vector vector : {chunk.column(0), a, b, c})
    for (std::size_t row = 0; row < 2; ++row) CHECK_FALSE(is_valid(duckdb_vector_get_validity(vector), row));
  CHECK(duckdb_list_vector_get_size(chunk.column(1)) == 2);
  const auto* elements =
      static_cast<const std::int32_t*>(duckdb_vector_get_data(duckdb_list_vector_get_child(chunk.column(1))));
  CHECK(elements[0] == 4);
  CHECK(elements[1] == 7);
}
