#include "engine/gguf-file.h"

#include <gguf.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "engine/error.h"
#include "engine/runtime.h"

namespace harmonic {
namespace {

void check_magic(const std::string& path, const std::string& role) {
  std::error_code status;
  if (std::filesystem::exists(path, status) && !std::filesystem::is_regular_file(path, status)) {
    throw Error("E_MODEL", "expected the " + role + " " + path + " to be a regular file",
                "give the path of a GGUF file");
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    throw Error("E_MODEL", "cannot read the " + role + " " + path + ": " + std::strerror(errno),
                "check the path");
  }
  char magic[4] = {};
  file.read(magic, sizeof(magic));
  if (file.gcount() != sizeof(magic) || std::memcmp(magic, "GGUF", sizeof(magic)) != 0) {
    throw Error("E_MODEL", "expected the " + role + " " + path + " to be a GGUF file but it is not",
                "give a model in llama.cpp's GGUF format");
  }
}

/** Reads entry i of an array of `type`; false where that is no integer type. */
bool read_integer(gguf_type type, const void* data, size_t i, int64_t* value) {
  const char* bytes = static_cast<const char*>(data);
  const auto read = [&](auto sample) {
    std::memcpy(&sample, bytes + i * sizeof(sample), sizeof(sample));
    *value = static_cast<int64_t>(sample);
    return true;
  };
  switch (type) {
    case GGUF_TYPE_UINT8:
      return read(uint8_t{});
    case GGUF_TYPE_INT8:
      return read(int8_t{});
    case GGUF_TYPE_UINT16:
      return read(uint16_t{});
    case GGUF_TYPE_INT16:
      return read(int16_t{});
    case GGUF_TYPE_UINT32:
      return read(uint32_t{});
    case GGUF_TYPE_INT32:
      return read(int32_t{});
    case GGUF_TYPE_UINT64:
      return read(uint64_t{});
    case GGUF_TYPE_INT64:
      return read(int64_t{});
    default:
      return false;
  }
}

/** The entries of an array of `type`; none where the key is absent or of another type. */
template <class T>
std::vector<T> read_array(const gguf_context* context, const std::string& key, gguf_type type) {
  const int64_t id = gguf_find_key(context, key.c_str());
  if (id < 0 || gguf_get_kv_type(context, id) != GGUF_TYPE_ARRAY ||
      gguf_get_arr_type(context, id) != type) {
    return {};
  }
  const auto* values = static_cast<const T*>(gguf_get_arr_data(context, id));
  return std::vector<T>(values, values + gguf_get_arr_n(context, id));
}

}  // namespace

GgufFile::GgufFile(const std::string& path, const std::string& role) : path_(path) {
  check_magic(path, role);
  const std::string again = "fetch or make the file again";
  const uint64_t file_size = std::filesystem::file_size(path);
  take_log();
  context_.reset(gguf_init_from_file(path.c_str(), {/* no_alloc */ true, /* ctx */ nullptr}),
                 [](gguf_context* context) {
                   if (context != nullptr) gguf_free(context);
                 });
  if (context_ == nullptr) {
    throw Error("E_MODEL",
                "the " + role + " " + path + " is truncated or corrupt: its header cannot be read",
                again);
  }
  for (int64_t i = 0; i < gguf_get_n_tensors(context_.get()); i++) {
    GgufTensor tensor;
    tensor.name = gguf_get_tensor_name(context_.get(), i);
    std::copy_n(gguf_get_tensor_ne(context_.get(), i), 4, tensor.shape.begin());
    tensor.type = gguf_get_tensor_type(context_.get(), i);
    tensor.size = gguf_get_tensor_size(context_.get(), i);
    tensor.offset =
        gguf_get_data_offset(context_.get()) + gguf_get_tensor_offset(context_.get(), i);
    if (tensor.offset > file_size || tensor.size > file_size - tensor.offset) {
      throw Error("E_MODEL",
                  "the " + role + " " + path + " is truncated: tensor " + tensor.name +
                      " ends at byte " + std::to_string(tensor.offset + tensor.size) +
                      " but the file has " + std::to_string(file_size),
                  again);
    }
    index_[tensor.name] = tensors_.size();
    tensors_.push_back(std::move(tensor));
  }
}

std::string GgufFile::text(const std::string& key, const std::string& fallback) const {
  const int64_t id = gguf_find_key(context_.get(), key.c_str());
  if (id < 0 || gguf_get_kv_type(context_.get(), id) != GGUF_TYPE_STRING) return fallback;
  return gguf_get_val_str(context_.get(), id);
}

int64_t GgufFile::integer(const std::string& key, int64_t fallback) const {
  const int64_t id = gguf_find_key(context_.get(), key.c_str());
  if (id < 0) return fallback;
  int64_t value = fallback;
  const gguf_type type = gguf_get_kv_type(context_.get(), id);
  if (type == GGUF_TYPE_STRING) return fallback;
  if (type != GGUF_TYPE_ARRAY) {
    read_integer(type, gguf_get_val_data(context_.get(), id), 0, &value);
    return value;
  }
  const gguf_type element = gguf_get_arr_type(context_.get(), id);
  int64_t largest = fallback;
  for (size_t i = 0; element != GGUF_TYPE_STRING && i < gguf_get_arr_n(context_.get(), id); i++) {
    if (read_integer(element, gguf_get_arr_data(context_.get(), id), i, &value))
      largest = std::max(largest, value);
  }
  return largest;
}

float GgufFile::real(const std::string& key, float fallback) const {
  const int64_t id = gguf_find_key(context_.get(), key.c_str());
  if (id < 0 || gguf_get_kv_type(context_.get(), id) != GGUF_TYPE_FLOAT32) return fallback;
  return gguf_get_val_f32(context_.get(), id);
}

std::vector<float> GgufFile::reals(const std::string& key) const {
  return read_array<float>(context_.get(), key, GGUF_TYPE_FLOAT32);
}

std::vector<int32_t> GgufFile::integers(const std::string& key) const {
  return read_array<int32_t>(context_.get(), key, GGUF_TYPE_INT32);
}

bool GgufFile::has(const std::string& key) const {
  return gguf_find_key(context_.get(), key.c_str()) >= 0;
}

int64_t GgufFile::architecture_integer(const std::string& suffix, int64_t fallback) const {
  return integer(architecture() + "." + suffix, fallback);
}

const GgufTensor* GgufFile::find(const std::string& name) const {
  const auto found = index_.find(name);
  return found == index_.end() ? nullptr : &tensors_[found->second];
}

std::vector<char> GgufFile::read_at(const GgufTensor& tensor, size_t offset, size_t size) const {
  std::vector<char> bytes(size);
  std::ifstream file(path_, std::ios::binary);
  file.seekg(static_cast<std::streamoff>(tensor.offset + offset));
  if (!file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()))) {
    throw Error("E_MODEL", "cannot read tensor " + tensor.name + " of " + path_,
                "check the file and the disk");
  }
  return bytes;
}

