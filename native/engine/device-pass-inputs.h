#pragma once
#include <array>

#include "engine/device-pass-shape.h"

namespace harmonic {

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

}  // namespace harmonic
