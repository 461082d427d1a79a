#!/usr/bin/env bash
# TypeScript to dist/, then the addon, its libraries and the native tests to build/Release. Each only where a source is
# newer than what was built from it.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

built=dist/.built
if [ -f "$built" ] && [ -z "$(find src tsconfig.json tsconfig.build.json package.json -newer "$built" -print -quit)" ]; then
  say "TypeScript: up to date"
else
  say "TypeScript: tsc"
  rm -rf dist
  node_modules/.bin/tsc -p tsconfig.build.json
  touch "$built"
fi

# A build made in another place or for another processor is of no use: its paths and instruction sets are fixed.
place="$PWD $(uname -m) $(grep -m1 '^flags' /proc/cpuinfo 2>/dev/null || true)"
if [ -d build ] && [ "$(cat build/.place 2>/dev/null || true)" != "$place" ]; then
  say "native: the last build was made for another place or processor, starting afresh"
  rm -rf build
fi
built=build/.built
if [ -f "$built" ] &&
  [ -z "$(find CMakeLists.txt cmake native package.json package-lock.json -newer "$built" -print -quit)" ]; then
  say "native: up to date"
else
  if [ ! -d build ]; then say "native: the first build compiles llama.cpp, about two minutes on two cores"; fi
  mkdir -p build
  # A configuring that failed leaves its cache, with which cmake-js would not configure again.
  if [ ! -f build/build.ninja ] && [ ! -f build/Makefile ]; then rm -f build/CMakeCache.txt; fi
  printf '%s' "$place" >build/.place
  touch build/.started
  node_modules/.bin/cmake-js build >build/build.log 2>&1 || {
    tail -n 40 build/build.log >&2
    die "the native build failed" "the whole of its output is in build/build.log"
  }
  mv build/.started "$built"
  say "native: built"
fi
