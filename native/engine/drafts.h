#pragma once
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "engine/automaton.h"
#include "engine/grammar.h"

namespace harmonic {

/** How many of some rows took each edge. */
using EdgeCounts = std::unordered_map<int, int>;

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

  /** `counts`: how many rows of the table take each edge; empty: unknown. */
  Drafts(const Automaton& automaton, std::vector<int32_t> counts);

  /** The edges of the rows that stand whole among a prompt's tokens, each begun in `start`. */
  EdgeCounts rows_in(const int32_t* tokens, int n, int start) const;
  /** The likeliest of the edges that a row may take. */
  Guess guess(const EdgeCounts& shown, const Edges& edges) const;

 private:
  int find(int state, int32_t token) const;

  const Automaton& automaton_;
  const std::vector<int32_t> counts_;
};

}  // namespace harmonic
