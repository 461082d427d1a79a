#include "engine/lock-step.h"

#include <algorithm>

namespace harmonic {
namespace {

/** Share of a step's tokens that must be real ones, not padding, for rows to jump several tokens at
 * once. */
constexpr double kLeastUse = 0.8;
/** So many finished rows between two running ones get a dummy token rather than split the batch. */
constexpr int kLongestGap = 2;

}  // namespace

LockStep::LockStep(Decoder& decoder, const Grammar& grammar, const Drafts& drafts, int most_outputs,
                   bool jump_forward)
    : decoder_(decoder),
      grammar_(grammar),
      drafts_(drafts),
      most_outputs_(most_outputs),
      jump_forward_(jump_forward) {}

/**
 * One pass for all running rows. For an evaluator that is not ragged each gets the same number of
 * tokens, for llama.cpp takes a batch apart into runs of sequences with consecutive ids and equal
 * lengths: a row with less to evaluate gets dummies, removed afterwards, and so does a finished row
 * between running ones.
 */
void LockStep::step(std::vector<DrawnRow>& rows, RowDrawer& drawer) {
  std::vector<int> running;
  for (size_t r = 0; r < rows.size(); r++) {
    if (!rows[r].done) running.push_back(static_cast<int>(r));
  }
  const auto n_running = static_cast<int>(running.size());
  int spare = most_outputs_ - n_running;
  for (const int r : running) {
    if (rows[r].shown) spare -= guess_ahead(rows[r], n_running, spare);
  }
  const bool ragged = decoder_.evaluator->is_ragged();
  const int length = ragged ? 0 : step_length(rows, running);

  Batch& batch = decoder_.batch;
  batch.clear();
  std::vector<int> first(rows.size(), 0), n_of(rows.size(), 0);
  int next = running.front();
  for (const int r : running) {
    for (; !ragged && next < r && r - next <= kLongestGap; next++) {
      for (int t = 0; t < length; t++) batch.add(0, rows[next].position + t, next, false);
      first[next] = -1;
    }
    next = r + 1;
    const DrawnRow& row = rows[r];
    const int n = ragged ? tokens_ahead(row) : std::min(tokens_ahead(row), length);
    const auto n_pending = static_cast<int>(row.pending.size());
    first[r] = batch.size();
    n_of[r] = n;
    for (int t = 0; t < n; t++) {
      const bool output = t < n_pending ? t + 1 == n_pending && !grammar_.at_end(row.progress)
                                        : row.drafts[t - n_pending].before_draw;
      const ColumnToken token = t < n_pending ? row.pending[t] : row.drafts[t - n_pending].token;
      batch.add(token, row.position + t, r, output);
    }
    for (int t = n; t < length; t++) batch.add(0, row.position + t, r, false);
  }
  decoder_.decode();

  for (size_t r = 0; r < rows.size(); r++) {
    if (first[r] < 0) decoder_.evaluator->remove(static_cast<int>(r), rows[r].position);
  }
  for (const int r : running)
    go_on(rows[r], r, first[r], n_of[r], std::max(n_of[r], length), drawer);
}

/**
 * Sets the drafts of a row: as many as are more likely to spare a step than to be evaluated in
 * vain. A step spared is worth its cost beside its tokens; a token in vain costs all running rows
 * one, for each of them has drafts. Returns how many outputs they ask for.
 */
int LockStep::guess_ahead(DrawnRow& row, int n_running, int most_outputs) const {
  row.drafts.clear();
  const size_t longest = jump_forward_ ? kMaxJump : 1;
  if (row.pending.size() > longest) return 0;
  Drafts::Limits limits;
  limits.least_share = n_running / (n_running + decoder_.evaluator->batch_cost());
  limits.most_tokens = kMaxJump - row.pending.size();
  limits.most_draws = most_outputs;
  row.drafts = drafts_.ahead(row.progress, *row.shown, limits);
  return static_cast<int>(std::count_if(row.drafts.begin(), row.drafts.end(),
                                        [](const Draft& draft) { return draft.before_draw; }));
}

/** Of a row's tokens, those that a step takes at most. */
int LockStep::tokens_ahead(const DrawnRow& row) const {
  const auto n_pending = static_cast<int>(row.pending.size());
  if (!jump_forward_ && n_pending > 1) return 1;
  return std::min(n_pending + static_cast<int>(row.drafts.size()), kMaxJump);
}

/** Tokens of each row in the next step, from a small menu so that graphs can be used again. */
int LockStep::step_length(const std::vector<DrawnRow>& rows,
                          const std::vector<int>& running) const {
  int length = 1;
  for (int candidate = 2; candidate <= kMaxJump; candidate *= 2) {
    int used = 0;
    for (const int r : running) used += std::min(tokens_ahead(rows[r]), candidate);
    if (used >= kLeastUse * candidate * running.size()) length = candidate;
  }
  return length;
}

/**
 * Draws behind the n tokens of row r that were evaluated from index `first` of the batch on, and
 * behind those of its drafts that are what was drawn. The cache holds n_evaluated more of it.
 */
void LockStep::go_on(DrawnRow& row, int r, int first, int n, int n_evaluated, RowDrawer& drawer) {
  const int end = row.position + n_evaluated;
  const int n_taken = std::min(n, static_cast<int>(row.pending.size()));
  const int n_drafts = n - n_taken;
  row.position += n_taken;
  row.pending.erase(row.pending.begin(), row.pending.begin() + n_taken);
  row.done = row.pending.empty() && grammar_.at_end(row.progress);
  int at = first + n_taken - 1, d = 0;
  while (row.pending.empty() && !row.done) {
    drawer.draw(row, decoder_.evaluator->logits(at));
    int kept = 0;
    while (kept < static_cast<int>(row.pending.size()) && d + kept < n_drafts &&
           row.pending[kept] == row.drafts[d + kept].token)
      kept++;
    row.pending.erase(row.pending.begin(), row.pending.begin() + kept);
    row.position += kept;
    at += kept;
    d += kept;
    if (row.pending.empty() && grammar_.at_end(row.progress)) row.done = true;
  }
  if (row.position < end) decoder_.evaluator->remove(r, row.position);
}

}  // namespace harmonic
