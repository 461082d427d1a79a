#include "engine/key-value-cache.h"

#include <algorithm>

namespace harmonic {
namespace {

int padded(int n, int unit) { return (n + unit - 1) / unit * unit; }

size_t bytes_of(CacheType type) {
  return type == CacheType::kHalf ? sizeof(uint16_t) : sizeof(float);
}

}  // namespace

KeyValueCache::KeyValueCache(const Hyperparameters& hp, int n_sequences, int capacity,
                             CacheType type)
    : type_(type),
      n_layers_(hp.n_layers),
      n_sequences_(n_sequences),
      n_heads_(hp.n_heads_kv),
      head_dim_(hp.head_dim),
      padded_dim_(padded(hp.head_dim, kUnit)),
      capacity_(capacity),
      // products may begin at any position
      stride_(padded(capacity, kUnit) + kUnit),
      keys_(new uint8_t[at(n_layers_, 0, 0) * bytes_of(type)]),
      values_(new uint8_t[at(n_layers_, 0, 0) * bytes_of(type)]),
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
    if (type_ == CacheType::kHalf) {
      copy_span<uint16_t>(span, sequence);
    } else {
      copy_span<float>(span, sequence);
    }
  }
  shared_[sequence].clear();
}

template <class T>
void KeyValueCache::copy_span(const CacheSpan& span, int to) {
  for (int layer = 0; layer < n_layers_; layer++) {
    for (int head = 0; head < n_heads_; head++) {
      const T* from_keys = keys<T>(layer, span.sequence, head);
      T* to_keys = keys<T>(layer, to, head);
      for (int d = 0; d < head_dim_; d++) {
        const size_t row = static_cast<size_t>(d) * stride_;
        std::copy(from_keys + row + span.begin, from_keys + row + span.end,
                  to_keys + row + span.begin);
      }
      const T* from_values = values<T>(layer, span.sequence, head);
      std::copy(from_values + static_cast<size_t>(span.begin) * padded_dim_,
                from_values + static_cast<size_t>(span.end) * padded_dim_,
                values<T>(layer, to, head) + static_cast<size_t>(span.begin) * padded_dim_);
    }
  }
}

}  // namespace harmonic
