#include "engine/dense-head.h"

#include <algorithm>
#include <cmath>

#include "engine/dense-ops.h"

namespace harmonic {
namespace {

// Floats of logits at a time.
constexpr int64_t kLogits = 4 << 20;

struct Scratch {
  std::vector<float> logits, rows, d_rows;
};

}  // namespace

DenseHead::DenseHead(const DenseModel& model, const std::vector<int32_t>& vocabulary,
                     const std::vector<uint8_t>& allowed_sets)
    : model_(model),
      n_labels_(vocabulary.empty() ? model.hp.n_vocab : static_cast<int64_t>(vocabulary.size())) {
  const auto id_of = [&](int64_t label) {
    return vocabulary.empty() ? static_cast<int32_t>(label) : vocabulary[label];
  };
  const int64_t n_sets = allowed_sets.empty() ? 1 : allowed_sets.size() / n_labels_;
  for (int64_t s = 0; s < n_sets; s++) {
    HeadSet set;
    if (!allowed_sets.empty()) set.places.assign(n_labels_, -1);
    for (int64_t label = 0; label < n_labels_; label++) {
      if (!allowed_sets.empty()) {
        if (!allowed_sets[s * n_labels_ + label]) continue;
        set.places[label] = static_cast<int32_t>(set.rows.size());
      }
      set.rows.push_back(id_of(label));
    }
    set.contiguous = !set.rows.empty() &&
                     set.rows.back() - set.rows.front() + 1 == static_cast<int>(set.rows.size());
    sets_.push_back(std::move(set));
  }
}

void DenseHead::run(int32_t which, const float* weights, const TrainBatch& batch,
                    const int32_t* positions, int64_t n, const float* x, float* gradient, float* dx,
                    float* losses) const {
  static thread_local Scratch w;
  const HeadSet& set = sets_[which];
  const int64_t width = model_.hp.n_embd, n_rows = static_cast<int64_t>(set.rows.size());
  const float* head = weights + model_.head;
  const float* rows = head + set.rows.front() * width;
  if (!set.contiguous) {
    w.rows.resize(n_rows * width);
    for (int64_t r = 0; r < n_rows; r++) {
      std::copy_n(head + set.rows[r] * width, width, w.rows.data() + r * width);
    }
    rows = w.rows.data();
  }
  float* d_rows = nullptr;
  if (gradient) {
    d_rows = gradient + model_.head + set.rows.front() * width;
    if (!set.contiguous) {
      w.d_rows.assign(n_rows * width, 0.0f);
      d_rows = w.d_rows.data();
    }
  }
  const int64_t chunk = std::max<int64_t>(1, kLogits / n_rows);
  for (int64_t first = 0; first < n; first += chunk) {
    const int64_t count = std::min(chunk, n - first);
    w.logits.resize(count * n_rows);
    project(rows, width, n_rows, x + first * width, count, 0, w.logits.data());
    for (int64_t i = 0; i < count; i++) {
      lose(set, batch, positions[first + i], w.logits.data() + i * n_rows, losses);
    }
    if (!gradient) continue;
    add_outer(w.logits.data(), n_rows, x + first * width, width, count, d_rows);
    project_back(rows, width, n_rows, w.logits.data(), count, dx + first * width);
  }
  if (!gradient || set.contiguous) return;
  for (int64_t r = 0; r < n_rows; r++) {
    float* to = gradient + model_.head + set.rows[r] * width;
    for (int64_t i = 0; i < width; i++) to[i] += d_rows[r * width + i];
  }
}

// One position's loss; its logits become their gradient: weight * (p * mass - target).
void DenseHead::lose(const HeadSet& set, const TrainBatch& batch, int32_t position, float* logits,
                     float* losses) const {
  const auto n = static_cast<int64_t>(set.rows.size());
  const auto place = [&](int32_t label) { return set.places.empty() ? label : set.places[label]; };
  float largest = logits[0];
  for (int64_t v = 1; v < n; v++) largest = std::max(largest, logits[v]);
  // The label's weight, or those of several that the target is spread over.
  const bool spread = !batch.target_offsets.empty();
  const int32_t begin = spread ? batch.target_offsets[position] : 0;
  const int32_t end = spread ? batch.target_offsets[position + 1] : 1;
  const int32_t* labels =
      spread ? batch.target_labels.data() + begin : batch.labels.data() + position;
  float mass = 0, along = 0;
  for (int32_t k = 0; k < end - begin; k++) {
    const float share = spread ? batch.target_shares[begin + k] : 1.0f;
    mass += share;
    along += share * (logits[place(labels[k])] - largest);
  }
  float sum = 0;
  for (int64_t v = 0; v < n; v++) {
    logits[v] = std::exp(logits[v] - largest);
    sum += logits[v];
  }
  losses[position] = mass * std::log(sum) - along;
  const float weight = batch.weights[position];
  const float scale = weight * mass / sum;
  for (int64_t v = 0; v < n; v++) logits[v] *= scale;
  for (int32_t k = 0; k < end - begin; k++) {
    logits[place(labels[k])] -= weight * (spread ? batch.target_shares[begin + k] : 1.0f);
  }
}

}  // namespace harmonic
