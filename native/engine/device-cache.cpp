#include "engine/device-cache.h"

#include <algorithm>
#include <cstdint>
#include <numeric>

#include "engine/placed-graph.h"

namespace harmonic {
namespace {

/** Positions that CUDA's fused attention takes at once: others go slower ways. */
constexpr int kFusedUnit = 256;
constexpr int kUnit = 32;
/** Slots that are copied at once take so many bytes in between. */
constexpr size_t kCopyBytes = 64 << 20;

}  // namespace

/** The graph that copies slots: rows that are looked up and set. */
class DeviceCache::Copier {
 public:
  explicit Copier(const DeviceCache& cache)
      : n_(static_cast<int>(
            std::clamp<size_t>(kCopyBytes / (sizeof(float) * row_of(cache)), 1, cache.n_slots()))),
        store_(2),
        context_(ggml_init({ggml_tensor_overhead() * nodes(cache) +
                                ggml_graph_overhead_custom(nodes(cache), false),
                            nullptr, true}),
                 ggml_free) {
    ggml_context* c = context_.get();
    from_ = store_.add(GGML_TYPE_I32, n_);
    to_ = store_.add(GGML_TYPE_I32, n_);
    store_.allocate(cache.backend_, "the rows in flight");
    ggml_cgraph* graph = ggml_new_graph_custom(c, nodes(cache), false);
    for (const auto* tensors : {&cache.keys_, &cache.values_}) {
      for (ggml_tensor* t : *tensors) {
        ggml_tensor* rows = ggml_reshape_2d(c, t, t->ne[0] * t->ne[1], t->ne[2]);
        ggml_build_forward_expand(graph,
                                  ggml_set_rows(c, rows, ggml_get_rows(c, rows, from_), to_));
      }
    }
    placed_ = std::make_unique<PlacedGraph>(cache.backend_, graph);
  }

  int n() const { return n_; }

  void run(const std::vector<int32_t>& from, const std::vector<int32_t>& to) const {
    ggml_backend_tensor_set(from_, from.data(), 0, ggml_nbytes(from_));
    ggml_backend_tensor_set(to_, to.data(), 0, ggml_nbytes(to_));
    placed_->compute();
  }

 private:
  static size_t row_of(const DeviceCache& cache) {
    return cache.keys_[0]->ne[0] * cache.keys_[0]->ne[1];
  }
  static size_t nodes(const DeviceCache& cache) { return 16 + 8 * cache.keys_.size(); }

  int n_;
  TensorStore store_;
  ggml_tensor *from_, *to_;
  std::unique_ptr<ggml_context, void (*)(ggml_context*)> context_;
  std::unique_ptr<PlacedGraph> placed_;
};

DeviceCache::DeviceCache(const DeviceBackend& backend, const Hyperparameters& hp, int n_slots,
                         int capacity, ggml_type type)
    : backend_(backend),
      fused_(can_fuse(backend, hp, type)),
      n_slots_(n_slots),
      capacity_(capacity),
      n_positions_(whole_units(capacity + 1)),
      store_(2 * hp.n_layers) {
  for (int i = 0; i < hp.n_layers; i++) {
    keys_.push_back(store_.add(type, hp.kv_dim(), n_positions_, n_slots));
    values_.push_back(fused_ ? store_.add(type, hp.kv_dim(), n_positions_, n_slots)
                             : store_.add(type, n_positions_, hp.kv_dim(), n_slots));
  }
  // Of zeros: what is not yet written is multiplied by nothing.
  store_.allocate(backend, "keys and values of " + std::to_string(n_slots) + " rows");
}

DeviceCache::~DeviceCache() = default;

bool DeviceCache::can_fuse(const DeviceBackend& backend, const Hyperparameters& hp,
                           ggml_type type) {
  // It adds up in 16 bits on some devices, which F32 is asked for against.
  if (type != GGML_TYPE_F16) return false;
  const std::unique_ptr<ggml_context, void (*)(ggml_context*)> context(
      ggml_init({ggml_tensor_overhead() * 8, nullptr, true}), ggml_free);
  ggml_context* c = context.get();
  const int64_t hd = hp.head_dim;
  ggml_tensor* q = ggml_new_tensor_4d(c, GGML_TYPE_F32, hd, 1, hp.n_heads, 2);
  ggml_tensor* k = ggml_new_tensor_4d(c, type, hd, kFusedUnit, hp.n_heads_kv, 2);
  ggml_tensor* v = ggml_new_tensor_4d(c, type, hd, kFusedUnit, hp.n_heads_kv, 2);
  ggml_tensor* mask = ggml_new_tensor_4d(c, GGML_TYPE_F16, kFusedUnit, 1, 1, 2);
  return ggml_backend_supports_op(backend.get(), ggml_flash_attn_ext(c, q, k, v, mask, 1, 0, 0));
}

int DeviceCache::whole_units(int n) const {
  const int unit = fused_ ? kFusedUnit : kUnit;
  return (n + unit - 1) / unit * unit;
}

int DeviceCache::positions_for(int n) const {
  int positions = whole_units(1);
  while (positions < n) positions += std::min(positions, kFusedUnit);
  return std::min(positions, n_positions_);
}

void DeviceCache::copy(const std::map<int, int>& copies) {
  if (copies.empty()) return;
  if (!copier_) copier_ = std::make_unique<Copier>(*this);
  std::vector<int32_t> from, to;
  for (auto next = copies.begin(); next != copies.end();) {
    from.push_back(next->second);
    to.push_back(next->first);
    if (++next != copies.end() && static_cast<int>(from.size()) < copier_->n()) continue;
    // The last ones once more, in place of none.
    from.resize(copier_->n(), from.back());
    to.resize(copier_->n(), to.back());
    copier_->run(from, to);
    from.clear();
    to.clear();
  }
}

}  // namespace harmonic
