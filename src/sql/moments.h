#pragma once
// Variance that can be merged: weir_moments(x) keeps {n, sum, m2} of doubles, m2 the sum of squared distances from the mean;
// weir_moments_merge() makes one of several. Both add to m2 what the mean's move takes (Youngs and Cramer; Chan, Golub,
// LeVeque: "Updating formulae and a pairwise algorithm for computing sample variances", 1979):
//
//   m2 = m2' + m2" + (n" sum' - n' sum")^2 / (n' n" (n' + n"))
//
// so that nothing cancels as in a sum of squares. NaN or an infinity makes m2 NaN.
//
// Threads: as the session.

#include <duckdb.h>

#include "base/result.h"

namespace weir {

Status install_moments(duckdb_connection connection);

}  // namespace weir
