#!/usr/bin/env bash
# bash benchmarks/gpu/pack.sh DIR: collects in a folder of less than 64 MiB what a machine with a GPU, but without Node, a
# network and our libraries, needs for `bash benchmarks/gpu/run.sh` there. Takes a build (npm run setup) and, for adult,
# its table (see benchmarks/README.md); TABLE=diabetes goes without.
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/common.sh"

[ $# = 1 ] || die "expected a folder to write to" "bash benchmarks/gpu/pack.sh DIR"
to=$1
TABLE=${TABLE:-adult}
[ ! -e "$to" ] || die "$to exists" "name a folder that does not"
[ -f build/CMakeCache.txt ] || die "there is no build" "npm run setup"
mkdir -p "$to/third_party" "$to/benchmarks" "$to/native"
to=$(cd "$to" && pwd)

say "preparing requests of $TABLE"
node bin/harmonic.js model pull smollm2-135m >&2
node -r ./benchmarks/register.js benchmarks/gpu/data.ts "$to/data" "$TABLE" "${EPOCHS:-1}"

say "collecting sources"
cp -r CMakeLists.txt package.json cmake "$to/"
cp -r native/engine native/bench "$to/native/"
[ ! -d native/patches ] || cp -r native/patches "$to/native/"
cp -r benchmarks/gpu "$to/benchmarks/"
rm -rf "$to/benchmarks/gpu/data"
mv "$to/data" "$to/benchmarks/gpu/data"
git rev-parse HEAD >"$to/commit.txt"

# Of llama.cpp what a backend for CUDA and the CPU takes, patched. The stamp says which it is, for there is no history.
llama=$to/third_party/llama.cpp
mkdir -p "$llama/ggml/src"
(cd third_party/llama.cpp && cp -r CMakeLists.txt LICENSE cmake include src vendor "$llama/")
rm -r "$llama/vendor/cpp-httplib"
(cd third_party/llama.cpp/ggml && cp -r CMakeLists.txt cmake include "$llama/ggml/")
for entry in third_party/llama.cpp/ggml/src/*; do
  case $(basename "$entry") in
  ggml-cpu | ggml-cuda) cp -r "$entry" "$llama/ggml/src/" ;;
  *) [ -d "$entry" ] || cp "$entry" "$llama/ggml/src/" ;;
  esac
done
if [ -f third_party/llama.cpp/.git/harmonic-patches ]; then
  cp third_party/llama.cpp/.git/harmonic-patches "$llama/"
else
  : >"$llama/harmonic-patches"
fi

cmake "-DHARMONIC_FAISS_SOURCE_DIR=$PWD/third_party/faiss" "-DHARMONIC_FAISS_WORK_DIR=$PWD/build/faiss-source" \
  -P cmake/fetch-faiss.cmake >&2
cp -r third_party/faiss "$to/third_party/faiss"
rm -rf "$to"/third_party/faiss/{benchs,demos,tutorial,tests,perf_tests,conda,c_api,contrib,misc} \
  "$to"/third_party/faiss/faiss/{python,gpu/test,cppcontrib}

say "collecting libraries"
carried=$to/carried
mkdir -p "$carried/include" "$carried/lib"
cached() { sed -n "s/^$1:[A-Z]*=//p" build/CMakeCache.txt; }
# Under the name that the linker asks for; what they need in turn, but for what every compiler has, under its own.
mine=("$(cached XGBOOST_LIBRARY)" "$(cached LIBLINEAR_LIBRARY)" "$(cached LIBSVM_LIBRARY)" "$(cached OPENBLAS_LIBRARY)"
  "$(dirname "$(cached XGBOOST_LIBRARY)")/libdnnl.so")
for library in "${mine[@]}"; do
  cp -L "$library" "$carried/lib/"
  soname=$(objdump -p "$library" | awk '/SONAME/ { print $2 }')
  [ "$soname" = "$(basename "$library")" ] || ln -s "$(basename "$library")" "$carried/lib/$soname"
done
needed=$(for library in "${mine[@]}"; do ldd "$library"; done | awk '$2 == "=>" && $1 !~ /^lib(c|m|pthread|dl|rt|gcc_s|stdc\+\+|gomp)\.so/ { print $1, $3 }' | sort -u)
while read -r soname file; do
  [ -e "$carried/lib/$soname" ] || cp -L "$file" "$carried/lib/$soname"
done <<<"$needed"
cp -r "$(cached XGBOOST_INCLUDE_DIR)/xgboost" "$carried/include/"
cp "$(cached LIBLINEAR_INCLUDE_DIR)/linear.h" "$(cached LIBSVM_INCLUDE_DIR)/svm.h" "$carried/include/"
cp "$(cached OPENBLAS_INCLUDE_DIR)"/{cblas,openblas_config}.h "$carried/include/"
dnnl=$(find /usr/include /usr/local/include -name dnnl.h -not -path '*/oneapi/*' -print -quit)
cp "$(dirname "$dnnl")"/dnnl*.h* "$carried/include/"
cp -r "$(dirname "$dnnl")/oneapi" "$carried/include/"
strip --strip-unneeded "$carried"/lib/*.so* 2>/dev/null || true
tar -czf "$to/carried.tar.gz" -C "$carried" .
rm -r "$carried"

size=$(du -sm "$to" | cut -f1)
say "$to: $size MiB"
[ "$size" -lt 64 ] || die "expected less than 64 MiB" "leave something out"
