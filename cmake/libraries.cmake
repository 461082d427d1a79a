# The libraries of the system that the engine links: Faiss (neighbours), XGBoost, LIBLINEAR and LIBSVM
# (learners), OpenBLAS and oneDNN (training).
# Debian: libfaiss-dev libxgboost-dev liblinear-dev libsvm-dev libopenblas-dev libdnnl-dev. Sets HARMONIC_LIBRARIES.

# Faiss's exported target names OpenMP::OpenMP_CXX without looking for it.
find_package(OpenMP REQUIRED)
if(HARMONIC_FAISS_GPU)
  # Nor does a Faiss with a GPU part look for CUDA.
  find_package(CUDAToolkit)
endif()
if(HARMONIC_FAISS_DIR)
  find_package(faiss CONFIG REQUIRED PATHS "${HARMONIC_FAISS_DIR}" NO_DEFAULT_PATH)
else()
  find_package(faiss CONFIG REQUIRED)
endif()
set(HARMONIC_FAISS_GPU_FOUND OFF)
if(HARMONIC_FAISS_GPU)
  find_path(FAISS_GPU_INCLUDE_DIR faiss/gpu/StandardGpuResources.h HINTS "${HARMONIC_FAISS_DIR}/include")
  if(CUDAToolkit_FOUND AND FAISS_GPU_INCLUDE_DIR)
    set(HARMONIC_FAISS_GPU_FOUND ON)
  else()
    message(WARNING "HARMONIC_FAISS_GPU: the Faiss that was found has no GPU part, or there is no CUDA toolkit: "
                    "neighbours are searched on the CPU")
  endif()
endif()

# Not find_package: Debian's config of XGBoost names a program that its package leaves out, and so always fails.
find_path(XGBOOST_INCLUDE_DIR xgboost/c_api.h REQUIRED)
find_library(XGBOOST_LIBRARY xgboost REQUIRED)
find_path(LIBLINEAR_INCLUDE_DIR NAMES linear.h PATH_SUFFIXES liblinear REQUIRED)
find_library(LIBLINEAR_LIBRARY NAMES linear liblinear REQUIRED)
find_path(LIBSVM_INCLUDE_DIR NAMES svm.h PATH_SUFFIXES libsvm REQUIRED)
find_library(LIBSVM_LIBRARY NAMES svm libsvm REQUIRED)

add_library(harmonic_learners INTERFACE)
target_include_directories(harmonic_learners SYSTEM INTERFACE "${XGBOOST_INCLUDE_DIR}" "${LIBLINEAR_INCLUDE_DIR}"
                           "${LIBSVM_INCLUDE_DIR}")
target_link_libraries(harmonic_learners INTERFACE "${XGBOOST_LIBRARY}" "${LIBLINEAR_LIBRARY}" "${LIBSVM_LIBRARY}")

# The trainer's small products and Faiss's distances.
find_path(OPENBLAS_INCLUDE_DIR cblas.h PATH_SUFFIXES openblas-pthread openblas REQUIRED)
find_library(OPENBLAS_LIBRARY openblas REQUIRED)
add_library(harmonic_blas INTERFACE)
target_include_directories(harmonic_blas SYSTEM INTERFACE "${OPENBLAS_INCLUDE_DIR}")
target_link_libraries(harmonic_blas INTERFACE "${OPENBLAS_LIBRARY}")

# The trainer's large products, in 8-bit integers.
find_package(dnnl CONFIG REQUIRED)

set(HARMONIC_LIBRARIES faiss harmonic_learners harmonic_blas DNNL::dnnl OpenMP::OpenMP_CXX)
