#include "engine/cached-attention.h"

#include <algorithm>
#include <cmath>
#include <utility>
#if defined(__F16C__)
#include <immintrin.h>
#endif

#include "engine/floats16.h"
#include "engine/graph-ops.h"
#include "engine/softmax.h"

namespace harmonic {
namespace {

/** Tokens of a long run that are one task: enough for the products, and few enough for threads to
 * share a prompt. */
constexpr int kMostTokens = 32;
/** Tokens of rows behind one prompt that are one task. */
constexpr int kMostShared = 16;

constexpr int kLane = 16;
constexpr int kUnit = KeyValueCache::kUnit;
static_assert(kUnit == 2 * kLane, "products take two lanes at once");

using harmonic::load16;

/** Of halves, by their bits. */
Floats16 load16(const uint16_t* from) {
#ifdef __AVX512F__
  return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
#else
  Floats16 lane;
  for (int i = 0; i < kLane; i++) lane[i] = ggml_fp16_to_fp32(from[i]);
  return lane;
#endif
}

void convert(const float* from, float* to, int n) { std::copy_n(from, n, to); }

void convert(const float* from, uint16_t* to, int n) {
#ifdef __F16C__
  for (int i = 0; i < n; i++) to[i] = _cvtss_sh(from[i], _MM_FROUND_TO_NEAREST_INT);
#else
  ggml_fp32_to_fp16_row(from, to, n);
#endif
}

/**
 * c (R, kUnit) = a (R, n) b (n, kUnit), rows of b at `ldb`; adds to c where `add`. The sums stay in
 * registers.
 */
template <int R, class T>
void product_unit(const float* a, int lda, const T* b, int ldb, int n, float* c, int ldc,
                  bool add) {
  Floats16 sums[R][2];
  for (int r = 0; r < R; r++) {
    for (int h = 0; h < 2; h++)
      sums[r][h] = add ? load16(c + static_cast<size_t>(r) * ldc + h * kLane) : Floats16{};
  }
  for (int i = 0; i < n; i++) {
    const Floats16 b0 = load16(b + static_cast<size_t>(i) * ldb);
    const Floats16 b1 = load16(b + static_cast<size_t>(i) * ldb + kLane);
    for (int r = 0; r < R; r++) {
      const float x = a[static_cast<size_t>(r) * lda + i];
      sums[r][0] += x * b0;
      sums[r][1] += x * b1;
    }
  }
  for (int r = 0; r < R; r++) {
    for (int h = 0; h < 2; h++) store16(sums[r][h], c + static_cast<size_t>(r) * ldc + h * kLane);
  }
}

/** c (rows, width) = a (rows, n) b (n, width), the width in units: c and b are written and read
 * beyond it up to the next. */
template <class T>
void product(int rows, int width, int n, const float* a, int lda, const T* b, int ldb, float* c,
             int ldc, bool add) {
  for (int j = 0; j < width; j += kUnit) {
    int r = 0;
    for (; r + 6 <= rows; r += 6)
      product_unit<6>(a + static_cast<size_t>(r) * lda, lda, b + j, ldb, n,
                      c + static_cast<size_t>(r) * ldc + j, ldc, add);
    for (; r + 3 <= rows; r += 3)
      product_unit<3>(a + static_cast<size_t>(r) * lda, lda, b + j, ldb, n,
                      c + static_cast<size_t>(r) * ldc + j, ldc, add);
    for (; r < rows; r++)
      product_unit<1>(a + static_cast<size_t>(r) * lda, lda, b + j, ldb, n,
                      c + static_cast<size_t>(r) * ldc + j, ldc, add);
  }
}

struct Scratch {
  std::vector<float> q, scores, output, head;
};

Scratch& scratch() {
  static thread_local Scratch s;
  return s;
}

/** Puts the keys and values of the new tokens into the cache; its result orders the operations. */
template <class T>
void store_kernel(ggml_tensor* dst, int ith, int nth, void* user) {
  const auto& [attention, layer] = *static_cast<CachedAttentionLayer*>(user);
  const AttentionShape& s = attention->shape;
  const KeyValueCache& cache = *attention->cache;
  const ggml_tensor* qkv = dst->src[0];
  const ggml_tensor* k_gain = dst->src[1];
  const int ld = stride(qkv), hd = s.head_dim, n_kv = s.n_heads_kv;
  std::vector<float>& head = scratch().head;
  head.resize(hd);
  std::vector<T> key(hd);
  const int n_tasks = static_cast<int>(attention->runs.size()) * n_kv;
  for (int task = ith; task < n_tasks; task += nth) {
    const auto& run = attention->runs[task / n_kv];
    const int kv = task % n_kv;
    T* keys = cache.keys<T>(layer, run.sequence, kv);
    T* values = cache.values<T>(layer, run.sequence, kv);
    for (int t = 0; t < run.n; t++) {
      const float* token = data(qkv) + static_cast<size_t>(run.first + t) * ld;
      const int position = run.position + t;
      load_head(s, token + (s.n_heads + kv) * hd, ld, k_gain, head.data(), hd, 1, position);
      convert(head.data(), key.data(), hd);
      for (int d = 0; d < hd; d++)
        keys[static_cast<size_t>(d) * cache.stride() + position] = key[d];
      T* value = values + static_cast<size_t>(position) * cache.padded_dim();
      convert(token + (s.n_heads + n_kv + kv) * hd, value, hd);
      std::fill(value + hd, value + cache.padded_dim(), T{});
    }
  }
}

/** Where a run's positions lie that its sequence wrote itself, up to `end`. */
CacheSpan own_span(const KeyValueCache& cache, const CachedAttention::Run& run, int end) {
  const auto& shared = cache.shared(run.sequence);
  return {run.sequence, shared.empty() ? 0 : shared.back().end, end};
}

/** Every task is some tokens behind the same shared positions, and one key-value head. */
template <class T>
void attend_kernel(ggml_tensor* dst, int ith, int nth, void* user) {
  const auto& [attention, layer] = *static_cast<CachedAttentionLayer*>(user);
  const AttentionShape& s = attention->shape;
  const KeyValueCache& cache = *attention->cache;
  const ggml_tensor* qkv = dst->src[0];
  const ggml_tensor* q_gain = dst->src[2];
  const int ld = stride(qkv), ld_out = stride(dst), hd = s.head_dim, n_kv = s.n_heads_kv;
  const int per_kv = s.n_heads / n_kv, dim = cache.padded_dim();
  const float scale = 1.0f / std::sqrt(static_cast<float>(hd));
  Scratch& w = scratch();
  const int n_tasks = static_cast<int>(attention->tasks.size()) * n_kv;
  for (int i = ith; i < n_tasks; i += nth) {
    const auto& task = attention->tasks[i / n_kv];
    const int kv = i % n_kv, n = task.to - task.from;
    const int rows_of_run = n * per_kv, rows = (task.end - task.begin) * rows_of_run;
    int width = 0;
    for (int r = task.begin; r < task.end; r++)
      width = std::max(width, attention->runs[r].position + task.to);
    const int ld_scores = (width + kUnit - 1) / kUnit * kUnit + kUnit;
    w.q.resize(static_cast<size_t>(rows) * hd);
    w.scores.resize(static_cast<size_t>(rows) * ld_scores);
    w.output.resize(static_cast<size_t>(rows) * dim);
    // Rows of q: run by run, token by token, head by head.
    float* q = w.q.data();
    for (int r = task.begin; r < task.end; r++) {
      const auto& run = attention->runs[r];
      for (int t = task.from; t < task.to; t++) {
        const float* token = data(qkv) + static_cast<size_t>(run.first + t) * ld;
        for (int h = 0; h < per_kv; h++, q += hd)
          load_head(s, token + (kv * per_kv + h) * hd, ld, q_gain, q, hd, 1, run.position + t);
      }
    }
    for (float& x : w.q) x *= scale;

    const std::vector<CacheSpan>& shared = cache.shared(attention->runs[task.begin].sequence);
    const auto score = [&](const CacheSpan& span, int first, int n_rows) {
      product(n_rows, span.end - span.begin, hd, w.q.data() + static_cast<size_t>(first) * hd, hd,
              cache.keys<T>(layer, span.sequence, kv) + span.begin, cache.stride(),
              w.scores.data() + static_cast<size_t>(first) * ld_scores + span.begin, ld_scores,
              false);
    };
    const auto gather = [&](const CacheSpan& span, int first, int n_rows, bool add) {
      product(n_rows, dim, span.end - span.begin,
              w.scores.data() + static_cast<size_t>(first) * ld_scores + span.begin, ld_scores,
              cache.values<T>(layer, span.sequence, kv) + static_cast<size_t>(span.begin) * dim,
              dim, w.output.data() + static_cast<size_t>(first) * dim, dim, add);
    };
    // Ascending: what a product writes beyond its positions is written over by the next.
    for (const CacheSpan& span : shared) score(span, 0, rows);
    for (int r = task.begin, first = 0; r < task.end; r++, first += rows_of_run) {
      const auto& run = attention->runs[r];
      const int end = run.position + task.to;
      score(own_span(cache, run, end), first, rows_of_run);
      for (int row = 0; row < rows_of_run; row++) {
        softmax(w.scores.data() + static_cast<size_t>(first + row) * ld_scores,
                run.position + task.from + row / per_kv + 1, end);
      }
    }
    bool add = false;
    for (const CacheSpan& span : shared) {
      gather(span, 0, rows, add);
      add = true;
    }
    const float* output = w.output.data();
    for (int r = task.begin, first = 0; r < task.end; r++, first += rows_of_run) {
      const auto& run = attention->runs[r];
      gather(own_span(cache, run, run.position + task.to), first, rows_of_run, add);
      for (int t = task.from; t < task.to; t++) {
        float* out = data(dst) + static_cast<size_t>(run.first + t) * ld_out + kv * per_kv * hd;
        for (int h = 0; h < per_kv; h++, output += dim) std::copy_n(output, hd, out + h * hd);
      }
    }
  }
}

}  // namespace

void CachedAttention::plan() {
  tasks.clear();
  // Runs that can be one task lie side by side.
  const auto leader = [&](const Run& run) {
    const auto& shared = cache->shared(run.sequence);
    return shared.empty() ? -1 : shared.back().sequence;
  };
  std::stable_sort(runs.begin(), runs.end(), [&](const Run& a, const Run& b) {
    return std::make_pair(leader(a), a.n) < std::make_pair(leader(b), b.n);
  });
  const int n_runs = static_cast<int>(runs.size());
  for (int r = 0; r < n_runs;) {
    const int n = runs[r].n;
    int end = r + 1;
    const auto& shared = cache->shared(runs[r].sequence);
    while (!shared.empty() && end < n_runs && (end + 1 - r) * n <= kMostShared &&
           runs[end].n == n && cache->shared(runs[end].sequence) == shared)
      end++;
    for (int t = 0; t < n; t += kMostTokens)
      tasks.push_back({r, end, t, std::min(t + kMostTokens, n)});
    r = end;
  }
}

ggml_tensor* cached_attention(ggml_context* c, ggml_tensor* qkv, const LayerWeights& layer,
                              CachedAttentionLayer* cached) {
  const AttentionShape& shape = cached->attention->shape;
  const bool half = cached->attention->cache->type() == CacheType::kHalf;
  std::vector<ggml_tensor*> args = {qkv};
  if (layer.k_norm) args.push_back(layer.k_norm);
  ggml_tensor* stored =
      custom(c, 1, 1, args, half ? store_kernel<uint16_t> : store_kernel<float>, cached);
  args = {qkv, stored};
  if (layer.q_norm) args.push_back(layer.q_norm);
  return custom(c, static_cast<int64_t>(shape.n_heads) * shape.head_dim, qkv->ne[1], args,
                half ? attend_kernel<uint16_t> : attend_kernel<float>, cached);
}

}  // namespace harmonic
