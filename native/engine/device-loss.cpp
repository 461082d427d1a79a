#include "engine/device-loss.h"

#include <limits>

#include "engine/error.h"

namespace harmonic {

AllowedMask::AllowedMask(const std::vector<uint8_t>& allowed, int64_t n_ids, ggml_backend_t backend,
                         bool measured) {
  if (allowed.empty()) return;
  context_ = ggml_init({2 * ggml_tensor_overhead(), nullptr, true});
  tensor_ = ggml_new_tensor_2d(context_, GGML_TYPE_F16, n_ids,
                               static_cast<int64_t>(allowed.size()) / n_ids);
  if (measured) {
    tensor_->data = this;
    return;
  }
  buffer_ = ggml_backend_alloc_ctx_tensors(context_, backend);
  if (!buffer_) {
    ggml_free(context_);
    throw Error("E_MODEL", "not enough memory on the device for the ids that may follow",
                "take the device cpu");
  }
  const ggml_fp16_t yes = ggml_fp32_to_fp16(0.0f);
  const ggml_fp16_t no = ggml_fp32_to_fp16(-std::numeric_limits<float>::infinity());
  std::vector<ggml_fp16_t> values(allowed.size());
  for (size_t i = 0; i < allowed.size(); i++) values[i] = allowed[i] ? yes : no;
  ggml_backend_tensor_set(tensor_, values.data(), 0, ggml_nbytes(tensor_));
}

AllowedMask::~AllowedMask() {
  ggml_backend_buffer_free(buffer_);
  ggml_free(context_);
}

ggml_tensor* DeviceLoss::gradient(ggml_tensor* logits, LossTask* task) {
  const int64_t n = logits->ne[0], r = logits->ne[1];
  const auto input = [&](ggml_type type, int64_t ne0, int64_t ne1) {
    ggml_tensor* t = ggml_new_tensor_2d(c_, type, ne0, ne1);
    ggml_set_input(t);
    return t;
  };
  Part part = {task, n, input(GGML_TYPE_I32, r, 1), nullptr, input(GGML_TYPE_F32, 1, r), nullptr};
  ggml_tensor* mask = nullptr;
  if (mask_) {
    part.sets = input(GGML_TYPE_I32, r, 1);
    mask = ggml_get_rows(c_, mask_, part.sets);
  }
  ggml_tensor* p = ggml_soft_max_ext(c_, logits, mask, 1, 0);
  ggml_tensor* of_label = ggml_get_rows(c_, ggml_reshape_2d(c_, p, 1, n * r), part.labels);
  part.log = ggml_log(c_, ggml_clamp(c_, of_label, kSmallest, 1));
  ggml_set_output(part.log);
  ggml_build_forward_expand(graph_, part.log);
  parts_.push_back(part);
  // weight * p, and weight * (p - 1) at the label
  ggml_tensor* grad = ggml_reshape_2d(c_, ggml_mul(c_, p, part.weights), 1, n * r);
  ggml_tensor* at_label = ggml_sub(c_, ggml_mul(c_, of_label, part.weights), part.weights);
  return ggml_reshape_2d(c_, ggml_set_rows(c_, grad, at_label, part.labels), n, r);
}

void DeviceLoss::fill() const {
  for (const Part& part : parts_) {
    const int64_t r = part.labels->ne[0];
    std::vector<int32_t> places(r);
    for (int64_t i = 0; i < r; i++) {
      places[i] = static_cast<int32_t>(i * part.n_ids + part.task->labels[i]);
    }
    ggml_backend_tensor_set(part.labels, places.data(), 0, ggml_nbytes(part.labels));
    ggml_backend_tensor_set(part.weights, part.task->weights, 0, ggml_nbytes(part.weights));
    if (part.sets) ggml_backend_tensor_set(part.sets, part.task->sets, 0, ggml_nbytes(part.sets));
  }
}

void DeviceLoss::read() const {
  for (const Part& part : parts_) {
    ggml_backend_tensor_get(part.log, part.task->losses, 0, ggml_nbytes(part.log));
    for (int64_t i = 0; i < part.log->ne[1]; i++) part.task->losses[i] = -part.task->losses[i];
  }
}

}  // namespace harmonic
