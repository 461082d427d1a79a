#!/usr/bin/env bash
# Everything that a fresh machine needs: system packages, npm packages, the build, the base model. What is there already
# is left alone, so a second run takes seconds.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

command -v node >/dev/null || die "node is missing" "install Node.js 20 or newer: https://nodejs.org"
node -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 20 ? 0 : 1)' ||
  die "expected Node.js 20 or newer but found $(node --version)" "https://nodejs.org"

bash scripts/system-packages.sh
bash scripts/npm-packages.sh
bash scripts/build.sh
node bin/harmonic.js model pull smollm2-135m
say "set-up complete"
