#!/usr/bin/env bash
# Sets up what is missing, then linters, native tests and jest. Arguments go to jest: npm test -- test/unit
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

bash scripts/setup.sh
bash scripts/lint.sh
say "native tests"
build/Release/harmonic-native-tests
say "jest"
node_modules/.bin/jest "$@"
