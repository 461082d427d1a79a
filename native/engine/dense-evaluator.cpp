#include "engine/dense-evaluator.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <string>
#include <thread>
#include <tuple>

#include "engine/error.h"
#include "engine/lane-ops.h"

namespace harmonic {
namespace {

/** Tokens take the lanes of their sequences while that needs at most so many times the tiles. */
constexpr int kMostSpread = 2;
/** Results are shared while that spares so many of the tokens. */
constexpr double kLeastShared = 0.2;

int whole_units(int n_lanes) { return (n_lanes + kLaneUnit - 1) / kLaneUnit * kLaneUnit; }

}  // namespace

/** What a thread works in. */
struct DenseEvaluator::Scratch {
  Scratch(const Hyperparameters& hp, int capacity, size_t n_logits)
      : x(lanes(hp.n_embd)),
        normed(lanes(hp.n_embd)),
        q(lanes(hp.q_dim())),
        k(lanes(hp.kv_dim())),
        v(lanes(hp.kv_dim())),
        attended(lanes(hp.q_dim())),
        gate_up(lanes(2 * hp.n_ff)),
        hidden(lanes(hp.n_ff)),
        scores(lanes(capacity)),
        cosine(lanes(hp.head_dim / 2)),
        sine(lanes(hp.head_dim / 2)),
        keys(static_cast<size_t>(capacity) * hp.head_dim),
        values(static_cast<size_t>(capacity) * hp.head_dim),
        logits(lanes(n_logits)),
        pairs(static_cast<size_t>(std::max({hp.n_embd, hp.q_dim(), hp.n_ff}) + 1) / 2 * kLanes) {}

  static AlignedFloats lanes(size_t width) { return AlignedFloats(width * kLanes); }

