#!/usr/bin/env bash
# bash benchmarks/gpu/run.sh [OUT]: builds what it needs with the compilers found here, measures, prints a table and writes
# OUT/gpu.json. Needs neither Node nor a network in the folder that pack.sh wrote. See benchmarks/README.md.
#
#   DEVICE=cpu       tries everything on the processor, on tiny models
#   LIMIT=560        seconds for all of it; what is not begun by then is left out, and said so
#   PYTHON=python3   with PyTorch, for the peers
#   BUILD=build/gpu  a build that is kept is not done again; where it takes more than half of the time, the script ends with
#                    3 and goes on when it is run again
#   BUILD_ONLY=1     nothing but the build; SKIP_BUILD=1: all but it
set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$root" || exit 1

OUT=${1:-gpu-results}
DEVICE=${DEVICE:-gpu}
LIMIT=${LIMIT:-560}
PYTHON=${PYTHON:-python3}
BUILD=${BUILD:-$root/build/gpu}
DATA=${DATA:-$root/benchmarks/gpu/data}
BUILD_ONLY=${BUILD_ONLY:-0}
SKIP_BUILD=${SKIP_BUILD:-0}
threads=$(nproc)
mkdir -p "$OUT" "$BUILD" || exit 1
OUT=$(cd "$OUT" && pwd)
BUILD=$(cd "$BUILD" && pwd)
measured=$OUT/measured.tsv
log=$OUT/log.txt
: >"$measured"
: >"$log"

say() { echo "-- [${SECONDS}s] $*" | tee -a "$log" >&2; }
left() { echo $((LIMIT - SECONDS)); }

# fail SUBJECT TASK METRIC REASON: a trial that gave nothing stays in the table.
fail() {
  say "$1, $2: $4"
  printf '%s\t%s\t\t%s\t\t\t%s\n' "$1" "$2" "$3" "$4" >>"$measured"
}

# part SECONDS SUBJECT TASK METRIC COMMAND...: runs a part for so long at most, and keeps what it tells.
part() {
  local limit=$1 subject=$2 task=$3 metric=$4 rest
  shift 4
  rest=$(left)
  if [ "$rest" -lt 15 ]; then
    fail "$subject" "$task" "$metric" "left out: the time was over"
    return 1
  fi
  [ "$limit" -gt "$rest" ] && limit=$rest
  say "$subject, $task"
  timeout "$limit" "$@" >"$OUT/part.tsv" 2>"$OUT/part.err"
  local status=$? reason
  cat "$OUT/part.tsv" >>"$measured"
  cat "$OUT/part.err" >>"$log"
  [ $status = 0 ] && return 0
  reason=$(tail -n 1 "$OUT/part.err" | tr '\t' ' ' | cut -c1-300)
  [ "$status" = 124 ] && reason="not done after $limit s"
  fail "$subject" "$task" "$metric" "${reason:-ended with $status}"
  return 1
}

# --- What the bare machine lacks, from the folder of pack.sh -----------------------------------------------------------
if [ -f "$root/carried.tar.gz" ] && [ ! -d "$BUILD/carried" ]; then
  mkdir -p "$BUILD/carried" && tar -xzf "$root/carried.tar.gz" -C "$BUILD/carried" || exit 1
fi
[ -d "$BUILD/carried" ] && export LD_LIBRARY_PATH="$BUILD/carried/lib:${LD_LIBRARY_PATH:-}"
if [ "$DEVICE" != cpu ] && [ -d /usr/local/cuda/bin ]; then export PATH="$PATH:/usr/local/cuda/bin"; fi

# --- Build -------------------------------------------------------------------------------------------------------------
gpu_name=none
architecture=90
if [ "$DEVICE" != cpu ]; then
  gpu_name=$(nvidia-smi --query-gpu=name,memory.total,driver_version --format=csv,noheader 2>>"$log" | head -n 1)
  architecture=$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader 2>>"$log" | head -n 1 | tr -d .)
  [ -n "$gpu_name" ] || { say "nvidia-smi sees no GPU: DEVICE=cpu tries the script without one" && exit 1; }
fi

