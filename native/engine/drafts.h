#pragma once
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "engine/batch.h"
#include "engine/grammar.h"

namespace harmonic {

/** How many of some rows took each edge. */
using EdgeCounts = std::unordered_map<int, int>;

/** A token that may come next. */
struct Draft {
  ColumnToken token;
  bool before_draw;  // the one behind it is drawn
};

/**
 * Guesses at what a row goes on with, from the rows that its prompt shows and from those of the
 * table. A guess is evaluated along with the row and holds where it is what is drawn then, so it
 * changes nothing but how many passes a row takes.
 */
class Drafts {
 public:
  struct Guess {
    int edge;
    double share;  // estimate of its probability
  };
  struct Limits {
    double least_share;  // of all that is guessed together
    size_t most_tokens;
    int most_draws;
  };

  /** `counts`: how many rows of the table take each edge; empty: unknown. */
  Drafts(const Grammar& grammar, std::vector<int32_t> counts);

  /** The edges of the rows that stand whole among a prompt's tokens, each begun in `start`. */
  EdgeCounts rows_in(const int32_t* tokens, int n, int start) const;
  /** What a row goes on with, up to the last token that something is drawn behind. */
  std::vector<Draft> ahead(RowProgress& row, const EdgeCounts& shown, const Limits& limits) const;
  /** The likeliest of the edges that a row may take. */
  Guess guess(const EdgeCounts& shown, const Edges& edges) const;

 private:
  int find(int state, int32_t token) const;

  const Grammar& grammar_;
  const Automaton& automaton_;
  const std::vector<int32_t> counts_;
};

}  // namespace harmonic
