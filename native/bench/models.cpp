#include <gguf.h>

#include <map>

#include "bench/arrays.h"
#include "bench/parts.h"
#include "engine/gguf-file.h"
#include "engine/model-writer.h"
#include "engine/scratch.h"

namespace harmonic::bench {
namespace {

struct Shape {
  int layers, width, heads, heads_kv, feed_forward;
};

// By name; of SmolLM2-135M its own, so that it is as fast, whatever its weights.
const std::map<std::string, Shape> kShapes = {
    {"smollm2-135m", {30, 576, 9, 3, 1536}},
    {"tiny", {2, 64, 4, 2, 160}},
};

void write_arrays(const std::string& path, const ScratchOptions& shape, const GgufFile& file) {
  ArraysWriter writer(path);
  writer.write("shape",
               std::vector<int32_t>{shape.n_layers, shape.n_embedding, shape.n_heads,
                                    shape.n_heads_kv, shape.n_feed_forward, shape.n_vocabulary});
  for (const GgufTensor& tensor : file.tensors()) writer.write(tensor.name, file.read(tensor));
  writer.close();
}

}  // namespace

void write_models(const Arguments& arguments, const Tell&) {
  const std::string name = arguments.text("shape", "smollm2-135m");
  const auto found = kShapes.find(name);
  if (found == kShapes.end()) throw Error("E_USAGE", "expected a shape that is known: not " + name);
  const Shape& shape = found->second;
  const std::string out = arguments.text("out");

  ScratchOptions options;
  options.path = out;
  options.n_vocabulary = Arrays(arguments.text("data")).integer("n_vocabulary");
  options.n_layers = arguments.integer("layers", shape.layers);
  options.n_embedding = shape.width;
  options.n_heads = shape.heads;
  options.n_heads_kv = shape.heads_kv;
  options.n_feed_forward = shape.feed_forward;
  options.n_context = 2048;
  write_scratch_model(options);

  const GgufFile file(out, "model");
  const std::string arrays = arguments.text("arrays", "");
  if (!arrays.empty()) write_arrays(arrays, options, file);
  const std::string type = arguments.text("type", "");
  if (type.empty()) return;
  std::vector<std::vector<float>> values;
  std::vector<NamedTensor> tensors;
  for (const GgufTensor& tensor : file.tensors()) {
    values.push_back(file.read(tensor));
    tensors.push_back({tensor.name, {tensor.shape[0], tensor.shape[1]}, values.back().data()});
  }
  write_model(out, file.metadata(), tensors, type);
}

}  // namespace harmonic::bench
