#!/usr/bin/env bash
# After `sudo make`: gives what was built back to who called sudo, if the tree is theirs. Otherwise does nothing.
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 0
if [ "$(id -u)" -eq 0 ] && [ -n "${SUDO_UID:-}" ] && [ "$(stat -c %u .)" = "$SUDO_UID" ]; then
  for made in build .cache demo-data; do
    [ ! -e "$made" ] || chown -R "$SUDO_UID:${SUDO_GID:-$SUDO_UID}" "$made"
  done
fi
exit 0
