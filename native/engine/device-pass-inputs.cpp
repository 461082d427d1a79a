#include "engine/device-pass-inputs.h"

namespace harmonic {
namespace {

/** Inputs begin at addresses of so many numbers: what every backend takes. */
constexpr int kAlignment = 64;

}  // namespace

InputLayout::InputLayout(const PassShape& shape, bool by_position) {
  const int n = shape.n_tokens, in_rows = shape.n_rows * shape.per_row;
  const auto declare = [this](PassInput which, int n) { size[static_cast<int>(which)] = n; };
  declare(PassInput::kTokens, n);
  declare(PassInput::kPositions, n);
  declare(PassInput::kSeen, in_rows);
  declare(PassInput::kKeysAt, n);
  if (by_position) declare(PassInput::kValuesAt, in_rows);
  if (shape.is_ragged()) {
    declare(PassInput::kTokensAt, in_rows);
    declare(PassInput::kPlacesAt, n);
  }
  if (shape.chooses_outputs()) declare(PassInput::kOutputs, shape.n_outputs);
  declare(PassInput::kHeadRows, shape.n_chosen);
  if (shape.columns) {
    declare(PassInput::kColumns, n);
    declare(PassInput::kNaturalColumns, n);
  }
  declare(PassInput::kPlaces, shape.n_positions);
  for (int i = 0; i < kPassInputs; i++) {
    begin[i] = total;
    total += (size[i] + kAlignment - 1) / kAlignment * kAlignment;
  }
}

}  // namespace harmonic
