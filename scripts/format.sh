#!/usr/bin/env bash
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

node_modules/.bin/prettier --write --log-level warn .
git ls-files --cached --others --exclude-standard 'native/*.h' 'native/*.cpp' | xargs clang-format -i
