#include "base/result.h"

namespace weir {

std::string_view to_string(Fault fault) {
  switch (fault) {
    case Fault::config: return "config";
    case Fault::data: return "data";
    case Fault::external: return "external";
    case Fault::internal: return "internal";
  }
  return "internal";
}

}  // namespace weir
