#include "engine/dense-pass.h"

#include <algorithm>
#include <numeric>

#include "engine/dense-ops.h"

namespace harmonic {
namespace {

float* reserve(std::vector<float>& x, int64_t rows, int64_t width) {
  if (x.size() < static_cast<size_t>(rows * width)) x.resize(rows * width);
  return x.data();
}

}  // namespace

DensePass::DensePass(const DenseModel& model, const DenseHead& head, float dropout, Factors factors,
                     int threads)
    : model_(model),
      head_(head),
      attention_(model, threads),
      dropout_(dropout),
      training_factors_(factors),
      blocks_(std::max(2, model.hp.n_layers)) {}

void DensePass::run(const TrainBatch& batch, int64_t first, int64_t end, const float* weights,
                    float* gradient, float* losses, const std::atomic<bool>& aborted) {
  weights_ = weights;
  const int64_t begin = batch.group_offsets[first];
  n_ = batch.group_offsets[end] - begin;
  if (n_ == 0) return;
  std::vector<int32_t> offsets;
  for (int64_t g = first; g <= end; g++) {
    offsets.push_back(static_cast<int32_t>(batch.group_offsets[g] - begin));
  }
  attention_.begin(offsets);
  factors_ = gradient ? training_factors_ : Factors::f32;
  dropping_ = gradient && dropout_.on();
  if (dropping_) {
    dropout_.begin({batch.dropout_seeds.begin() + first, batch.dropout_seeds.begin() + end},
                   offsets);
  }

  const int64_t width = model_.hp.n_embd;
  const int n_layers = model_.hp.n_layers;
  // A forward pass alone keeps no block but the current one.
  const auto block = [&](int i) -> Block& { return blocks_[gradient ? i : i % 2]; };
  const auto next_column = [&](int64_t token) {
    return batch.next_columns.empty() ? -1 : batch.next_columns[token];
  };
  float* x = reserve(block(0).x, n_, width);
  for (int64_t t = 0; t < n_; t++) {
    std::copy_n(weights_ + model_.embedding + batch.tokens[begin + t] * width, width,
                x + t * width);
    const int32_t column = next_column(begin + t);
    if (column >= 0) add_rows(weights_ + model_.columns + column * width, width, 1, x + t * width);
  }
  for (int i = 0; i < n_layers; i++) {
    if (aborted) return;
    float* out = reserve(i + 1 < n_layers ? block(i + 1).x : out_, n_, width);
    forward(i, block(i), out);
  }
  lose(batch, begin, n_, out_.data(), gradient, losses);
  if (!gradient) return;
  for (int i = n_layers - 1; i >= 0; i--) {
    if (aborted) return;
    backward(i, blocks_[i], gradient);
  }
  for (int64_t t = 0; t < n_; t++) {
    const float* dx = dx_.data() + t * width;
    add_rows(dx, width, 1, gradient + model_.embedding + batch.tokens[begin + t] * width);
    const int32_t column = next_column(begin + t);
    if (column >= 0) add_rows(dx, width, 1, gradient + model_.columns + column * width);
  }
}

Projection DensePass::matrix(size_t at, int64_t n_in, int64_t n_out) const {
  return {weights_ + at, n_in, n_out, factors_};
}

void DensePass::forward(int i, Block& b, float* out) {
  const Hyperparameters& hp = model_.hp;
  const DenseLayer& l = model_.layers[i];
  const int64_t width = hp.n_embd, q = hp.q_dim(), qkv = hp.qkv_dim(), ff = hp.n_ff;
  // y = x + W h, with dropout of what is added.
  const auto add_projection = [&](size_t at, int64_t n_in, const float* h, const float* x, int site,
                                  float* y) {
    const Projection project = matrix(at, n_in, width);
    std::copy_n(x, n_ * width, y);
    if (!dropping_) return project.forward(h, n_, true, y);
    float* added = reserve(added_, n_, width);
    project.forward(h, n_, false, added);
    drop_rows({&dropout_, static_cast<uint64_t>(site)}, added, width, n_, true, y);
  };

  float* attention_in = reserve(b.attention_in, n_, width);
  norm_rows(b.x.data(), weights_ + l.attention_norm, hp.norm_epsilon, width, n_, attention_in,
            reserve(b.attention_inverse, n_, 1));
  matrix(l.qkv, width, qkv).forward(attention_in, n_, false, reserve(b.qkv, n_, qkv));
  float* raw = l.q_norm == DenseLayer::kAbsent ? nullptr : reserve(b.raw, n_, qkv);
  attention_.prepare(l, weights_, b.qkv.data(), raw);
  attention_.forward(b.qkv.data(), reserve(b.attended, n_, q));
  float* middle = reserve(b.middle, n_, width);
  add_projection(l.output, q, b.attended.data(), b.x.data(), 2 * i, middle);

  float* ffn_in = reserve(b.ffn_in, n_, width);
  norm_rows(middle, weights_ + l.ffn_norm, hp.norm_epsilon, width, n_, ffn_in,
            reserve(b.ffn_inverse, n_, 1));
  matrix(l.gate_up, width, 2 * ff).forward(ffn_in, n_, false, reserve(b.gate_up, n_, 2 * ff));
  swiglu_rows(b.gate_up.data(), ff, n_, reserve(b.hidden, n_, ff));
  add_projection(l.down, ff, b.hidden.data(), middle, 2 * i + 1, out);
}

// dx_ holds the gradient of the block's output, then that of its input.
void DensePass::backward(int i, const Block& b, float* gradient) {
  const Hyperparameters& hp = model_.hp;
  const DenseLayer& l = model_.layers[i];
  const int64_t width = hp.n_embd, q = hp.q_dim(), qkv = hp.qkv_dim(), ff = hp.n_ff;
  float* dx = dx_.data();
  // The gradient of h, given that of x + W h in dx; adds to that of W.
  const auto back = [&](size_t at, int64_t n_in, const float* h, int site, float* dh) {
    const float* dy = dx;
    if (dropping_) {
      float* dropped = reserve(added_, n_, width);
      drop_rows({&dropout_, static_cast<uint64_t>(site)}, dx, width, n_, false, dropped);
      dy = dropped;
    }
    matrix(at, n_in, width).backward(dy, h, n_, dh, gradient + at);
  };

  float* d_hidden = reserve(wide_, n_, std::max(ff, q));
  float* d_gate_up = reserve(wider_, n_, std::max(2 * ff, qkv));
  back(l.down, ff, b.hidden.data(), 2 * i + 1, d_hidden);
  swiglu_rows_back(b.gate_up.data(), d_hidden, ff, n_, d_gate_up);
  float* d_in = reserve(added_, n_, width);
  matrix(l.gate_up, width, 2 * ff)
      .backward(d_gate_up, b.ffn_in.data(), n_, d_in, gradient + l.gate_up);
  norm_rows_back(d_in, b.middle.data(), b.ffn_inverse.data(), weights_ + l.ffn_norm, width, n_, dx,
                 gradient + l.ffn_norm);

  float* d_attended = wide_.data();
  float* d_qkv = wider_.data();
  back(l.output, q, b.attended.data(), 2 * i, d_attended);
  attention_.backward(b.qkv.data(), d_attended, d_qkv);
  attention_.prepare_back(l, weights_, b.raw.data(), d_qkv, gradient);
  d_in = added_.data();
  matrix(l.qkv, width, qkv).backward(d_qkv, b.attention_in.data(), n_, d_in, gradient + l.qkv);
  norm_rows_back(d_in, b.x.data(), b.attention_inverse.data(), weights_ + l.attention_norm, width,
                 n_, dx, gradient + l.attention_norm);
}

// The losses of the positions of a piece; with a gradient dx_ becomes that of x.
void DensePass::lose(const TrainBatch& batch, int64_t first_token, int64_t n_tokens, const float* x,
                     float* gradient, float* losses) {
  const int64_t width = model_.hp.n_embd;
  const auto at = [&](int64_t token) {
    return std::lower_bound(batch.loss_positions.begin(), batch.loss_positions.end(), token) -
           batch.loss_positions.begin();
  };
  if (gradient) std::fill_n(reserve(dx_, n_tokens, width), n_tokens * width, 0.0f);
  std::vector<int32_t> order(at(first_token + n_tokens) - at(first_token));
  if (order.empty()) return;
  std::iota(order.begin(), order.end(), static_cast<int32_t>(at(first_token)));
  const auto set_of = [&](int32_t p) { return head_.n_sets() > 1 ? batch.sets[p] : 0; };
  std::stable_sort(order.begin(), order.end(),
                   [&](int32_t a, int32_t b) { return set_of(a) < set_of(b); });

  const auto n = static_cast<int64_t>(order.size());
  std::vector<float> inverse(n);
  float* last = reserve(added_, n, width);
  float* normed = reserve(wide_, n, width);
  for (int64_t i = 0; i < n; i++) {
    std::copy_n(x + (batch.loss_positions[order[i]] - first_token) * width, width,
                last + i * width);
  }
  const float* gain = weights_ + model_.output_norm;
  norm_rows(last, gain, model_.hp.norm_epsilon, width, n, normed, inverse.data());
  float* d_normed = gradient ? reserve(wider_, n, width) : nullptr;
  for (int64_t begin = 0, end; begin < n; begin = end) {
    const int32_t set = set_of(order[begin]);
    for (end = begin + 1; end < n && set_of(order[end]) == set; end++) {
    }
    head_.run(set, weights_, batch, order.data() + begin, end - begin, normed + begin * width,
              gradient, gradient ? d_normed + begin * width : nullptr, losses);
  }
  if (!gradient) return;
  for (int64_t i = 0; i < n; i++) {
    norm_rows_back(d_normed + i * width, last + i * width, &inverse[i], gain, width, 1,
                   dx_.data() + (batch.loss_positions[order[i]] - first_token) * width,
                   gradient + model_.output_norm);
  }
}

}  // namespace harmonic
