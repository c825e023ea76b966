#pragma once
// Writes what users read about the file format: the JSON Schema that editors check against, and the Markdown pages of
// docs/reference. Both come from describe() alone, by way of outline.h.
//
// Threads: pure functions.

#include <string>

namespace weir {

enum class Page { pipeline, contract };

// JSON Schema, draft 2020-12, indented.
std::string json_schema(Page page);

std::string markdown_reference(Page page);

}  // namespace weir
