#!/usr/bin/env bash
# Linters, formatters and types, of both languages. `npm run format` mends what a formatter minds.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

say "eslint"
node_modules/.bin/eslint --max-warnings 0 .
say "prettier"
node_modules/.bin/prettier --check --log-level warn .
say "clang-format"
git ls-files --cached --others --exclude-standard 'native/*.h' 'native/*.cpp' |
  xargs clang-format --dry-run -Werror
say "tsc"
node_modules/.bin/tsc --noEmit
