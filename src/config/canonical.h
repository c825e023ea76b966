#pragma once
// Writes a spec as one canonical text: everything that matters to a run, nothing that does not (the file's name, comments,
// order of keys). Two specs of one text are the same. It is itself a pipeline file in JSON form, with contracts
// in place, so a checkpoint can keep it and load_pipeline_text reads it back.
//
// Secrets stand as their reference, or as "***" where the file held the value. Threads: pure functions.

#include <string>
#include <utility>
#include <vector>

#include "config/contract_spec.h"
#include "config/pipeline_spec.h"

namespace weir {

std::string canonical_text(const PipelineSpec& pipeline);
std::string canonical_text(const ContractSpec& contract);

// The same, a line for each single value: {"sources.payments.max_records", "500000"}, sorted by path. Steps go by
// name; "steps" itself lists their order. For telling what two specs differ in.
std::vector<std::pair<std::string, std::string>> canonical_entries(const PipelineSpec& pipeline);

}  // namespace weir
