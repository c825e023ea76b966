#pragma once
// Mints random identifiers (RFC 9562 version 4) from the kernel's random source.

#include <string>

namespace weir {

// "xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx", lower case.
std::string mint_uuid();

}  // namespace weir
