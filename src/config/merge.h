#pragma once
// Brings together what makes up one pipeline before it is read: includes, overlays, --set. Works on trees, so
// that every value keeps the place where it was written.
//
// Errors: reported to the Reading. Threads: one per Reading.

#include <string>

#include "config/node.h"
#include "config/reading.h"

namespace weir {

// Brings the connections and contracts of the files under `include:` into the root. A name may be given once
// only.
void bring_includes(Reading& reading, Node& root);

// Lays `over` over `base`: maps are merged key by key, everything else is replaced, null removes the key.
void lay_over(Node& base, Node over);

// Applies "sources.payments.max_records=1000". List entries go by name or index. The value is YAML.
void apply_set(Reading& reading, Node& root, const std::string& assignment, const std::string& folder);

// How a file named in another is shown: beside the one that names it.
std::string shown_beside(const SourceFile& file, const std::string& written);

}  // namespace weir
