"""Mutations of what is installed and packaged, and of plug-ins from outside."""
from mutation import Mutation

INSTALL, PLUGINS = "cmake/install.cmake", "cmake/plugins.cmake"
TESTS = ["contract.install_test"]
CONSUMER = ["packages.consumer_test"]

MUTATIONS = [
    Mutation("libraries are looked for elsewhere", INSTALL, 'set(places "$ORIGIN/../lib")', 'set(places "$ORIGIN")', TESTS),
    Mutation("LibTorch is not carried", INSTALL, 'POST_EXCLUDE_REGEXES "^/(usr/)?lib(32|64)?/"', 'POST_EXCLUDE_REGEXES "/torch/"', TESTS),
    Mutation("OpenCV comes with everything", INSTALL, 'MATCHES "^torchport-(opencv|cuda)$"', 'MATCHES "^torchport-(cuda)$"', TESTS),
    Mutation("headers are not where the package says", INSTALL, "install(DIRECTORY ${folder} DESTINATION include/torchport", "install(DIRECTORY ${folder} DESTINATION include",
             CONSUMER),
    Mutation("a table from outside lacks the library's own", PLUGINS, '      list(APPEND all "${name}")\n', "", CONSUMER),
    Mutation("a module that is missing ends a thread", "datasets/doctor/examine.cpp", "if (fault) std::rethrow_exception(fault);", "", TESTS),
]
