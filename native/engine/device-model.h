#pragma once
#include <string>
#include <vector>

#include "engine/device-backend.h"
#include "engine/next-columns.h"
#include "engine/tensor-store.h"
#include "engine/weights.h"

namespace harmonic {

/**
 * A model's weights in a device's memory, with its adapter merged: matrices in BF16, as they
 * are trained with, of small F32 models as they are. Evaluators share it.
 */
class DeviceModel {
 public:
  /** `adapter` and `device` may be empty; `layers` as of WeightsOptions. Throws Error E_MODEL where
   * it cannot be read or held. */
  DeviceModel(const std::string& base, const std::string& adapter, const std::string& device,
              int layers = 0);

  const std::string& device() const { return device_; }
  const Weights& weights() const { return *weights_; }
  /** Whether matrices are F32, and all that is computed should be. */
  bool is_exact() const { return is_exact_; }
  /** What rotated pairs are divided by, [head_dim / 2], or null. */
  ggml_tensor* rotary_divisors() const { return divisors_; }
  /** Columns of the table that it was trained on; 0: it knows of none. */
  int n_columns() const { return static_cast<int>(columns_.n); }
  /** Their embeddings and one of zeros behind them, [n_embd, n_columns + 1]; null: none. */
  ggml_tensor* column_embeddings() const { return column_embeddings_; }
  /** The column that an id's embedding has folded in; n_columns() where none. */
  int natural_column(int32_t id) const {
    return columns_.of[id] < 0 ? n_columns() : columns_.of[id];
  }

 private:
  const std::string device_;
  bool is_exact_;
  DeviceBackend backend_;
  std::unique_ptr<Weights> weights_;
  NextColumns columns_;
  TensorStore store_;
  ggml_tensor* divisors_ = nullptr;
  ggml_tensor* column_embeddings_ = nullptr;
};

}  // namespace harmonic
