#pragma once
#include <map>
#include <string>
#include <vector>

#include "engine/parameters.h"
#include "engine/train-batch.h"

namespace harmonic {

// What learns from batches: an adapter of a frozen model, or a whole small model. All methods may
// be called from any thread, one pass at a time runs.
class Training {
 public:
  virtual ~Training() = default;

  // Forward and backward; adds to the gradients. Returns the loss of each position (natural log),
  // shape (R).
  virtual std::vector<float> accumulate(const TrainBatch& batch) = 0;
  // Forward alone.
  virtual std::vector<float> evaluate(const TrainBatch& batch) = 0;
  // AdamW on the gathered gradients, which are then zero; returns their norm before clipping.
  virtual double update(const AdamWOptions& options) = 0;
  virtual std::vector<char> state() = 0;
  virtual void set_state(const std::vector<char>& state) = 0;
  // Writes what is trained as GGUF, with metadata under harmonic.*; `type` of the matrices of a
  // whole model, as in Merger.
  virtual void save(const std::string& path, const std::map<std::string, std::string>& metadata,
                    const std::string& type) = 0;
  virtual size_t n_parameters() const = 0;
  // Where a device computes: what it leaves to the CPU, by name, known from the first.
  virtual std::vector<std::string> on_cpu() { return {}; }
  // Ends a running pass, and every later one, with E_ABORTED; the weights stay those of the last
  // update.
  virtual void abort() = 0;
};

}  // namespace harmonic
