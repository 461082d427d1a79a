#!/usr/bin/env bash
# Linters, formatters and types, of both languages. `npm run format` mends what a formatter minds.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

failed=()
# All of them run, whatever the first finds.
check() {
  local name=$1
  say "$name"
  shift
  "$@" || failed+=("$name")
}
native_form() {
  git ls-files --cached --others --exclude-standard 'native/*.h' 'native/*.cpp' | xargs clang-format --dry-run -Werror
}
check eslint node_modules/.bin/eslint --max-warnings 0 .
check prettier node_modules/.bin/prettier --check --log-level warn .
check clang-format native_form
check figures node scripts/docs.mjs --check
check tsc node_modules/.bin/tsc --noEmit
[ ${#failed[@]} -eq 0 ] || die "found something to mend: ${failed[*]}" "npm run format mends the form of both languages"
