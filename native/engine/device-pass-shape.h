#pragma once
#include <tuple>

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

}  // namespace harmonic
