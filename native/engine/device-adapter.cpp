#include "engine/device-adapter.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>

#include "engine/error.h"

namespace harmonic {
namespace {

// Values whose squares are summed in the device's 32 bits; sums of these are summed in 64.
constexpr int64_t kLine = 4096;
// Values that one operation is about: what it computes takes memory, and some backends count no
// further than 65,535 groups of threads.
constexpr int64_t kPart = 1 << 22;

// A graph of its own for a few operations on each part of n values.
struct SmallGraph {
  static constexpr int64_t kNodesPerPart = 16;

  explicit SmallGraph(int64_t n) {
    const size_t nodes = kNodesPerPart * ((n + kPart - 1) / kPart);
    context.reset(
        ggml_init({ggml_tensor_overhead() * nodes + ggml_graph_overhead_custom(nodes, false),
                   nullptr, true}));
    graph = ggml_new_graph_custom(context.get(), nodes, false);
  }

  std::unique_ptr<ggml_context, void (*)(ggml_context*)> context{nullptr, ggml_free};
  ggml_cgraph* graph;
};

int64_t rounded_up(int64_t n, int64_t unit) { return (n + unit - 1) / unit * unit; }

}  // namespace

ggml_tensor* block_of(ggml_context* c, ggml_tensor* b, const LoraGroup& group, size_t member) {
  const LoraMember& m = group.members[member];
  return ggml_view_2d(c, b, group.rank, m.n_out, b->nb[1],
                      m.out_offset * b->nb[1] + member * group.rank * b->nb[0]);
}

DeviceAdapter::DeviceAdapter(Adapter& adapter, ggml_backend_t backend, bool measured)
    : adapter_(adapter) {
  std::vector<const LoraGroup*> groups;
  size_t n_tensors = 8;
  for (const LayerAdapter& layer : adapter.layers) {
    for (const LoraGroup* group : {&layer.qkv, &layer.output, &layer.gate_up, &layer.down}) {
      if (group->empty()) continue;
      groups.push_back(group);
      n_tensors += 4 + group->members.size();
    }
  }
  // Operations want their operands to begin where the device's memory is aligned.
  const int64_t unit = std::max<int64_t>(ggml_backend_get_alignment(backend) / sizeof(float), 1);
  std::vector<int64_t> a_at, b_at;
  int64_t n = 0;
  for (const LoraGroup* group : groups) {
    a_at.push_back(n);
    b_at.push_back(rounded_up(n + ggml_nelements(group->a), unit));
    place(*group, a_at.back(), b_at.back());
    n = rounded_up(b_at.back() + group->a->ne[1] * group->n_out, unit);
  }
  n = rounded_up(n, kLine);
  context_ = ggml_init({ggml_tensor_overhead() * n_tensors, nullptr, true});
  for (ggml_tensor** row : {&values_, &gradients_, &first_, &second_}) {
    *row = ggml_new_tensor_1d(context_, GGML_TYPE_F32, n);
  }
  factors_ = ggml_new_tensor_1d(context_, GGML_TYPE_F32, 7);
  if (!measured) {
    buffer_ = ggml_backend_alloc_ctx_tensors(context_, backend);
    if (!buffer_) {
      ggml_free(context_);
      throw Error("E_MODEL", "not enough memory for the adapter on the device",
                  "use a smaller rank, or the device cpu");
    }
  }
  const auto matrix = [&](ggml_tensor* row, int64_t at, int64_t ne0, int64_t ne1) {
    ggml_tensor* t = ggml_new_tensor_2d(context_, GGML_TYPE_F32, ne0, ne1);
    if (measured) {
      t->data = this;  // as of Weights: not the graph's to place
    } else {
      ggml_backend_tensor_alloc(row->buffer, t, static_cast<float*>(row->data) + at);
    }
    return t;
  };
  for (size_t g = 0; g < groups.size(); g++) {
    const LoraGroup& group = *groups[g];
    const int64_t rows = group.a->ne[1];
    DeviceLora& lora = groups_[&group];
    lora.a = matrix(values_, a_at[g], group.n_in, rows);
    lora.a_grad = matrix(gradients_, a_at[g], group.n_in, rows);
    lora.b = matrix(values_, b_at[g], rows, group.n_out);
    ggml_tensor* b_grad = matrix(gradients_, b_at[g], rows, group.n_out);
    for (size_t i = 0; i < group.members.size(); i++) {
      lora.b_grad.push_back(block_of(context_, b_grad, group, i));
      if (!measured) ggml_backend_view_init(lora.b_grad.back());
    }
  }
  if (!measured) upload();
}

void DeviceAdapter::place(const LoraGroup& group, int64_t a_at, int64_t b_at) {
  const int64_t rows = group.a->ne[1], n_a = static_cast<int64_t>(group.rank) * group.n_in;
  for (size_t i = 0; i < group.members.size(); i++) {
    const LoraMember& m = group.members[i];
    const auto k = static_cast<int64_t>(i);
    places_.push_back({a_at + k * n_a, n_a, 1, 0});
    places_.push_back({b_at + m.out_offset * rows + k * group.rank, group.rank, m.n_out, rows});
  }
}

DeviceAdapter::~DeviceAdapter() {
  ggml_backend_buffer_free(buffer_);
  ggml_free(context_);
}

double DeviceAdapter::gradient_norm(const Compute& compute) const {
  const int64_t n = ggml_nelements(gradients_);
  const SmallGraph small(n);
  ggml_context* c = small.context.get();
  std::vector<ggml_tensor*> sums;
  for (int64_t first = 0; first < n; first += kPart) {
    const int64_t size = std::min(kPart, n - first);
    ggml_tensor* part = ggml_view_2d(c, gradients_, kLine, size / kLine, kLine * sizeof(float),
                                     first * sizeof(float));
    sums.push_back(ggml_sum_rows(c, ggml_sqr(c, part)));
    ggml_set_output(sums.back());
    ggml_build_forward_expand(small.graph, sums.back());
  }
  compute(small.graph);
  double square = 0;
  std::vector<float> lines;
  for (const ggml_tensor* sum : sums) {
    lines.resize(ggml_nelements(sum));
    ggml_backend_tensor_get(sum, lines.data(), 0, ggml_nbytes(sum));
    for (const float line : lines) square += line;
  }
  return std::sqrt(square);
}

double DeviceAdapter::update(const AdamWOptions& o, const Compute& compute) {
  const double norm = gradient_norm(compute);
  if (!std::isfinite(norm)) return norm;
  const int64_t step = adapter_.trained().count_step();
  const float factors[] = {o.learning_rate,
                           o.beta1,
                           o.beta2,
                           o.epsilon,
                           o.weight_decay,
                           moment_correction(o.beta1, step),
                           moment_correction(o.beta2, step)};
  ggml_backend_tensor_set(factors_, factors, 0, sizeof factors);
  const bool clipped = o.clip > 0 && norm > o.clip;

  const int64_t n = ggml_nelements(values_);
  const SmallGraph small(n);
  ggml_context* c = small.context.get();
  for (int64_t first = 0; first < n; first += kPart) {
    const auto part = [&](ggml_tensor* row) {
      return ggml_view_1d(c, row, std::min(kPart, n - first), first * sizeof(float));
    };
    ggml_tensor *value = part(values_), *gradient = part(gradients_);
    if (clipped) gradient = ggml_scale_inplace(c, gradient, static_cast<float>(o.clip / norm));
    value->flags |= GGML_TENSOR_FLAG_PARAM;  // which ggml_set_param does not take views for
    ggml_build_forward_expand(small.graph, ggml_opt_step_adamw(c, value, gradient, part(first_),
                                                               part(second_), factors_));
  }
  compute(small.graph);
  ggml_backend_tensor_memset(gradients_, 0, 0, ggml_nbytes(gradients_));
  return norm;
}

void DeviceAdapter::each_run(const std::function<void(const Parameter&, const Run&)>& call) const {
  int64_t moment = 0;
  for (size_t k = 0; k < places_.size(); k++) {
    const Place& place = places_[k];
    for (int64_t i = 0; i < place.times; i++) {
      call(adapter_.parameters()[k],
           {place.at + i * place.stride, i * place.n, moment + i * place.n, place.n});
    }
    moment += place.n * place.times;
  }
}

void DeviceAdapter::upload() {
  const float* first = adapter_.trained().moments().data();
  const float* second = first + adapter_.trained().size();
  const auto fill = [&](ggml_tensor* row, const auto& from) {
    std::vector<float> all(ggml_nelements(row));
    each_run([&](const Parameter& p, const Run& run) {
      std::copy_n(from(p, run), run.n, all.data() + run.in_row);
    });
    ggml_backend_tensor_set(row, all.data(), 0, ggml_nbytes(row));
  };
  fill(values_, [](const Parameter& p, const Run& run) { return p.value + run.in_parameter; });
  fill(first_, [&](const Parameter&, const Run& run) { return first + run.in_moments; });
  fill(second_, [&](const Parameter&, const Run& run) { return second + run.in_moments; });
  ggml_backend_tensor_memset(gradients_, 0, 0, ggml_nbytes(gradients_));
}

void DeviceAdapter::download() const {
  float* first = adapter_.trained().moments().data();
  float* second = first + adapter_.trained().size();
  const auto read = [&](const ggml_tensor* row, const auto& to) {
    std::vector<float> all(ggml_nelements(row));
    ggml_backend_tensor_get(row, all.data(), 0, ggml_nbytes(row));
    each_run([&](const Parameter& p, const Run& run) {
      std::copy_n(all.data() + run.in_row, run.n, to(p, run));
    });
  };
  read(values_, [](const Parameter& p, const Run& run) { return p.value + run.in_parameter; });
  read(first_, [&](const Parameter&, const Run& run) { return first + run.in_moments; });
  read(second_, [&](const Parameter&, const Run& run) { return second + run.in_moments; });
}

}  // namespace harmonic
