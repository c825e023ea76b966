#pragma once
// Finds all that is wrong with a loaded spec beyond its file: SQL that does not compile, contracts, columns that a
// sink names and nobody makes. build_graph stops at the first problem and makes clients; this shows all and calls nobody.
//
// Errors: each with its place as a path of the spec ("steps.big.filter"). What only follows from another problem is
// left out. Touches nothing outside. Threads: one caller at a time.

#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "pipeline/graph.h"

namespace weir {

std::vector<Error> check_graph(const PipelineSpec& spec, const Components& components, Clock& clock);

}  // namespace weir