  AlignedFloats x, normed, q, k, v, attended, gate_up, hidden, scores, cosine, sine;
  AlignedFloats keys, values;  // of one head and sequence
  AlignedFloats logits;
  AlignedArray<HalfPair> pairs;
};

DenseEvaluator::DenseEvaluator(std::shared_ptr<const LaneModel> model,
                               const EvaluatorOptions& options)
    : model_(std::move(model)),
      halves_(half_products_pay() && options.half_products),
      aborted_(options.aborted),
      cache_(model_->hp, options.n_sequences, options.n_context),
      rotary_(model_->hp, model_->rope_factors),
      held_(options.n_sequences, 0),
      rounds_(cache_.n_blocks()),
      counts_(options.n_sequences) {
  rotary_.reserve(options.n_context);
  vocabularies_ = options.column_vocabularies;
  if (vocabularies_.empty()) vocabularies_.push_back(options.vocabulary);
  const bool by_column = !options.column_vocabularies.empty();
  if (by_column)
    expect_columns(model_->n_columns(), static_cast<int64_t>(vocabularies_.size()) - 1);
  for (const std::vector<int32_t>& ids : vocabularies_) {
    // Behind a column without a choice nothing is asked for.
    heads_.push_back(ids.empty() && by_column ? LaneMatrix() : model_->head(ids));
    n_logits_ = std::max<size_t>(n_logits_, heads_.back().n_out());
  }
  for (int t = 0; t < std::max(1, options.threads); t++)
    scratches_.push_back(std::make_unique<Scratch>(model_->hp, options.n_context, n_logits_));
}

DenseEvaluator::~DenseEvaluator() = default;

void DenseEvaluator::clear() {
  cache_.clear();
  std::fill(held_.begin(), held_.end(), 0);
  sharing_ = true;
}

void DenseEvaluator::remove(int sequence, int from) {
  if (from >= cache_.length(sequence)) return;
  cache_.set_length(sequence, std::max(from, 0));
  held_[sequence] = from <= 0 ? 0 : ++last_held_;
}

void DenseEvaluator::copy(int from, int to) { copy_to_all(from, {to}); }

void DenseEvaluator::copy_to_all(int from, const std::vector<int>& to) {
  cache_.copy(from, to);
  for (const int sequence : to) held_[sequence] = held_[from];
}

/**
 * Finds tokens that go on what others of the batch go on: rows begin alike, and behind the same
 * first values they have the same keys, values and logits. Only of batches of one token a row, and
 * until rows have little in common.
 */
void DenseEvaluator::share_tokens(const Batch& batch) {
  const int n = batch.size();
  bool shares = sharing_ && n > 1;
  for (int i = 1; shares && i < n; i++) shares = batch.sequence(i) > batch.sequence(i - 1);
  same_as_.resize(n);
  evaluated_.clear();
  std::map<std::tuple<int64_t, ColumnToken, bool>, int> first;
  for (int i = 0; i < n; i++) {
    int64_t& held = held_[batch.sequence(i)];
    same_as_[i] = i;
    if (shares) {
      const ColumnToken token = {batch.token(i), batch.column(i)};
      same_as_[i] = first.try_emplace({held, token, batch.output(i)}, i).first->second;
    }
    if (same_as_[i] == i) {
      held = ++last_held_;
      evaluated_.push_back(i);
    } else {
      held = held_[batch.sequence(same_as_[i])];
    }
  }
  if (shares) sharing_ = static_cast<double>(evaluated_.size()) < (1 - kLeastShared) * n;
}

size_t DenseEvaluator::head_of(int32_t column) const {
  const size_t last = heads_.size() - 1;
  return column < 0 ? last : std::min<size_t>(column, last);
}

int DenseEvaluator::place(int32_t token, int32_t column) const {
  const std::vector<int32_t>& ids = vocabularies_[head_of(column)];
  if (ids.empty()) return token;
  return static_cast<int>(std::lower_bound(ids.begin(), ids.end(), token) - ids.begin());
}

/** Gives each token of a batch a lane: that of its sequence, or where few are in use any. */
void DenseEvaluator::place_tokens(const Batch& batch) {
  const auto n = static_cast<int>(evaluated_.size());
  std::fill(counts_.begin(), counts_.end(), 0);
  std::fill(rounds_.begin(), rounds_.end(), 0);
  for (const int i : evaluated_) {
    const int sequence = batch.sequence(i);
    int& rounds = rounds_[sequence / kLanes];
    rounds = std::max(rounds, ++counts_[sequence]);
  }
  const int n_blocked = std::accumulate(rounds_.begin(), rounds_.end(), 0);
  const int n_packed = (n + kLanes - 1) / kLanes;
  blocked_ = n_blocked <= kMostSpread * n_packed;
  tiles_.resize(blocked_ ? n_blocked : n_packed);
  for (Tile& tile : tiles_) {
    tile.block = -1;
    tile.n_lanes = 0;
    std::fill_n(tile.tokens, kLanes, -1);
  }
  // Of a block's tiles the first; then of a sequence's tokens the next one's tile in it.
  int first = 0;
  for (int& rounds : rounds_) {
    const int begin = first;
    first += rounds;
    rounds = begin;
  }
  std::fill(counts_.begin(), counts_.end(), 0);
  for (int k = 0; k < n; k++) {
    const int i = evaluated_[k], sequence = batch.sequence(i), block = sequence / kLanes;
    const int lane = blocked_ ? sequence % kLanes : k % kLanes;
    Tile& tile = tiles_[blocked_ ? rounds_[block] + counts_[sequence]++ : k / kLanes];
    if (blocked_) tile.block = block;
    tile.tokens[lane] = i;
    tile.n_lanes = std::max(tile.n_lanes, whole_units(lane + 1));
  }
  for (Tile& tile : tiles_) {
    tile.position = tile.block < 0 || tile.tokens[0] < 0 ? -1 : batch.position(tile.tokens[0]);
    for (int l = 0; tile.position >= 0 && l < tile.n_lanes; l++) {
      const int i = tile.tokens[l];
      if (i < 0 || batch.position(i) != tile.position) tile.position = -1;
    }
  }
}

void DenseEvaluator::evaluate(Batch& batch) {
  const int n = batch.size();
  for (int i = 0; i < n; i++) {
    const int sequence = batch.sequence(i), position = batch.position(i);
    if (position != cache_.length(sequence) || position >= cache_.capacity()) {
      throw Error("E_NATIVE", "sequence " + std::to_string(sequence) + " has no position " +
                                  std::to_string(position));
    }
    cache_.set_length(sequence, position + 1);
  }
  share_tokens(batch);
  row_of_.resize(n);
  size_t n_outputs = 0;
  for (int i = 0; i < n; i++) {
    const bool own = same_as_[i] == i;
    row_of_[i] = own ? n_outputs : row_of_[same_as_[i]];
    if (own && batch.output(i)) n_outputs++;
  }
  if (logits_.size() < n_outputs * n_logits_) logits_.resize(n_outputs * n_logits_);
  place_tokens(batch);

  // Blocks of sequences have nothing to do with each other; other tiles may go on each other's.
  const auto n_tiles = static_cast<int>(tiles_.size());
  const int n_parts = blocked_ ? static_cast<int>(scratches_.size()) : 1;
  const auto begin_of = [&](int part) {
    int tile = part * n_tiles / n_parts;
    while (tile > 0 && tile < n_tiles && tiles_[tile].block == tiles_[tile - 1].block) tile++;
    return part == 0 ? 0 : tile;
  };
  const auto work = [&](int part) {
    for (int t = begin_of(part); t < begin_of(part + 1) && !aborted_(); t++)
      evaluate_tile(batch, tiles_[t], *scratches_[part]);
  };
  std::vector<std::thread> workers;
  for (int part = 1; part < n_parts; part++) {
    if (begin_of(part) < begin_of(part + 1)) workers.emplace_back(work, part);
  }
  work(0);
  for (std::thread& worker : workers) worker.join();
  if (aborted_()) throw Error("E_ABORTED", "sampling was interrupted");
  copies_.clear();
  for (int i = 0; i < n; i++) {
    if (same_as_[i] != i)
      copies_.push_back({batch.sequence(same_as_[i]), batch.sequence(i), batch.position(i)});
  }
  cache_.copy_positions(copies_);
}

void DenseEvaluator::evaluate_tile(const Batch& batch, const Tile& tile, Scratch& s) {
  const Hyperparameters& hp = model_->hp;
  const int n = tile.n_lanes, half = hp.head_dim / 2;
  bool predicts = false;
  for (int l = 0; l < n; l++) {
    const int i = tile.tokens[l];
    if (i < 0) continue;
    predicts = predicts || batch.output(i);
    model_->embed(batch.token(i), batch.column(i), l, s.x.data());
    const float *cosine = rotary_.cosine(batch.position(i)),
                *sine = rotary_.sine(batch.position(i));
    for (int p = 0; p < half; p++) {
      s.cosine.data()[p * kLanes + l] = cosine[p];
      s.sine.data()[p * kLanes + l] = sine[p];
    }
  }
  for (int layer = 0; layer < hp.n_layers; layer++) {
    const LaneLayer& w = model_->layers[layer];
    norm_lanes(s.x.data(), w.attention_norm.data(), hp.norm_epsilon, hp.n_embd, n, s.normed.data());
    project(tile, batch, layer, s);
    if (!predicts && layer + 1 == hp.n_layers) return;
    attend(tile, batch, layer, s);
    w.output.multiply(input_of(s.attended, hp.q_dim(), n, s), n, true, s.x.data());
    norm_lanes(s.x.data(), w.ffn_norm.data(), hp.norm_epsilon, hp.n_embd, n, s.normed.data());
    w.gate_up.multiply(input_of(s.normed, hp.n_embd, n, s), n, false, s.gate_up.data());
    swiglu_lanes(s.gate_up.data(), hp.n_ff, n, s.hidden.data());
    w.down.multiply(input_of(s.hidden, hp.n_ff, n, s), n, true, s.x.data());
  }
  predict(tile, batch, s);
}

/** Activations as the products of a block read them, until the next ones are asked for. */
LaneInput DenseEvaluator::input_of(const AlignedFloats& x, int width, int n_lanes,
                                   Scratch& s) const {
  if (!halves_) return {x.data()};
  pair_lanes(x.data(), width, n_lanes, s.pairs.data());
  return {x.data(), s.pairs.data()};
}

/** Rotates the heads of queries or keys, normed before where the model does so. */
void DenseEvaluator::prepare_heads(const std::vector<float>& gain, int n_heads, int n_lanes,
                                   const Scratch& s, float* x) const {
  const Hyperparameters& hp = model_->hp;
  for (int h = 0; h < n_heads; h++, x += static_cast<size_t>(hp.head_dim) * kLanes) {
    if (!gain.empty()) norm_lanes(x, gain.data(), hp.norm_epsilon, hp.head_dim, n_lanes, x);
    rotate_lanes(s.cosine.data(), s.sine.data(), hp.head_dim, hp.rope_neox, n_lanes, x);
  }
}

/** Queries, and the keys and values of a tile's tokens, which go into the cache. */
void DenseEvaluator::project(const Tile& tile, const Batch& batch, int layer, Scratch& s) {
  const Hyperparameters& hp = model_->hp;
  const LaneLayer& w = model_->layers[layer];
  const int n = tile.n_lanes, width = hp.kv_dim();
  float *keys = s.k.data(), *values = s.v.data();
  if (tile.position >= 0) {
    keys = cache_.keys(layer, tile.block) + tile.position * cache_.stride();
    values = cache_.values(layer, tile.block) + tile.position * cache_.stride();
  }
  const LaneInput normed = input_of(s.normed, hp.n_embd, n, s);
  w.q.multiply(normed, n, false, s.q.data());
  w.k.multiply(normed, n, false, keys);
  w.v.multiply(normed, n, false, values);
  if (!w.q_bias.empty()) {
    add_to_lanes(w.q_bias.data(), hp.q_dim(), n, s.q.data());
    add_to_lanes(w.k_bias.data(), width, n, keys);
    add_to_lanes(w.v_bias.data(), width, n, values);
  }
  prepare_heads(w.q_norm, hp.n_heads, n, s, s.q.data());
  prepare_heads(w.k_norm, hp.n_heads_kv, n, s, keys);
  if (tile.position >= 0) return;
  for (int l = 0; l < n; l++) {
    if (tile.tokens[l] < 0) continue;
    const int sequence = batch.sequence(tile.tokens[l]);
    const size_t at = batch.position(tile.tokens[l]) * cache_.stride() + sequence % kLanes;
    float* key = cache_.keys(layer, sequence / kLanes) + at;
    float* value = cache_.values(layer, sequence / kLanes) + at;
    for (int i = 0; i < width * kLanes; i += kLanes) {
      key[i] = keys[i + l];
      value[i] = values[i + l];
    }
  }
}

void DenseEvaluator::attend(const Tile& tile, const Batch& batch, int layer, Scratch& s) {
  const Hyperparameters& hp = model_->hp;
  const int per_kv = hp.n_heads / hp.n_heads_kv;
  const size_t head_size = static_cast<size_t>(hp.head_dim) * kLanes;
  int seen[kLanes], most = 1;
  for (int l = 0; l < tile.n_lanes; l++) {
    seen[l] = tile.tokens[l] < 0 ? 1 : batch.position(tile.tokens[l]) + 1;
    most = std::max(most, seen[l]);
  }
  for (int h = 0; h < hp.n_heads; h++) {
    const float* q = s.q.data() + h * head_size;
    float* out = s.attended.data() + h * head_size;
    const size_t at = h / per_kv * head_size;
    if (tile.block >= 0) {
      attend_lanes(q, cache_.keys(layer, tile.block) + at, cache_.values(layer, tile.block) + at,
                   cache_.stride(), seen, most, hp.head_dim, tile.n_lanes, s.scores.data(), out);
      continue;
    }
    // Tokens of a sequence lie one behind another, the last of them sees the most.
    const auto sequence_of = [&](int lane) {
      return lane < tile.n_lanes && tile.tokens[lane] >= 0 ? batch.sequence(tile.tokens[lane]) : -1;
    };
    for (int l = 0; sequence_of(l) >= 0;) {
      const int sequence = sequence_of(l), block = sequence / kLanes;
      int end = l + 1;
      while (sequence_of(end) == sequence) end++;
      const int n = seen[end - 1];
      gather_lane(cache_.keys(layer, block) + at, cache_.values(layer, block) + at, cache_.stride(),
                  n, hp.head_dim, sequence % kLanes, s.keys.data(), s.values.data());
      for (; l < end; l++) {
        attend_gathered(q, s.keys.data(), s.values.data(), seen[l], n, hp.head_dim, l,
                        s.scores.data(), out);
      }
    }
  }
}

/** The logits of the tokens whose output is asked for, by the head of each one's column. */
void DenseEvaluator::predict(const Tile& tile, const Batch& batch, Scratch& s) {
  const Hyperparameters& hp = model_->hp;
  size_t wanted[kLanes];  // head of each lane
  const size_t none = heads_.size();
  for (int l = 0; l < tile.n_lanes; l++) {
    const int i = tile.tokens[l];
    wanted[l] = i >= 0 && batch.output(i) ? head_of(batch.column(i)) : none;
  }
  norm_lanes(s.x.data(), model_->output_norm.data(), hp.norm_epsilon, hp.n_embd, tile.n_lanes,
             s.normed.data());
  for (int first = 0; first < tile.n_lanes; first++) {
    const size_t head = wanted[first];
    if (head == none) continue;
    heads_[head].multiply({s.normed.data()}, tile.n_lanes, false, s.logits.data());
    const int n = heads_[head].n_out();
    for (int l = first; l < tile.n_lanes; l++) {
      if (wanted[l] != head) continue;
      wanted[l] = none;
      float* row = logits_.data() + row_of_[tile.tokens[l]] * n_logits_;
      const float* from = s.logits.data() + l;
      for (int i = 0; i < n; i++) row[i] = from[static_cast<size_t>(i) * kLanes];
    }
  }
}

}  // namespace harmonic
