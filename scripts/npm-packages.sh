#!/usr/bin/env bash
# node_modules as package-lock.json says. Not by `npm ci`, which fails where a mirror of the registry lacks the optional
# packages of other platforms; `npm install --no-save` installs the same versions and leaves the lock as it is. No
# package's install script runs (see .npmrc): the only one of weight would download what comes from npm anyway.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

stamp=node_modules/.harmonic-lock
wanted=$(node -e '
  const { createHash } = require("node:crypto");
  const { readFileSync } = require("node:fs");
  console.log(createHash("sha256").update(readFileSync("package-lock.json")).digest("hex"));')

if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then
  say "npm packages: up to date"
else
  say "npm packages: npm install"
  npm install --no-save --no-progress >&2
  printf '%s' "$wanted" >"$stamp"
fi
# So that `npx harmonic` in the checkout is this checkout.
mkdir -p node_modules/.bin
ln -sf ../../bin/harmonic.js node_modules/.bin/harmonic
