#!/usr/bin/env bash
# What the tests of a card that computes nothing take beside set-up (native/test/idle-card): the prebuilt CUDA backend, 143 MB,
# NVIDIA's headers, 3 MB, and the card, which is compiled in seconds. Without it they are skipped.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

[ "$(uname -sm)" = "Linux x86_64" ] || die "the card is made on Linux with an x64 processor alone"
folder=third_party/idle-card
package=@node-llama-cpp/linux-x64-cuda@$(node -p 'require("./package.json").dependencies["node-llama-cpp"]')
say "CUDA: $package"
npm install --ignore-scripts --no-audit --no-fund --no-progress --prefix "$folder" "$package" >&2
headers=$folder/headers
if [ ! -d "$headers/nvidia" ]; then
  say "CUDA: headers"
  python3 -m pip install --quiet --no-deps --target "$headers" nvidia-cuda-runtime==13.0.96 nvidia-cuda-crt==13.0.88 >&2
fi
include=$headers/nvidia/cu13/include
runtime=$folder/nvidia/idle/lib # where wheels have theirs
driver=$folder/driver
mkdir -p "$runtime" "$driver"

# library FOLDER NAME SOURCE...
library() {
  local file=$1/$2 name=$2
  shift 2
  printf '%s { global: *; };\n' "$name" >"$folder/version.map"
  g++ -std=c++17 -O2 -shared -fPIC -Wall -I"$include" -o "$file" "$@" -Wl,-soname,"$name" \
    -Wl,--version-script="$folder/version.map" -Wl,-rpath,'$ORIGIN:$ORIGIN/../nvidia/idle/lib'
}
say "the card"
sources=native/test/idle-card
library "$runtime" libcudart.so.13 $sources/card.cpp $sources/runtime.cpp
library "$runtime" libcublas.so.13 $sources/blas.cpp "$runtime/libcudart.so.13"
library "$runtime" libcublasLt.so.13 -xc++ /dev/null
library "$driver" libcuda.so.1 $sources/driver.cpp "$runtime/libcudart.so.13"
