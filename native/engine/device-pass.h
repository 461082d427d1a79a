#pragma once
#include <array>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "engine/device-cache.h"
#include "engine/device-head.h"
#include "engine/device-model.h"
#include "engine/placed-graph.h"

namespace harmonic {

/** Sizes that a graph is built for: batches of equal sizes take the same one. */
struct PassShape {
  int n_tokens = 0;      // N
  int n_rows = 0;        // R, slots one behind another
  int per_row = 0;       // T, tokens of a row at most
  int first_row = 0;     // slot
  int n_positions = 0;   // P, that are looked at
  int n_outputs = 0;     // tokens whose logits are computed
  int n_chosen = 0;      // rows of the head, 0: all
  bool columns = false;  // some token goes on with a column that is not the natural one

  /** Whether tokens lie one behind another: else token t of row r lies at r T + t. */
  bool is_ragged() const { return n_rows > 1 && per_row > 1; }
  /** Whether tokens with outputs are chosen: else all have one. */
  bool chooses_outputs() const { return n_outputs < n_tokens; }
  std::tuple<int, int, int, int, int, int, int, bool> sizes() const {
    return {n_tokens, n_rows, per_row, first_row, n_positions, n_outputs, n_chosen, columns};
  }
};

/** What a pass reads beside weights, keys and values; ids and indexes, absent ones of length 0. */
enum class PassInput {
  kTokens,          // (N)
  kPositions,       // (N)
  kSeen,            // (R, T): the last position that a row's token looks at
  kKeysAt,          // (N): slot * positions + position, of keys
  kValuesAt,        // (R, T): position, of values that lie dimension behind dimension
  kTokensAt,        // (R, T), ragged: index of the token
  kPlacesAt,        // (N), ragged: r T + t
  kOutputs,         // (outputs): index of the token
  kHeadRows,        // (chosen)
  kColumns,         // (N)
  kNaturalColumns,  // (N): those that the tokens' embeddings have folded in
  kPlaces,          // (P): 0, 1, 2 ...
};
inline constexpr int kPassInputs = 12;

/** Where the inputs of passes of some sizes lie in one block of integers. */
struct InputLayout {
  /** by_position: values lie dimension behind dimension */
  InputLayout(const PassShape& shape, bool by_position);

  std::array<int, kPassInputs> size{}, begin{};
  int total = 0;
};

/**
 * What a pass takes of a device beside weights, keys and values; passes that are made one after
 * another, of which the last alone is run, can share it.
 */
struct PassMemory {
  PassMemory(const DeviceBackend& backend, const DeviceModel& model, int n_inputs);

  TensorStore store;
  ggml_tensor* inputs;  // [n_inputs]
  std::shared_ptr<GraphMemory> graph;
};

/**
 * The model's forward pass over some tokens of the rows in a DeviceCache, as a graph of ggml's own
 * operations that a device keeps.
 */
class DevicePass {
 public:
  /** `memory` has room for the inputs. */
  DevicePass(const DeviceModel& model, const DeviceBackend& backend, const DeviceCache& cache,
             const DeviceHead& head, const PassShape& shape, std::shared_ptr<PassMemory> memory);

  const PassShape& shape() const { return shape_; }
  /** To be filled before run(): what it holds is what the last run had, or zeros. */
  int32_t* input(PassInput which) {
    return staged_.data() + layout_.begin[static_cast<int>(which)];
  }
  int size(PassInput which) const { return layout_.size[static_cast<int>(which)]; }
  /** Logits of a token: of the rows of the head that are chosen, or of all. */
  int n_logits() const { return logits_ ? static_cast<int>(logits_->ne[0]) : 0; }
  /** Writes the logits, shape (outputs, n_logits). */
  void run(float* logits);
  /** Operations that the device lacks, by name. */
  const std::set<std::string>& on_cpu() const { return placed_->on_cpu(); }

 private:
  class Builder;

  const PassShape shape_;
  const InputLayout layout_;
  std::shared_ptr<PassMemory> memory_;
  std::array<ggml_tensor*, kPassInputs> inputs_{};
  std::vector<int32_t> staged_;
  ggml_tensor* logits_ = nullptr;
  std::unique_ptr<ggml_context, void (*)(ggml_context*)> context_;
  std::unique_ptr<PlacedGraph> placed_;
};

}  // namespace harmonic
