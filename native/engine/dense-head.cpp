#include "engine/dense-head.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <string>

#include "engine/error.h"
#include "engine/projection.h"

namespace harmonic {
namespace {

// Floats of logits at a time.
constexpr int64_t kLogits = 4 << 20;

struct Scratch {
  std::vector<float> logits, rows, d_rows;
};

[[noreturn]] void fail(const std::string& what) {
  throw Error("E_USAGE", "expected each of `allowedSets` to hold " + what);
}

}  // namespace

int64_t HeadSet::place(int32_t label) const {
  if (labels.size() != rows.size()) {
    const int64_t at = label - labels.front();
    return at >= 0 && at < static_cast<int64_t>(rows.size()) ? at : -1;
  }
  const auto found = std::lower_bound(labels.begin(), labels.end(), label);
  return found != labels.end() && *found == label ? found - labels.begin() : -1;
}

DenseHead::DenseHead(const DenseModel& model, const std::vector<int32_t>& vocabulary,
                     const LabelSets& allowed_sets)
    : model_(model),
      n_labels_(vocabulary.empty() ? model.hp.n_vocab : static_cast<int64_t>(vocabulary.size())),
      checks_(allowed_sets.offsets.size() > 1) {
  const auto add = [&](std::vector<int32_t> labels) {
    HeadSet set;
    for (const int32_t label : labels) {
      set.rows.push_back(vocabulary.empty() ? label : vocabulary[label]);
    }
    const auto n = static_cast<int>(labels.size());
    set.contiguous = set.rows.back() - set.rows.front() + 1 == n;
    if (n > 1 && labels.back() - labels.front() + 1 == n) labels.resize(1);
    set.labels = std::move(labels);
    sets_.push_back(std::move(set));
  };
  if (!checks_) {
    std::vector<int32_t> all(n_labels_);
    std::iota(all.begin(), all.end(), 0);
    add(std::move(all));
    return;
  }
  for (size_t s = 0; s + 1 < allowed_sets.offsets.size(); s++) {
    const int32_t begin = allowed_sets.offsets[s], end = allowed_sets.offsets[s + 1];
    const auto known = static_cast<int32_t>(allowed_sets.labels.size());
    if (begin < 0 || begin >= end || end > known) fail("parts of its labels");
    std::vector<int32_t> labels(allowed_sets.labels.begin() + begin,
                                allowed_sets.labels.begin() + end);
    if (labels.front() < 0 || labels.back() >= n_labels_ ||
        std::adjacent_find(labels.begin(), labels.end(), std::greater_equal<>()) != labels.end()) {
      fail("ascending indices into `vocabulary`");
    }
    add(std::move(labels));
  }
}

void DenseHead::check(const TrainBatch& b) const {
  if (!checks_) return;
  const auto wrong = [](const char* what) {
    throw Error("E_USAGE", std::string("a training batch has ") + what);
  };
  if (b.sets.size() != b.loss_positions.size()) {
    wrong("labels, sets, weights and loss positions of different lengths");
  }
  const bool spread = !b.target_offsets.empty();
  const int32_t* labels = spread ? b.target_labels.data() : b.labels.data();
  for (size_t i = 0; i < b.sets.size(); i++) {
    if (b.sets[i] < 0 || b.sets[i] >= n_sets()) wrong("an unknown set of allowed ids");
    const size_t begin = spread ? b.target_offsets[i] : i;
    const size_t end = spread ? b.target_offsets[i + 1] : i + 1;
    for (size_t k = begin; k < end; k++) {
      if (sets_[b.sets[i]].place(labels[k]) < 0) wrong("a label that is not allowed");
    }
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
  const Projection project = {rows, width, n_rows, Factors::f32};
  const int64_t chunk = std::max<int64_t>(1, kLogits / n_rows);
  for (int64_t first = 0; first < n; first += chunk) {
    const int64_t count = std::min(chunk, n - first);
    w.logits.resize(count * n_rows);
    project.forward(x + first * width, count, false, w.logits.data());
    for (int64_t i = 0; i < count; i++) {
      lose(set, batch, positions[first + i], w.logits.data() + i * n_rows, losses);
    }
    if (!gradient) continue;
    project.backward(w.logits.data(), x + first * width, count, dx + first * width, d_rows);
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
    along += share * (logits[set.place(labels[k])] - largest);
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
    logits[set.place(labels[k])] -= weight * (spread ? batch.target_shares[begin + k] : 1.0f);
  }
}

}  // namespace harmonic
