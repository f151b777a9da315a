// A module of version 7, for module_test.cpp.
extern "C" {
extern const int torchport_module_version;
const int torchport_module_version = 7;
int torchport_test_answer();
int torchport_test_answer() { return 42; }
}
