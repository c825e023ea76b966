#pragma once
// Turns YAML text into a tree of Nodes. Takes any bytes: what is not plain YAML is reported with its place,
// never thrown and never taken in silence. Refused: more than 1 MB, 64 levels or 100,000 values; bytes that
// are not UTF-8; several documents; a key twice; anchors, aliases, merge keys, tags, directives.
//
// Threads: any. Ownership: `file` must outlive the nodes.

#include <cstddef>
#include <string_view>

#include "config/diagnostic.h"
#include "config/node.h"

namespace weir {

inline constexpr std::size_t yaml_bytes_max = std::size_t{1} << 20;
inline constexpr int yaml_depth_max = 64;
inline constexpr int yaml_nodes_max = 100'000;

// The root of the one document; a node of kind bad where there is none. Of syntax errors the first is
// reported, of the rest all.
Node parse_yaml(const SourceFile& file, std::string_view text, Diagnostics& problems);

}  // namespace weir
