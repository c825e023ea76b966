#!/usr/bin/env bash
# Writes docs/reference anew from what the release executable says of itself. A test fails where those pages are stale.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
weir=${WEIR:-build/release/weir}
for kind in pipeline contract; do
  "$weir" schema "$kind" --format markdown >"docs/reference/$kind.md"
  "$weir" schema "$kind" --format json >"docs/reference/$kind.schema.json"
done
"$weir" schema sql >docs/reference/sql.md
git --no-pager diff --stat -- docs/reference
