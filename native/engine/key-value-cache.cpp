#include "engine/key-value-cache.h"

#include <algorithm>

namespace harmonic {
namespace {

int padded(int n, int unit) { return (n + unit - 1) / unit * unit; }

}  // namespace

KeyValueCache::KeyValueCache(const Hyperparameters& hp, int n_sequences, int capacity)
    : n_layers_(hp.n_layers),
      n_sequences_(n_sequences),
      n_heads_(hp.n_heads_kv),
      head_dim_(hp.head_dim),
      padded_dim_(padded(hp.head_dim, kUnit)),
      capacity_(capacity),
      // products may begin at any position
      stride_(padded(capacity, kUnit) + kUnit),
      keys_(new float[at(n_layers_, 0, 0)]),
      values_(new float[at(n_layers_, 0, 0)]),
      length_(n_sequences, 0),
      shared_(n_sequences) {}

void KeyValueCache::clear() {
  std::fill(length_.begin(), length_.end(), 0);
  for (auto& spans : shared_) spans.clear();
}

void KeyValueCache::truncate(int sequence, int from) {
  if (from >= length_[sequence]) return;
  length_[sequence] = std::max(from, 0);
  auto& spans = shared_[sequence];
  while (!spans.empty() && spans.back().begin >= from) spans.pop_back();
  if (!spans.empty()) spans.back().end = std::min(spans.back().end, from);
}

void KeyValueCache::copy(int from, int to) {
  if (from == to) return;
  const int own = own_from(from);
  shared_[to] = shared_[from];
  if (own < length_[from]) shared_[to].push_back({from, own, length_[from]});
  length_[to] = length_[from];
}

void KeyValueCache::extend(int sequence, int n) {
  // Who reads what is about to be written over gets a copy first.
  for (int s = 0; s < n_sequences_; s++) {
    const auto& spans = shared_[s];
    if (std::any_of(spans.begin(), spans.end(), [&](const CacheSpan& span) {
          return span.sequence == sequence && span.end > length_[sequence];
        }))
      take_over(s);
  }
  length_[sequence] += n;
}

void KeyValueCache::take_over(int sequence) {
  for (const CacheSpan& span : shared_[sequence]) {
    for (int layer = 0; layer < n_layers_; layer++) {
      for (int head = 0; head < n_heads_; head++) {
        for (int d = 0; d < head_dim_; d++) {
          const size_t row = static_cast<size_t>(d) * stride_;
          std::copy(keys(layer, span.sequence, head) + row + span.begin,
                    keys(layer, span.sequence, head) + row + span.end,
                    keys(layer, sequence, head) + row + span.begin);
        }
        const size_t begin = static_cast<size_t>(span.begin) * padded_dim_;
        const size_t end = static_cast<size_t>(span.end) * padded_dim_;
        std::copy(values(layer, span.sequence, head) + begin,
                  values(layer, span.sequence, head) + end, values(layer, sequence, head) + begin);
      }
    }
  }
  shared_[sequence].clear();
}

}  // namespace harmonic