# configure FAISS_ON_THE_GPU
configure() {
  local options=(-DHARMONIC_GPU_BENCH=ON -DCMAKE_BUILD_TYPE=Release "-DHARMONIC_FAISS_GPU=$1")
  [ -d "$BUILD/carried" ] && options+=("-DCMAKE_PREFIX_PATH=$BUILD/carried" -DHARMONIC_FAISS=source)
  [ "$DEVICE" = cpu ] || options+=(-DHARMONIC_CUDA=source -DHARMONIC_FAISS=source "-DHARMONIC_CUDA_ARCHITECTURES=$architecture-real")
  command -v ninja >/dev/null && options+=(-G Ninja)
  cmake -S "$root" -B "$BUILD" "${options[@]}" >>"$log" 2>&1
}

# build SECONDS TARGET...: what compiles, also where something else does not.
build() {
  local limit=$1 keep=-k
  shift
  [ -f "$BUILD/build.ninja" ] && keep=-k0
  timeout "$limit" cmake --build "$BUILD" -j "$threads" --target "$@" -- "$keep" >>"$log" 2>&1
}

bench=${BENCH:-$BUILD/Release/harmonic-bench}
if [ "$SKIP_BUILD" != 1 ]; then
  say "building for $gpu_name with $threads threads"
  if [ "$DEVICE" = cpu ]; then
    { configure OFF && build "$(left)" harmonic-bench; } || { tail -n 20 "$log" >&2 && exit 1; }
  else
    configure ON || configure OFF || { tail -n 20 "$log" >&2 && exit 1; }
    # ggml waits for its backends, so the program comes last.
    build_limit=$((BUILD_ONLY == 1 ? LIMIT : LIMIT * 6 / 10))
    build $build_limit harmonic-bench
    status=$?
    if [ $status = 124 ]; then
      say "not built in $build_limit s: run again, and it goes on"
      exit 3
    fi
    if [ $status != 0 ] && [ -f "$BUILD/Release/libggml-cuda.so" ]; then
      say "something cannot be built (see $log): without Faiss's GPU part"
      { configure OFF && build "$(left)" harmonic-bench; } || { tail -n 20 "$log" >&2 && exit 1; }
    elif [ $status != 0 ]; then
      tail -n 20 "$log" >&2 && exit 1
    fi
  fi
  [ "$BUILD_ONLY" = 1 ] && say "built" && exit 0
fi

# --- Sizes -------------------------------------------------------------------------------------------------------------
if [ "$DEVICE" = cpu ]; then
  shape=tiny torch_device=cpu seconds=1 limit_size=256 rows=3000 sequences=16 table_sequences=64 groups="1 2" searched=1000
else
  shape=smollm2-135m torch_device=cuda seconds=12 limit_size=8192 rows=1000000 sequences=256 table_sequences=4096
  groups="2 32" searched=20000
fi
seconds=${PART_SECONDS:-$seconds}
work=$BUILD/work
mkdir -p "$work"
common=("device=$DEVICE" "threads=$threads")

# --- Parts -------------------------------------------------------------------------------------------------------------
export GOMP_SPINCOUNT=1000
part 60 limit "limits of the device" bandwidth "$bench" limits "${common[@]}" size=$limit_size
limit_of() { awk -F'\t' -v metric="$1" '$1 == "limit" && $4 == metric { split($6, v, " "); print v[1] }' "$measured" | head -n 1; }
common+=("bandwidth=$(limit_of bandwidth)" "arithmetic=$(limit_of arithmetic)")

say "writing models"
"$bench" write-models device=cpu data="$DATA/compact.arrays" shape=$shape out="$work/base.gguf" type=bf16 \
  arrays="$work/base.arrays" >>"$log" 2>&1
"$bench" write-models device=cpu data="$DATA/compact.arrays" shape=$shape layers=2 out="$work/check.gguf" >>"$log" 2>&1

part 90 harmonic "the device beside the processor" gradient_error \
  "$bench" check "${common[@]}" model="$work/check.gguf" data="$DATA/compact.arrays"

