#pragma once
// What a spec must hold to beyond the shape of its single values: references, names, fields that go together.
// Also the lints, which are advice.
//
// Errors: reported to the Reading at the place of the value; a rule is silent where its value is reported
// already. Threads: one per Reading.

#include <string>
#include <string_view>

#include "config/contract_spec.h"
#include "config/pipeline_spec.h"
#include "config/reading.h"

namespace weir {

// Fills in each step's `from`; checks that names are unique and references exist (link.cc).
void link_pipeline(Reading& reading, PipelineSpec& pipeline);

// All rules and lints of a pipeline whose links are known.
void check_pipeline(Reading& reading, const PipelineSpec& pipeline);

// `path`: where the contract stands; `own_file`: then it has a name.
void check_contract(Reading& reading, const ContractSpec& contract, const std::string& path, bool own_file);

// Reports at the place of a path.
class Rules {
 public:
  explicit Rules(Reading& reading) : reading_(reading) {}
  void error(const std::string& path, std::string message);
  void lint(const std::string& path, std::string message);

 private:
  Reading& reading_;
};

}  // namespace weir
