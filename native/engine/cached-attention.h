#pragma once
#include <vector>

#include "engine/attention.h"
#include "engine/key-value-cache.h"
#include "ggml.h"

namespace harmonic {

/** Attention of new tokens over the cache of their sequences, to which it adds them. */
struct CachedAttention {
  /** n consecutive tokens of a batch that go on a sequence from `position` on. */
  struct Run {
    int first, n, sequence, position;
  };
  /** Runs begin .. end - 1 whose sequences share the same positions; tokens [from, to) of each. */
  struct Task {
    int begin, end, from, to;
  };
  AttentionShape shape;
  KeyValueCache* cache;
  std::vector<Run> runs;
  std::vector<Task> tasks;

  /** Parts the runs' work, which are put in another order for it. To be called once they are set
   * and the cache is extended. */
  void plan();
};

/** Of a layer's part of the cache. */
struct CachedAttentionLayer {
  CachedAttention* attention;
  int layer;
};

/** As attention(): qkv [qkv_dim, N] -> [n_heads * head_dim, N]. */
ggml_tensor* cached_attention(ggml_context* c, ggml_tensor* qkv, const LayerWeights& layer,
                              CachedAttentionLayer* cached);

}  // namespace harmonic