# The adapters make rows regular, so that they are about as long as the table's.
rm -f "$work"/*.adapter.gguf
train() { # FORMAT GROUPS SECONDS
  part 60 harmonic "LoRA of rank 16, $shape, $1" tokens_per_second \
    "$bench" train "${common[@]}" model="$work/base.gguf" data="$DATA/$1.arrays" groups="$2" tokens=16384 \
    seconds="$3" name="$shape, $1" adapter="$work/$1.adapter.gguf"
}
peer() { # LIBRARY GROUPS
  part 75 "$1" "LoRA of rank 16, $shape, compact" tokens_per_second "$PYTHON" benchmarks/gpu/torch-lora.py \
    "{\"library\": \"$1\", \"model\": \"$work/base.arrays\", \"data\": \"$DATA/compact.arrays\", \"groupsPerStep\": $2,
      \"seconds\": $seconds, \"device\": \"$torch_device\", \"name\": \"$shape, compact\"}"
}
export PYTHONUNBUFFERED=1
for n in $groups; do train compact "$n" "$seconds"; done
has() { "$PYTHON" -c "import $1" 2>>"$log" && echo yes; }
has_torch=$(has "torch, numpy") has_peft=$(has "torch, transformers, peft")
for n in $groups; do
  if [ "$has_peft" = yes ]; then
    peer peft "$n"
  else
    fail peft "LoRA of rank 16, $shape, compact" tokens_per_second "$PYTHON has no transformers and peft"
  fi
  if [ "$has_torch" = yes ]; then
    peer pytorch "$n"
  else
    fail pytorch "LoRA of rank 16, $shape, compact" tokens_per_second "$PYTHON has no PyTorch"
  fi
done

sample() { # FORMAT PROMPTS [ENGINE]
  local adapter=() engine=${3:-auto}
  [ -f "$work/$1.adapter.gguf" ] && adapter=("adapter=$work/$1.adapter.gguf")
  part 75 harmonic "rows of $shape, $1" rows_per_second "$bench" sample "${common[@]}" model="$work/base.gguf" \
    "${adapter[@]}" data="$DATA/$1.arrays" prompts="$2" format="$1" name="rows of $shape" seconds="$seconds" \
    sequences=$sequences rows-per-prompt=8 engine="$engine"
}
sample compact examples
sample compact none
part 60 harmonic "rows of a table model" rows_per_second "$bench" sample "${common[@]}" model="$DATA/cells.gguf" \
  data="$DATA/cells.arrays" prompts=none format=cells name="rows of a table model" seconds="$seconds" \
  sequences=$table_sequences rows-per-prompt=$table_sequences generators=2

neighbors() { # DEVICE SEARCHED
  part 90 "harmonic, Faiss on the $1" "nearest neighbours" searched_per_second \
    "$bench" neighbors device="$(echo "$1" | tr '[:upper:]' '[:lower:]')" threads="$threads" rows=$rows columns=50 k=5 queries="$2"
}
[ "$DEVICE" = cpu ] || neighbors GPU $rows
neighbors CPU $searched
if [ "$has_torch" = yes ]; then
  part 60 pytorch "nearest neighbours" searched_per_second "$PYTHON" benchmarks/gpu/torch-neighbors.py \
    "{\"rows\": $rows, \"columns\": 50, \"k\": 5, \"searched\": $([ "$DEVICE" = cpu ] && echo $searched || echo $rows), \"device\": \"$torch_device\"}"
else
  fail pytorch "nearest neighbours" searched_per_second "$PYTHON has no PyTorch"
fi

# Last: of all parts these say least that the others do not.
train json "${groups##* }" "$seconds"
sample json examples
sample json none
sample compact examples llama

commit=$(cat "$root/commit.txt" 2>/dev/null || git -C "$root" rev-parse HEAD 2>/dev/null || echo unknown)
rm -f "$OUT/part.tsv" "$OUT/part.err"
"$bench" report measured="$measured" out="$OUT/gpu.json" commit="$commit" gpu="$gpu_name" || exit 1
say "wrote $OUT/gpu.json"
# A part that failed stands in the table; the command then fails too.
! grep -qP '\t[^\t]+$' <(awk -F'\t' '$7 != ""' "$measured")
