# The libraries of the system that the engine links: Faiss (neighbours), XGBoost, LIBLINEAR and LIBSVM
# (learners), OpenBLAS and oneDNN (training).
# Debian: libfaiss-dev libxgboost-dev liblinear-dev libsvm-dev libopenblas-dev libdnnl-dev. Sets HARMONIC_LIBRARIES.

# Faiss's exported target names OpenMP::OpenMP_CXX without looking for it.
find_package(OpenMP REQUIRED)

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

include(cmake/faiss.cmake)

# The trainer's large products, in 8-bit integers. Not find_package: Debian's config of oneDNN looks for OpenCL, for GPUs,
# whose headers its package does not bring, and then always fails.
find_path(DNNL_INCLUDE_DIR oneapi/dnnl/dnnl.hpp REQUIRED)
find_library(DNNL_LIBRARY dnnl REQUIRED)
add_library(harmonic_dnnl INTERFACE)
target_include_directories(harmonic_dnnl SYSTEM INTERFACE "${DNNL_INCLUDE_DIR}")
target_link_libraries(harmonic_dnnl INTERFACE "${DNNL_LIBRARY}")

set(HARMONIC_LIBRARIES ${HARMONIC_FAISS_LIBRARIES} harmonic_learners harmonic_blas harmonic_dnnl OpenMP::OpenMP_CXX)