std::vector<float> GgufFile::to_floats(const GgufTensor& tensor, const std::vector<char>& bytes,
                                       int64_t n) const {
  std::vector<float> values(n);
  if (tensor.type == GGML_TYPE_F32) {
    std::memcpy(values.data(), bytes.data(), bytes.size());
    return values;
  }
  const auto to_float = ggml_get_type_traits(tensor.type)->to_float;
  if (to_float == nullptr) {
    throw Error("E_MODEL", "cannot convert tensor " + tensor.name + " of type " +
                               ggml_type_name(tensor.type) + " in " + path_);
  }
  to_float(bytes.data(), values.data(), n);
  return values;
}

std::vector<char> GgufFile::read_bytes(const GgufTensor& tensor) const {
  return read_at(tensor, 0, tensor.size);
}

std::vector<float> GgufFile::read(const GgufTensor& tensor) const {
  return to_floats(tensor, read_bytes(tensor), tensor.n_elements());
}

std::vector<float> GgufFile::read_rows(const GgufTensor& tensor, int64_t first, int64_t n) const {
  const size_t row = ggml_row_size(tensor.type, tensor.shape[0]);
  return to_floats(tensor, read_at(tensor, first * row, n * row), n * tensor.shape[0]);
}

}  // namespace harmonic
