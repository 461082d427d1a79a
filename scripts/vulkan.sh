#!/usr/bin/env bash
# What the tests of devices take beside set-up: the prebuilt Vulkan backend, and Mesa's renderer on the processor, some 40 MB
# in all. Without them these tests are skipped.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

[ "$(uname -sm)" = "Linux x86_64" ] || die "the renderer is installed on Linux with an x64 processor alone"
if ! ldconfig -p | grep libvulkan.so.1 >/dev/null || ! ls /usr/share/vulkan/icd.d/lvp_icd.*.json >/dev/null 2>&1; then
  say "Vulkan: apt-get install libvulkan1 mesa-vulkan-drivers"
  as_root=()
  if [ "$(id -u)" -ne 0 ]; then as_root=(sudo -n); fi
  install=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive
    apt-get install -y --no-install-recommends libvulkan1 mesa-vulkan-drivers)
  "${install[@]}" >&2 || { "${as_root[@]}" apt-get update >&2 && "${install[@]}" >&2; }
fi
folder=third_party/backends # for the tests alone: other commands would find it in the cache folder
package=@node-llama-cpp/linux-x64-vulkan@$(node -p 'require("./package.json").dependencies["node-llama-cpp"]')
say "Vulkan: $package"
npm install --ignore-scripts --no-audit --no-fund --no-progress --prefix "$folder" "$package" >&2
