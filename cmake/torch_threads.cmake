# use_torch_threads(TARGET sources...): sources of TARGET that call at::parallel_for, which runs on one thread, and says nothing of it,
# in what is compiled without OpenMP. The threads are those of LibTorch's own pool.
function(use_torch_threads target)
  set_property(SOURCE ${ARGN} APPEND PROPERTY COMPILE_OPTIONS -fopenmp)
  set_property(SOURCE ${ARGN} PROPERTY SKIP_PRECOMPILE_HEADERS ON)   # the shared ones are compiled without
  target_link_libraries(${target} PRIVATE LibTorch::openmp)
endfunction()
