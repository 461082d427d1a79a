#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "engine/automaton.h"

namespace harmonic {

/** Where a text of one row stands. */
struct TextProgress {
  int32_t n_characters = 0;  // begun
  uint8_t utf8 = 0;          // what the next byte may be, see text-cells.cpp; 0: any character
};

/**
 * The texts of an automaton's rows: which tokens may come next, so that a text keeps its limits and
 * is UTF-8, though a token may end or begin inside a character.
 */
class TextCells {
 public:
  /** `bytes_of` gives a token's bytes. Throws Error E_USAGE where an edge's action is not the
   * number of characters that begin in its token. */
  TextCells(const Automaton& automaton, const std::function<std::string(int32_t)>& bytes_of);

  /** Whether a text may go on with an edge of its column, or end with it, and can still be
   * finished.
   */
  bool allows(const TextProgress& progress, int edge) const;
  /** Takes an edge that goes on with a text. */
  void take(TextProgress& progress, int edge) const;
  /** The bytes of its token. */
  const std::string& bytes(int edge) const { return pieces_[piece_of_[edge]].bytes; }

 private:
  static constexpr int kUtf8States = 9;
  struct Piece {
    std::string bytes;
    std::array<uint8_t, kUtf8States> next;
  };
  /** Of a column: what can still be finished. */
  struct Column {
    std::vector<bool> can_end;                // after n characters, shape (most + 1)
    std::array<bool, kUtf8States> can_whole;  // the character that a state stands in
  };
  void find_ends(int column);

  const Automaton& automaton_;
  std::vector<Piece> pieces_;
  std::vector<int32_t> piece_of_;  // by edge; -1 where it goes on with no text
  std::vector<Column> columns_;
};

}  // namespace harmonic
