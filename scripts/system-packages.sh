#!/usr/bin/env bash
# Compilers and libraries of the system. Looks for what is needed rather than for packages, so that one's own build of a
# library will do; installs by apt where it may, else prints the command and stops.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

APT="cmake g++ git ninja-build clang-format python3-pip libfaiss-dev libxgboost-dev liblinear-dev libsvm-dev libopenblas-dev libdnnl-dev"
DNF="cmake gcc-c++ git ninja-build clang-tools-extra python3-pip faiss-devel xgboost-devel liblinear-devel libsvm-devel openblas-devel onednn-devel"
BREW="cmake git ninja clang-format python faiss xgboost liblinear libsvm openblas onednn libomp"

missing=()
for program in cmake c++ git ninja clang-format python3; do
  command -v "$program" >/dev/null || missing+=("$program")
done
python3 -m pip --version >/dev/null 2>&1 || missing+=("pip")

has_header() {
  printf '#include <%s>\n' "$1" |
    c++ -std=c++17 -x c++ -E -I/opt/homebrew/include -I/usr/local/include - >/dev/null 2>&1
}
if command -v c++ >/dev/null; then
  for header in faiss/Index.h xgboost/c_api.h linear.h cblas.h oneapi/dnnl/dnnl.hpp; do
    has_header "$header" || missing+=("$header")
  done
  has_header libsvm/svm.h || has_header svm.h || missing+=("svm.h")
fi

if [ ${#missing[@]} -eq 0 ]; then
  say "system packages: all there"
  exit 0
fi

say "system packages: missing ${missing[*]}"
as_root=()
if [ "$(id -u)" -ne 0 ]; then as_root=(sudo -n); fi
if command -v apt-get >/dev/null && { [ "$(id -u)" -eq 0 ] || sudo -n true 2>/dev/null; }; then
  say "installing: apt-get install $APT"
  # shellcheck disable=SC2086
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $APT >&2 || {
    "${as_root[@]}" apt-get update >&2
    # shellcheck disable=SC2086
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $APT >&2
  }
  exit 0
fi

cat >&2 <<MESSAGE
error: these are missing and may not be installed from here: ${missing[*]}
hint: run one of these, then the same command again
  sudo apt-get install -y $APT
  sudo dnf install -y $DNF
  brew install $BREW
MESSAGE
exit 1
