# CUDA, on request alone: by default nothing here is compiled for it, and a prebuilt backend of the same release is loaded
# at run time where one is installed. HARMONIC_CUDA=source builds ggml's CUDA backend beside the addon, with the compiler
# that CUDAToolkit_ROOT or CMAKE_CUDA_COMPILER names, or that is found.
set(HARMONIC_CUDA "$ENV{HARMONIC_CUDA}" CACHE STRING "source: build ggml's CUDA backend from the pinned llama.cpp")
set(HARMONIC_CUDA_ARCHITECTURES "$ENV{HARMONIC_CUDA_ARCHITECTURES}" CACHE STRING
  "GPU architectures of that backend, e.g. 90 for an H100; empty: those that llama.cpp builds for")

# Finds CUDA's toolkit. NVIDIA's wheels hold its libraries under the names of their release alone (libcudart.so.13), which
# CMake does not look for.
set(CUDAToolkit_ROOT "$ENV{CUDAToolkit_ROOT}" CACHE PATH "Folder of CUDA's toolkit; NVIDIA's wheels make it nvidia/cu13")
macro(harmonic_find_cuda)
  if(CUDAToolkit_ROOT)
    foreach(name cudart cublas cublasLt)
      find_library(CUDA_${name}_LIBRARY NAMES ${name} lib${name}.so.13 HINTS "${CUDAToolkit_ROOT}"
        PATH_SUFFIXES lib lib64 targets/x86_64-linux/lib NO_DEFAULT_PATH)
    endforeach()
    if(CUDA_cudart_LIBRARY)
      set(CUDA_CUDART "${CUDA_cudart_LIBRARY}" CACHE FILEPATH "CUDA's runtime, as find_package calls it")
    endif()
    find_program(CMAKE_CUDA_COMPILER nvcc HINTS "${CUDAToolkit_ROOT}" PATH_SUFFIXES bin NO_DEFAULT_PATH)
  endif()
  find_package(CUDAToolkit ${ARGN})
endmacro()

# Says beside a backend which release it is of, as prebuilt ones say it.
function(harmonic_write_release folder)
  file(WRITE "${folder}/_nlcBuildMetadata.json"
    "{\"buildOptions\": {\"llamaCpp\": {\"release\": \"${HARMONIC_LLAMA_VERSION}\"}}}\n")
endfunction()

set(GGML_CUDA OFF CACHE BOOL "" FORCE)
if(HARMONIC_CUDA STREQUAL "source")
  harmonic_find_cuda(REQUIRED)
  set(GGML_CUDA ON CACHE BOOL "" FORCE)
  if(HARMONIC_CUDA_ARCHITECTURES)
    set(CMAKE_CUDA_ARCHITECTURES "${HARMONIC_CUDA_ARCHITECTURES}")
  endif()
  # Keys and values are never quantised here.
  set(GGML_CUDA_FA_QUANTS "f16-f16;bf16-bf16" CACHE STRING "")
  # Its pool of virtual memory alone calls the driver's library, which a machine without a GPU lacks.
  if(NOT TARGET CUDA::cuda_driver)
    set(GGML_CUDA_NO_VMM ON CACHE BOOL "" FORCE)
  endif()
  harmonic_write_release("${HARMONIC_OUTPUT_DIR}")
elseif(HARMONIC_CUDA)
  message(FATAL_ERROR "expected source for HARMONIC_CUDA but received ${HARMONIC_CUDA}")
endif()
