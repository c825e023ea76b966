#include "delta/snapshot.h"

namespace weir::delta {

void Snapshot::apply(const CommitActions& commit) {
  ++version;
  if (commit.protocol) protocol = *commit.protocol;
  if (commit.metadata) metadata = *commit.metadata;
  for (const Txn& txn : commit.txns) txns[txn.app_id] = txn;
}

}  // namespace weir::delta
