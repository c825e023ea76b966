#pragma once
// Says which fields of a source's contract anything of the pipeline may name. A record is checked as a whole; for a field
// that nothing names no column is made, which saves most of its cost.
//
// By the text: a field counts as named where its name stands as a word in any SQL or list of columns behind the source, so it
// may count though it is not used, never the other way round.
//
// Threads: plain function.

#include <optional>
#include <string>
#include <vector>

#include "config/pipeline_spec.h"

namespace weir {

// nullopt: all of them, as where rows reach a sink whole.
std::optional<std::vector<std::string>> used_fields(const PipelineSpec& pipeline, const SourceSpec& source);

}  // namespace weir
