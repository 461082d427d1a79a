#pragma once

#include <utility>
#include <vector>

#include "engine/batch.h"
#include "engine/drafts.h"
#include "engine/draw.h"
#include "engine/generate-request.h"
#include "engine/grammar.h"
#include "engine/random.h"

namespace harmonic {

/** One row on its way through the grammar. */
struct DrawnRow {
  RowProgress progress;
  int position = 0;                   // tokens in the cache
  std::vector<ColumnToken> pending;   // taken but not evaluated; the last predicts the next draw
  std::vector<Draft> drafts;          // what may follow these
  const EdgeCounts* shown = nullptr;  // the rows that its prompt shows, where drafts are made
  int first_state = 0;
  int first_column = -1;  // that the last token of the prompt goes on with
  SplitMix64 random{0};
  bool done = false;
  std::vector<double> log_probabilities, allowed_mass;  // one a column, where they are asked for
};

/** Draws the rows of one request, token by token, from logits that others compute. */
class RowDrawer {
 public:
  struct Options {
    bool explain = false;
    bool evaluate_last = false;  // what is forced behind the last choice too
  };

  /** `places`: of each edge's token among the `n_logits` logits. */
  RowDrawer(const Grammar& grammar, const std::vector<int>& places, int n_logits,
            const GenerateRequest& request, Options options);

  /** Row r behind its prompt: walks its given tokens and what is forced behind them. Throws Error
   * E_USAGE where the automaton has no such tokens. */
  DrawnRow start(int r);
  /** Draws one of the allowed edges, then takes the forced ones. */
  void draw(DrawnRow& row, const float* logits);

 private:
  void take_given(DrawnRow& row, int r);
  void take(DrawnRow& row, int edge) const;
  void take_forced(DrawnRow& row);
  int draw_silent(DrawnRow& row, const Edges& edges) const;
  double temperature(int column) const;

  const Grammar& grammar_;
  const Automaton& automaton_;
  const std::vector<int>& places_;
  const int n_logits_;
  const GenerateRequest& request_;
  const Options options_;
  Drawer drawer_;
  std::vector<int> scratch_, allowed_places_;
};

}  // namespace harmonic
