# Faiss (neighbours): the system's (Debian: libfaiss-dev), another build (HARMONIC_FAISS_DIR), or with HARMONIC_FAISS=source
# built here from the source of release 1.12 that the crate faiss-sys carries. With HARMONIC_FAISS_GPU a search runs on a GPU:
# the Faiss that was found must have its GPU part then; of the source what an exact search takes of it is built.
# Needs OPENBLAS_LIBRARY. Sets HARMONIC_FAISS_LIBRARIES and HARMONIC_FAISS_GPU_FOUND.
set(HARMONIC_FAISS "$ENV{HARMONIC_FAISS}" CACHE STRING "source: build Faiss from the source of its release 1.12")
set(HARMONIC_FAISS_DIR "" CACHE PATH "Folder of another Faiss build (its install prefix or its CMake config)")
set(HARMONIC_FAISS_SOURCE_DIR "${CMAKE_SOURCE_DIR}/third_party/faiss" CACHE PATH "Faiss's source, fetched where it is missing")
option(HARMONIC_FAISS_GPU "Search neighbours on a GPU" OFF)

set(HARMONIC_FAISS_GPU_FOUND OFF)
if(HARMONIC_FAISS_GPU)
  # A Faiss with a GPU part does not look for CUDA itself.
  harmonic_find_cuda()
endif()

# What GpuIndexFlat needs: of the whole GPU part most is inverted files and quantisers, which take an hour to compile.
set(FAISS_GPU_FLAT_SOURCES
  GpuIndex.cu
  GpuIndexFlat.cu
  GpuResources.cpp
  StandardGpuResources.cpp
  impl/BroadcastSum.cu
  impl/Distance.cu
  impl/FlatIndex.cu
  impl/IndexUtils.cu
  impl/L2Norm.cu
  impl/L2Select.cu
  impl/VectorResidual.cu
  utils/BlockSelectFloat.cu
  utils/DeviceUtils.cu
  utils/StackDeviceMemory.cpp
  utils/Timer.cpp
  utils/blockselect/BlockSelectFloat1.cu
  utils/blockselect/BlockSelectFloat32.cu
  utils/blockselect/BlockSelectFloat64.cu
  utils/blockselect/BlockSelectFloat128.cu
  utils/blockselect/BlockSelectFloat256.cu
  utils/blockselect/BlockSelectFloatF512.cu
  utils/blockselect/BlockSelectFloatF1024.cu
  utils/blockselect/BlockSelectFloatF2048.cu
  utils/blockselect/BlockSelectFloatT512.cu
  utils/blockselect/BlockSelectFloatT1024.cu
  utils/blockselect/BlockSelectFloatT2048.cu
)

# In a function, so that Faiss's settings are its own.
function(build_faiss)
  set(CMAKE_POLICY_DEFAULT_CMP0077 NEW) # its options take what is set here
  set(CMAKE_POLICY_DEFAULT_CMP0126 NEW)
  set(BUILD_SHARED_LIBS OFF)
  foreach(part GPU PYTHON C_API EXTRAS MKL)
    set(FAISS_ENABLE_${part} OFF)
  endforeach()
  set(BUILD_TESTING OFF)
  # That of the engine, which is wider than its search for one would find.
  set(BLAS_LIBRARIES "${OPENBLAS_LIBRARY}")
  set(LAPACK_LIBRARIES "${OPENBLAS_LIBRARY}")
  add_subdirectory("${HARMONIC_FAISS_SOURCE_DIR}" "${CMAKE_BINARY_DIR}/faiss" EXCLUDE_FROM_ALL)
  if(NOT HARMONIC_FAISS_GPU OR NOT CUDAToolkit_FOUND)
    return()
  endif()
  list(TRANSFORM FAISS_GPU_FLAT_SOURCES PREPEND "${HARMONIC_FAISS_SOURCE_DIR}/faiss/gpu/")
  add_library(harmonic_faiss_gpu STATIC EXCLUDE_FROM_ALL ${FAISS_GPU_FLAT_SOURCES})
  set_target_properties(harmonic_faiss_gpu PROPERTIES CUDA_STANDARD 17)
  target_compile_options(harmonic_faiss_gpu PRIVATE "$<$<COMPILE_LANGUAGE:CUDA>:--expt-extended-lambda;--expt-relaxed-constexpr>")
  target_include_directories(harmonic_faiss_gpu PUBLIC "${HARMONIC_FAISS_SOURCE_DIR}")
  target_link_libraries(harmonic_faiss_gpu PUBLIC CUDA::cudart CUDA::cublas OpenMP::OpenMP_CXX)
endfunction()

if(HARMONIC_FAISS STREQUAL "source")
  if(HARMONIC_FAISS_GPU AND CUDAToolkit_FOUND)
    if(HARMONIC_CUDA_ARCHITECTURES)
      set(CMAKE_CUDA_ARCHITECTURES "${HARMONIC_CUDA_ARCHITECTURES}")
    endif()
    enable_language(CUDA) # not in a function
  endif()
  set(HARMONIC_FAISS_WORK_DIR "${CMAKE_BINARY_DIR}/faiss-source")
  include(cmake/fetch-faiss.cmake)
  build_faiss()
  # Compiled for the instructions of this machine, as our kernels are.
  set(faiss_target faiss)
  if(HARMONIC_CPU_FLAGS AND NOT HARMONIC_PORTABLE)
    if("avx512dq" IN_LIST HARMONIC_CPU_FLAGS)
      set(faiss_target faiss_avx512)
    elseif("avx2" IN_LIST HARMONIC_CPU_FLAGS)
      set(faiss_target faiss_avx2)
    endif()
  endif()
  set(HARMONIC_FAISS_LIBRARIES ${faiss_target})
  if(TARGET harmonic_faiss_gpu)
    set(HARMONIC_FAISS_LIBRARIES harmonic_faiss_gpu ${faiss_target})
    set(HARMONIC_FAISS_GPU_FOUND ON)
  endif()
elseif(HARMONIC_FAISS)
  message(FATAL_ERROR "expected source for HARMONIC_FAISS but received ${HARMONIC_FAISS}")
else()
  if(HARMONIC_FAISS_DIR)
    find_package(faiss CONFIG REQUIRED PATHS "${HARMONIC_FAISS_DIR}" NO_DEFAULT_PATH)
  else()
    find_package(faiss CONFIG REQUIRED)
  endif()
  set(HARMONIC_FAISS_LIBRARIES faiss)
  if(HARMONIC_FAISS_GPU)
    find_path(FAISS_GPU_INCLUDE_DIR faiss/gpu/StandardGpuResources.h HINTS "${HARMONIC_FAISS_DIR}/include")
    if(CUDAToolkit_FOUND AND FAISS_GPU_INCLUDE_DIR)
      set(HARMONIC_FAISS_GPU_FOUND ON)
      list(APPEND HARMONIC_FAISS_LIBRARIES CUDA::cudart)
    endif()
  endif()
endif()
if(HARMONIC_FAISS_GPU AND NOT HARMONIC_FAISS_GPU_FOUND)
  message(WARNING "HARMONIC_FAISS_GPU: there is no CUDA toolkit, or the Faiss that was found has no GPU part: neighbours are "
                  "searched on the CPU")
endif()
